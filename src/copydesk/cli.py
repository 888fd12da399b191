"""Command line of copydesk: the table of verbs, each a module of ``commands``, imported only when it runs."""

from __future__ import annotations

import atexit
import gc
import os
import sys

from copydesk.interruption import handler

TYPE_CHECKING = False  # importing typing takes longer than installing the handler, which comes first
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

COMMANDS = {
    "train": "train and judge a model: copydesk train experiment=bbc_topics KEY=VALUE …",
    "predict": "label texts with a saved topic model: text, JSONL, CSV or Parquet in, JSONL out",
    "clean": "cut the paragraphs that are not the article",
    "runs": "list the runs that were made",
    "compare": "compare runs that were judged on the same rows",
    "evaluate": "judge a saved model on new labelled data",
    "explain": "say why a text got its label, or its paragraphs went or stayed",
    "compress": "make a topic model smaller, and say what it loses: copydesk compress MODEL --to 2MB",
    "export": "write a topic model as a plain scikit-learn pipeline: --format joblib",
}
USAGE = """\
copydesk trains, judges and runs topic and boilerplate-paragraph classifiers for crawled news.

usage: copydesk COMMAND …        copydesk COMMAND --help says more

{commands}

exit codes: 0 done, 1 failed, 2 usage or configuration, 3 data (some rows rejected),
            4 model, 5 resources, 130/143 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    if arguments is None:
        handler.install()
        write_utf8()
        relax_collection()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in ("-sc", "--shell-completion"):
        return guarded(complete, words)
    if not words or words[0] in ("-h", "--help"):
        listed = "\n".join(f"  {name:<10}{line}" for name, line in COMMANDS.items())
        print(USAGE.format(commands=listed), end="")
        return 0 if words else 2
    if "--version" in (words[0], words[-1]):
        from copydesk import __version__

        print(f"copydesk {__version__}")
        return 0
    if words[0] not in COMMANDS:
        from copydesk.errors import nearest

        print(f"copydesk: no command {words[0]!r}; {nearest(words[0], COMMANDS)}", file=sys.stderr)
        return 2
    try:
        return guarded(lambda words: run_verb(words[0], words[1:]), words)
    except KeyboardInterrupt:  # from a search that Ctrl-C ended before it had found anything
        if arguments is not None:
            raise
        handler.end(handler.SIGINT)


def write_utf8() -> None:
    """Write UTF-8 to standard output and error, whatever the locale; what is no Unicode as escapes."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # closed streams are None
        if reconfigure is not None:
            try:
                reconfigure(encoding="utf-8", errors="backslashreplace")
            except OSError:
                continue  # its descriptor was replaced since Python opened it; it keeps its encoding


def relax_collection() -> None:
    """Look for unreachable objects less often, and not at all at the end: a third of what a short command takes.

    Importing makes hundreds of thousands of objects, none of which can go, and the system takes all back at once.
    """
    gc.set_threshold(100_000, 50, 100)
    atexit.register(gc.freeze)


def guarded(command: Callable[[list[str]], int], words: list[str]) -> int:
    """Run a command; turn what goes wrong into one line and an exit code."""
    from copydesk.errors import CopydeskError

    try:
        return command(words)
    except CopydeskError as error:
        print(f"copydesk: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:
        # The reader has what it wanted; nothing more can be written, not even at shutdown.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except MemoryError:
        print("copydesk: out of memory; use fewer documents, features.max_features or hashing", file=sys.stderr)
        return 5
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        print(f"copydesk: {name}{error.strerror or error}", file=sys.stderr)
        return 5


def run_verb(verb: str, words: list[str]) -> int:
    """Run ``copydesk.commands.<verb>``, which gives ``add_arguments(parser)`` and ``run(args)``."""
    run, args = parse_words(verb, words)
    return run(args)


def parse_words(verb: str, words: list[str]) -> tuple[Callable[[Any], int], Any]:
    """Return the function that runs a verb, and its options.

    Raises
    ------
    ConfigError
        An option is not valid.
    """
    from importlib import import_module

    from copydesk.commands.parser import Parser

    module = import_module(f"copydesk.commands.{verb}")
    parser = Parser(verb, COMMANDS[verb])
    module.add_arguments(parser)
    return module.run, parser.parse(words)


def process_files(verb: str, files: Sequence[str], folder: str, client: Any = None, **options: Any) -> dict[str, Any]:
    """Make a part of a folder of each file, as ``copydesk VERB FILE … -o FOLDER/`` does; return the manifest.

    Parameters
    ----------
    verb : {"predict", "clean"}
    files : sequence of str
        Files, folders, patterns.
    folder : str
    client : distributed.Client, optional
        Of a Dask cluster whose workers make the parts; by default, this process does.
    **options
        Those of the command: ``site_field="site"`` is ``--site-field site``, and ``resume=True`` is ``--resume``.

    Returns
    -------
    dict
        The content of ``FOLDER/_copydesk/manifest.json``.

    Raises
    ------
    CopydeskError
        Whatever the command would print.
    """
    import json
    from pathlib import Path

    from copydesk.shards.ledger import Ledger

    words = [*files, f"--output={folder}/", "--quiet", *(["--on=dask"] if client is not None else [])]
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        words += [flag] if value is True else [] if value is None or value is False else [f"{flag}={value}"]
    run, args = parse_words(verb, words)
    args.client = client
    run(args)
    return dict(json.loads(Ledger(Path(folder)).manifest_path.read_text(encoding="utf-8")))


def complete(words: list[str]) -> int:
    """Complete a command line in the shell."""
    from copydesk.commands.completion import complete_words

    return complete_words(words, COMMANDS)


if __name__ == "__main__":
    sys.exit(main())
