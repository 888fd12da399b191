"""The ``copydesk`` command. Every verb imports what it needs when it runs, so that ``--help`` costs nothing."""

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
        collect_rarely()
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in ("-sc", "--shell-completion"):
        return guarded(complete, words)
    if not words or words[0] in ("-h", "--help"):
        listed = "\n".join(f"  {name:<10}{line}" for name, (line, _) in COMMANDS.items())
        print(USAGE.format(commands=listed), end="")
        return 0 if words else 2
    if words[0] == "--version":
        from copydesk import __version__

        print(f"copydesk {__version__}")
        return 0
    if words[0] not in COMMANDS:
        from copydesk.errors import nearest

        print(f"copydesk: no command {words[0]!r}; {nearest(words[0], COMMANDS)}", file=sys.stderr)
        return 2
    try:
        return guarded(COMMANDS[words[0]][1], words[1:])
    except KeyboardInterrupt:  # from a search that Ctrl-C ended before it had found anything
        if arguments is not None:
            raise
        handler.end(handler.SIGINT)


def collect_rarely() -> None:
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


def train(words: list[str]) -> int:
    """Launch one training run, or with -m several; everything else on the line is Hydra's."""
    from pathlib import Path

    from copydesk import resources
    from copydesk.config import compose as config

    conf = resources.find("conf")
    folders = [conf]
    for place, word in enumerate(words):
        name, _, value = word.partition("=")
        if name in ("--config-dir", "-cd", "--config-path", "-cp"):
            folder = Path(value or (words[place + 1] if place + 1 < len(words) else "."))
            folders.insert(0, folder)
            if folder.is_dir():
                config.check_files(folder)
    if "--help" in words or "-h" in words:
        print(train_help(folders), end="")
        return 0

    def task(cfg: Any) -> float:
        from copydesk.train import train as run

        return run(cfg)

    config.run_hydra(task, words, conf)
    return 0


def train_help(folders: list[Any]) -> str:
    """Describe how a run is configured: every group and option with a line on each."""
    from copydesk.config import compose as config

    lines = [
        "copydesk train [OVERRIDE …]: one training run, from config to bundle and report",
        "",
        "  copydesk train experiment=bbc_topics",
        "  copydesk train experiment=bbc_topics classifier=logistic classifier.C=2 'features.ngram_range=[1,3]'",
        "  copydesk train -m experiment=bbc_topics classifier.C=0.5,1,2     a run for each",
        "  copydesk train experiment=bbc_topics search=auto search.duration=5m    finds features and classifier itself",
        "  copydesk train experiment=bbc_topics --cfg job --resolve         the config, without running it",
        "  copydesk train --config-dir FOLDER experiment=mine               options of your own",
        "  --info, --hydra-help: what Hydra read, and all it can do",
        "",
    ]
    for group, options in config.describe_options(folders):
        lines.append(f"{group}=")
        lines.extend(f"  {name:<22}{said}".rstrip() for name, said in options)
    return "\n".join(lines) + "\n"


def complete(words: list[str]) -> int:
    """Print completion scripts and suggestions: ``eval "$(copydesk -sc install=bash)"``."""
    from copydesk import resources
    from copydesk.config import compose as config

    line = os.environ.get("COMP_LINE", "")
    if any(word.startswith("query=") for word in words):
        typed = line.split()
        if len(typed) < 2 or (len(typed) == 2 and not line.endswith(" ")):
            print(" ".join(name for name in COMMANDS if name.startswith(typed[1] if len(typed) > 1 else "")))
            return 0
        if typed[1] != "train":
            return 0
        # Hydra completes what follows the program's name; here the verb stands between.
        os.environ["COMP_LINE"] = line.replace(" train", "", 1)
    config.run_hydra(lambda cfg: None, words, resources.find("conf"))
    return 0


def batch(verb: str) -> Callable[[list[str]], int]:
    """Make the command that streams files through a saved model."""

    def command(words: list[str]) -> int:
        import argparse

        from copydesk import predict

        parser = argparse.ArgumentParser(prog=f"copydesk {verb}", description=COMMANDS[verb][0])
        predict.add_arguments(parser, verb)
        return predict.run(parser.parse_args(words))

    return command


def export(words: list[str]) -> int:
    """Write a saved topic model as a scikit-learn pipeline."""
    import argparse

    from copydesk.commands import export as exporting

    parser = argparse.ArgumentParser(prog="copydesk export", description=COMMANDS["export"][0])
    exporting.add_arguments(parser)
    return exporting.run(parser.parse_args(words))


def verb(name: str) -> Callable[[list[str]], int]:
    """Make the command whose module is ``copydesk.commands.<name>``."""

    def command(words: list[str]) -> int:
        from importlib import import_module

        from copydesk.commands.parser import Parser

        module = import_module(f"copydesk.commands.{name}")
        parser = Parser(prog=f"copydesk {name}", description=COMMANDS[name][0])
        module.add_arguments(parser)
        return int(module.run(parser.parse_args(words)))

    return command


COMMANDS: dict[str, tuple[str, Callable[[list[str]], int]]] = {
    "train": ("train and judge a model: copydesk train experiment=bbc_topics KEY=VALUE …", train),
    "predict": (
        "label texts with a saved topic model: text, JSONL, CSV or Parquet in, JSONL out",
        batch("predict"),
    ),
    "clean": ("cut the paragraphs that are not the article", batch("clean")),
    "runs": ("list the runs that were made", verb("runs")),
    "compare": ("compare runs that were judged on the same rows", verb("compare")),
    "evaluate": ("judge a saved model on new labelled data", verb("evaluate")),
    "explain": ("say why a text got its label, or its paragraphs went or stayed", verb("explain")),
    "compress": (
        "make a topic model smaller, and say what it loses: copydesk compress MODEL --to 2MB",
        verb("compress"),
    ),
    "export": ("write a topic model as a plain scikit-learn pipeline: --format joblib", export),
}


if __name__ == "__main__":
    sys.exit(main())
