"""Signal handler of the command line: on SIGINT and SIGTERM it cleans up and ends the process itself.

A handler that raises can't be made safe: the exception surfaces in whatever Python code runs next. In a callback of
LLVM it is dropped and the process crashes; in an import it is swallowed and comes out as another, misleading error.
This one never returns to the code it interrupts. Programs that import copydesk keep Python's own handlers.

The module is imported before everything else, and imports next to nothing: until the handler is installed, Ctrl-C is
a traceback.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from typing import Any, NoReturn
else:
    import _signal as signal  # which the module signal wraps, with enumerations that take milliseconds to import

SIGINT, SIGTERM = int(signal.SIGINT), int(signal.SIGTERM)
_WORDS = {SIGINT: "interrupted", SIGTERM: "terminated"}

_registered: list[CleanUp] = []


class CleanUp:
    """A function that the handler calls before the process ends; registered when made, until it is closed.

    As a context manager it is registered while the block runs.

    Parameters
    ----------
    run : callable
        It returns None, or what to add to the one line that is printed, such as ``"; --resume continues"``. It runs
        on top of whatever the main thread was doing, which never goes on: it must not import, print or take a lock,
        and must cope with its own work half done.
    """

    def __init__(self, run: Callable[[], str | None]) -> None:
        self.run = run
        _registered.append(self)

    def close(self) -> None:
        """Take the function off the list again."""
        if self in _registered:
            _registered.remove(self)

    def __enter__(self) -> CleanUp:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


def install() -> None:
    """Let SIGINT and SIGTERM end this process; one that is ignored (``nohup``, background jobs) stays ignored."""
    for number in _WORDS:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, end)


def end(number: int, frame: Any = None) -> NoReturn:
    """Clean up, latest first, print one line and end the process with exit code 128 + ``number``."""
    hint = _clean_up()
    say(f"copydesk: {_WORDS[number]}{hint}")
    os._exit(128 + number)


def end_quietly(number: int, frame: Any = None) -> NoReturn:
    """Clean up and end a worker process; the command that it works for prints the line."""
    _clean_up()
    os._exit(128 + number)


def _clean_up() -> str:
    """Run what is registered, latest first; return what it adds to the line."""
    for each in _WORDS:
        signal.signal(each, signal.SIG_DFL)  # a second signal kills
    hint = ""
    for clean_up in reversed(_registered):
        try:
            hint += clean_up.run() or ""
        except Exception:
            continue  # the process ends in any case, and the others have their turn
    return hint


def say(line: str) -> None:
    """Write a line to standard error; unlike ``print``, also from within a handler that interrupted a ``print``."""
    try:
        os.write(2, f"{line}\n".encode(errors="backslashreplace"))
    except OSError:
        return  # nobody is listening


def show_cursor() -> None:
    """Show the cursor again, on the line after a progress bar, which hides it; to be registered beside the bar."""
    os.write(2, b"\x1b[?25h\n")
