"""``copydesk train``: one training run, or several with ``-m``; Hydra parses the command line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from copydesk.commands.parser import Parser
from copydesk.config.compose import check_files, describe_options, run_hydra
from copydesk.resources import shipped

EXAMPLES = """\
copydesk train [OVERRIDE …]: one training run, from config to bundle and report

  copydesk train experiment=bbc_topics
  copydesk train experiment=bbc_topics classifier=logistic classifier.C=2 'features.ngram_range=[1,3]'
  copydesk train -m experiment=bbc_topics classifier.C=0.5,1,2     a run for each
  copydesk train experiment=bbc_topics search=auto search.duration=5m    finds features and classifier itself
  copydesk train experiment=bbc_topics --cfg job --resolve         the config, without running it
  copydesk train --config-dir FOLDER experiment=mine               options of your own
  --info, --hydra-help: what Hydra read, and all it can do
"""


def add_arguments(parser: Parser) -> None:
    """Pass all words to Hydra unparsed."""
    parser.pass_words()


def run(args: argparse.Namespace) -> int:
    """Train, or print the help; return the exit code.

    Raises
    ------
    ConfigError, DataError, ResourceError
        One line each.
    """
    conf = shipped("conf")
    own = list(own_folders(args.words))
    for folder in own:
        if folder.is_dir():
            check_files(folder)
    if "--help" in args.words or "-h" in args.words:
        print(help_text([*reversed(own), conf]), end="")
        return 0

    def task(cfg: Any) -> float:
        from copydesk.train import train

        return train(cfg)

    return run_hydra(task, args.words, conf)


def own_folders(words: Sequence[str]) -> Iterator[Path]:
    """Yield the config folders named on a command line."""
    for place, word in enumerate(words):
        name, _, value = word.partition("=")
        if name in ("--config-dir", "-cd", "--config-path", "-cp"):
            yield Path(value or (words[place + 1] if place + 1 < len(words) else "."))


def help_text(folders: list[Path]) -> str:
    """Return the usage, and a line on each config group and option."""
    lines = [EXAMPLES]
    for group, options in describe_options(folders):
        lines.append(f"{group}=")
        lines.extend(f"  {name:<22}{comment}".rstrip() for name, comment in options)
    return "\n".join(lines) + "\n"
