"""Small articles and a config over them, for searches that take a moment."""

from __future__ import annotations

import json
import random
from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from copydesk.resources import shipped

TOPICS = {
    "boats": ["ferry", "harbour", "sail", "tide", "anchor", "deck"],
    "bread": ["oven", "flour", "yeast", "crust", "dough", "baker"],
    "chess": ["bishop", "castle", "check", "gambit", "knight", "opening"],
}
SPACE = """
trials: 4
jobs: 1
folds: 2
space:
  features.ngram_range: [[1, 1], [1, 2]]
  features.min_df: [1, 2]
  classifier: [linear_svm, nb_svm]
  classifier.C: {path: [0.1, 1, 10]}
"""


def articles(path: Path, n: int = 60, sites: int = 0) -> Path:
    """Write articles whose labels are hard to tell apart."""
    draw = random.Random(5)
    with path.open("w", encoding="utf-8") as lines:
        for number in range(n):
            label, other = sorted(TOPICS)[number % 3], draw.choice(sorted(TOPICS))
            words = [draw.choice(TOPICS[label]) for _ in range(4)] + [draw.choice(TOPICS[other]) for _ in range(3)]
            row = {"text": " ".join([*words, f"no{number}"]), "label": label}
            lines.write(json.dumps(row | ({"site": f"site{number % sites}"} if sites else {})) + "\n")
    return path


def options(folder: Path, space: str = SPACE) -> Path:
    """Write ``search=little`` into a folder of options."""
    (folder / "search").mkdir(parents=True)
    (folder / "search" / "little.yaml").write_text(f"# ours\n{space.strip()}\n", encoding="utf-8")
    return folder


def config(folder: Path, *overrides: str) -> DictConfig:
    """Compose a run's config over little articles, its runs in ``folder``."""
    given = [f"dataset.path={articles(folder / 'articles.jsonl')}", f"runs={folder / 'runs'}"]
    with initialize_config_dir(str(shipped("conf")), version_base="1.3"):
        return compose("train", ["dataset=table", "split=stratified", *given, *overrides])
