"""Topic accuracy on crawled articles, on cleaned ones, and on the originals.

    python experiments/benchmarks/topics_cleaned.py [--box]

BBC News (``pip install copydesk[demo]``), five folds, as ``experiment=bbc_topics`` makes them. The articles of the
fold that is judged are wrapped in leftovers of site styles, and partly of phrasings, that no cleaner here was trained
on. Topic models learn from the other folds' articles as they were written, or as they are crawled. The cleaner is
``experiment=boilerplate``, trained on crawls composed of the other folds' articles; with ``--box`` also the cleaner
in the box, which has seen BBC articles, in other wrappings. The table goes to ``topics_cleaned.md``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir
from recording import machine

import copydesk
from copydesk.config.build import build
from copydesk.datasets.audit import audit, drop_straddlers
from copydesk.datasets.bbc import BBC
from copydesk.datasets.composed_crawl import ComposedCrawl, render
from copydesk.datasets.examples import Examples
from copydesk.models.cleaner import Cleaner
from copydesk.resources import shipped
from copydesk.runs.fit import build_estimator, fit
from copydesk.tasks import BOILERPLATE_TASK, TOPIC_TASK

TABLE = Path(__file__).with_suffix(".md")
WRITTEN, CRAWLED, CLEANED = "as written", "as crawled", "crawled, then cleaned"
IN_THE_BOX = "crawled, then cleaned by the box"
RESAMPLES = 2_000


class Given:
    """Dataset of articles in memory."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame

    def load(self) -> Examples:
        """Return them."""
        return Examples(self.frame, TOPIC_TASK, "given", {})


def settings(experiment: str) -> Any:
    """Return an experiment's config."""
    with initialize_config_dir(str(shipped("conf")), version_base="1.3"):
        return compose("train", [f"experiment={experiment}"])


def composer(articles: pd.DataFrame, part: str) -> ComposedCrawl:
    """Return what composes the articles' crawls, of styles and phrasings of a part, in English."""
    n = articles["text"].nunique()
    share = (n - 1) / n if part == "test" else 1 / n  # a part must not be empty
    return ComposedCrawl(Given(articles), languages=["en"], foreign_share=0.0, test_size=share)


def as_crawled(articles: pd.DataFrame, part: str) -> list[str]:
    """Return each article as a crawl brings it, in the order of the articles."""
    crawl = composer(articles, part)
    pages = crawl.load().frame.groupby("document", sort=False)
    # a crawl's typography differs, and a caption may be a sentence of the article's: only the order tells which it is
    texts = {text: render(pages.get_group(f"crawl{at}")) for at, text in enumerate(crawl._texts())}
    return [texts[text] for text in articles["text"]]


def fold(train: pd.DataFrame, test: pd.DataFrame, box: Cleaner | None) -> dict[tuple[str, str], np.ndarray]:
    """Return which test articles are labelled correctly, by training and test condition."""
    cfg = settings("boilerplate")
    paragraphs = composer(train, "train").load().frame
    cleaner = Cleaner(fit(build_estimator(cfg), paragraphs, BOILERPLATE_TASK), {"task": "boilerplate"})
    crawled = as_crawled(test, "test")
    read = {WRITTEN: test["text"].tolist(), CRAWLED: crawled}
    read[CLEANED] = [cleaned.text for cleaned in cleaner.clean_many(crawled)]
    if box is not None:
        read[IN_THE_BOX] = [cleaned.text for cleaned in box.clean_many(crawled)]
    learnt = {WRITTEN: train, CRAWLED: train.assign(text=as_crawled(train, "train"))}
    right = {}
    for name, rows in learnt.items():
        model = fit(build_estimator(settings("bbc_topics")), rows, TOPIC_TASK)
        for what, texts in read.items():
            right[name, what] = model.predict(texts) == test["label"].to_numpy(object)
    return right


def interval(values: np.ndarray, draws: np.ndarray) -> str:
    """Return a mean in percent with its 95 % interval over drawn articles."""
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return f"{100 * values.mean():.1f} ({100 * low:.1f} to {100 * high:.1f})"


def main() -> None:
    """Run the folds and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--box", action="store_true", help="also the cleaner in the box")
    args = parser.parse_args()
    box = copydesk.load("boilerplate") if args.box else None
    cfg = settings("bbc_topics")
    split = build(cfg.split, "split")
    frame = audit(BBC().load().frame, official=False, folds=split.n_splits).frame
    found: list[dict[tuple[str, str], np.ndarray]] = []
    for seen, held_out in split.folds(frame, cfg.seed):
        seen, _ = drop_straddlers(frame, seen, held_out)
        found.append(fold(frame.iloc[seen], frame.iloc[held_out], box))
        print(f"fold {len(found)}", {" > ".join(k): round(v.mean(), 4) for k, v in found[-1].items()}, file=sys.stderr)
    right = {pair: np.concatenate([each[pair] for each in found]).astype(float) for pair in found[0]}
    n = len(right[WRITTEN, WRITTEN])
    draws = np.random.default_rng(0).integers(n, size=(RESAMPLES, n))
    lines = [
        "# Topics of crawled articles", "",
        f"`topics_cleaned.py`; {machine(('scikit-learn', 'numpy'))}.", "",
        f"BBC News, five folds, {n:,} articles. Accuracy in percent; 95 % intervals, articles drawn anew, and of the "
        "differences the same articles on both sides.", "",
        "| topic model trained on articles | and reading them | accuracy | less than as written |", "|---|---|---|---|",
    ]  # fmt: skip
    for (name, what), values in right.items():
        less = "" if what == WRITTEN else interval(values - right[name, WRITTEN], draws)
        lines.append(f"| {name} | {what} | {interval(values, draws)} | {less} |")
    *_, remarks = (TABLE.read_text(encoding="utf-8") if TABLE.exists() else "").partition("\n---\n")
    TABLE.write_text("\n".join(lines) + "\n" + (f"\n---\n{remarks}" if remarks else ""), encoding="utf-8")


if __name__ == "__main__":
    main()
