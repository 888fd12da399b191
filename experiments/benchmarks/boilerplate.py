"""Boilerplate on unseen sites: copydesk, line rules on the same paragraphs, and extractors that see the HTML.

    python experiments/benchmarks/boilerplate.py FOLDER [--parts validate unseen ablation] [--cache FOLDER]

FOLDER holds real pages as ``dataset=pages`` reads them, with the sources fundus, readability, trafilatura_silver,
trafilatura_snippets and wcxb. The tables go to ``boilerplate.md`` beside this script, above its
remarks. The cache keeps the results of each part, so that parts can be measured one at a time.
"""

from __future__ import annotations

import argparse
import pickle
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from extraction.corpus import GOLD, SNIPPETS, Corpus, texts_of
from extraction.peers import EXTRACTORS, extract
from extraction.rules import RULES
from extraction.scores import cell, head, row, scores
from extraction.shingles import compare, mean_with_interval
from hydra import compose, initialize_config_dir
from recording import machine

from copydesk.datasets.composed_crawl import ComposedCrawl
from copydesk.models.cleaner import Cleaner
from copydesk.resources import shipped
from copydesk.runs.fit import build_estimator, fit
from copydesk.tasks import BOILERPLATE_TASK

PACKAGES = ("scikit-learn", "numpy", "resiliparse", "trafilatura", "justext", "boilerpy3", "readability-lxml")
TABLE = Path(__file__).with_suffix(".md")
REMARKS = "\n## What was missed"  # what follows is written by hand and kept
UNSEEN = "fundus"  # news only, gold from publishers' own parsers: held out of training, and evaluated on
OTHERS = [source for source in [*GOLD, SNIPPETS] if source != UNSEEN]
MARKED = ["wcxb", SNIPPETS]  # have hand-made snippets, wcxb beside its main texts
KEEP = (0.995, 0.98, 0.95)  # promises: shares of the article's characters that stay
Found = dict[str, Any]
Lines = list[str]


def settings(overrides: Lines) -> Any:
    """Return the experiment's config."""
    with initialize_config_dir(str(shipped("conf")), version_base="1.3"):
        return compose("train", ["experiment=boilerplate_web", *overrides])


def training(corpus: Corpus, sources: list[str], weight: float) -> pd.DataFrame:
    """Return labelled blocks of some sources with composed crawls mixed in, as ``dataset=web`` does."""
    real = corpus.frame[corpus.frame["source"].isin(sources)]
    composed = ComposedCrawl().load().frame.assign(judged=False, weight=weight)
    return pd.concat([real, composed], ignore_index=True)


def judged_pages(corpus: Corpus) -> pd.DataFrame:
    """Return the unseen source's blocks, both views."""
    frame = corpus.frame
    return frame[(frame["source"] == UNSEEN) & frame["view"].isin(["page", "extract"])].reset_index(drop=True)


def validate(corpus: Corpus, overrides: Lines) -> Found:
    """Score every paragraph by models that did not see its site, in five folds."""
    cfg = settings(["classifier.folds=5", *overrides])
    frame = training(corpus, [*GOLD, SNIPPETS], cfg.dataset.weight)
    model = build_estimator(cfg).classifier
    weight = frame["weight"].to_numpy(np.float64)
    found = model.fit_and_validate(
        BOILERPLATE_TASK.inputs(frame), frame["label"], frame["group"].to_numpy(object), weight
    )
    real = frame["view"].isin(["page", "extract"]).to_numpy()
    frame, found = frame[real].reset_index(drop=True), found[real]
    keep = found >= thresholds(frame, found, cfg.decision.keep)
    return {"frame": frame, "score": found, "keep": keep}


def thresholds(frame: pd.DataFrame, score: np.ndarray, keep: float, parts: int = 5) -> np.ndarray:
    """Return for every row the threshold that keeps the promise on the other four fifths of the sites."""
    part = pd.factorize(frame["group"])[0] % parts
    judged = ((frame["label"] == "content") & (frame["weight"] > 0) & frame["judged"]).to_numpy()
    characters = frame["text"].str.len().to_numpy()
    found = np.empty(len(frame))
    for number in range(parts):
        rows = np.flatnonzero(judged & (part != number))
        order = rows[np.argsort(score[rows])]
        lost = np.cumsum(characters[order]) / characters[order].sum()
        found[part == number] = score[order[np.searchsorted(lost, 1 - keep)]]
    return found


def peers(corpus: Corpus) -> Found:
    """Return what rules keep of the unseen source's blocks, and the texts that extractors take from its HTML."""
    test = judged_pages(corpus)
    language = test.drop_duplicates("page").set_index("page")["language"]
    return {
        "lines": {
            name: np.concatenate([rule(page["text"].tolist(), page["language"].iloc[0]) for _, page in pages(test)])
            for name, rule in RULES.items()
        },
        "texts": {
            name: {page: extract(name, corpus.html(page), said) for page, said in language.items()}
            for name in EXTRACTORS
        },
    }


def unseen(corpus: Corpus, overrides: Lines, others: Found) -> Found:
    """Train on the other sources, predict the unseen one: by paragraph, by page, and after each extractor."""
    cfg = settings(overrides)
    train = training(corpus, OTHERS, cfg.dataset.weight)
    test = judged_pages(corpus)
    train = train[~train["group"].isin(set(test["group"]))]
    model = fit(build_estimator(cfg), train, BOILERPLATE_TASK)
    # every page by itself, and again with the site's other pages known
    alone, together = (
        model.scores(BOILERPLATE_TASK.inputs(test.assign(**change)))[:, 1] for change in ({"group": ""}, {})
    )
    found = {"frame": test, "score": alone, "with_site": together, "threshold": float(model.decision_.threshold_)}
    found["thresholds"] = {keep: float(model.decision_.at(keep).threshold_) for keep in KEEP}
    found |= others
    names = test["page"].unique().tolist()
    found["gold"] = {page: corpus.records[page]["plaintext"] for page in names}
    cleaner = Cleaner(model, {"task": "boilerplate", "classes": list(model.classes_)})
    found["filtered"] = {
        name: dict(
            zip(names, [clean.text for clean in cleaner.clean_many([texts[page] for page in names])], strict=True)
        )
        for name, texts in found["texts"].items()
    }
    return found


def pages(frame: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each view of each page, in order."""
    yield from frame.groupby("document", sort=False)


def count_snippets(record: dict[str, Any], whole: str, kept: str) -> tuple[int, int, int, int]:
    """Count snippets in a page's text that must be kept and are, and that must be cut and are."""
    must, must_not = ([s for s in record.get(key) or [] if s in whole] for key in ("with", "without"))
    return len(must), sum(s in kept for s in must), len(must_not), sum(s not in kept for s in must_not)


def told(pages_of: str, counted: list[tuple[int, int, int, int]]) -> str:
    """Return the counts of snippets as a sentence."""
    must, stays, must_not, goes = np.array(counted).sum(axis=0)
    return (
        f"Hand-made snippets of {len(counted)} {pages_of}: {stays} of {must} that must stay do ({stays / must:.1%}), "
        f"{goes} of {must_not} that must go do ({goes / must_not:.1%})."
    )


# Fewer and larger steps and fewer folds, so that so many models are fitted in reasonable time.
FEW = [
    "classifier.second.max_iter=60",
    "classifier.second.learning_rate=0.2",
    "classifier.folds=2",
    "classifier.passes=1",
]
LEFT_OUT: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "without wrapped main texts": lambda frame: frame["view"].isin(["wrapped", "short", "bare"]),
    "without pages that have snippets alone": lambda frame: frame["source"] == SNIPPETS,
}
ABLATIONS: dict[str, Lines] = {
    "the rest of the model": FEW,
    **dict.fromkeys(LEFT_OUT, FEW),
    "words and characters alone (no second stage)": ["classifier.second=null"],
    "with a second look": [*FEW[:-1], "classifier.passes=2"],
    "without edges of paragraphs": [*FEW, "classifier.edges=false"],
    "without neighbours": [*FEW, "classifier.reach=0"],
    "without averages of scores": [*FEW, "classifier.smooth=false"],
    "without the best stretch": [*FEW, "classifier.stretch=false"],
    "without the topic of the best stretch": [*FEW, "classifier.topic=false"],
    "without likeness": [*FEW, "classifier.likeness=false"],
    "without shape": [*FEW, "classifier.shape=false"],
    "without position": [*FEW, "classifier.position=false"],
    "without repetition": [*FEW, "classifier.repetition=false"],
    "without agreement": [*FEW, "classifier.agreement=false"],
    "without weight by length": [*FEW, "classifier.length_power=0"],
    "without balance of pages": [*FEW, "classifier.balance=false"],
    "a linear chain as the second stage": ["classifier/second=linear_chain", "classifier.passes=1"],
    "without composed crawls": [*FEW, "dataset.weight=0"],
}


def ablation(corpus: Corpus, overrides: Lines, name: str) -> Found:
    """Train without one part, and score the unseen source."""
    cfg = settings([*overrides, *ABLATIONS[name]])
    train = training(corpus, OTHERS, cfg.dataset.weight)
    if name in LEFT_OUT:
        train = train[~LEFT_OUT[name](train)]
    test = judged_pages(corpus).assign(group="")
    weight = train["weight"].to_numpy(np.float64)
    model = build_estimator(cfg).classifier
    model.fit(BOILERPLATE_TASK.inputs(train), train["label"], train["group"].to_numpy(object), weight)
    return {"frame": test, "score": model.decision_function(BOILERPLATE_TASK.inputs(test))}


def text_table(texts: dict[str, dict[str, str]], gold: dict[str, str], site: Any) -> Lines:
    lines = ["| what | precision | recall | F1 |", "|---|---|---|---|"]
    for name, by_page in texts.items():
        compared = [compare(by_page.get(page, ""), text) for page, text in gold.items()]
        cells = [mean_with_interval([each[at] for each in compared], [site[page] for page in gold]) for at in range(3)]
        f1 = "{:.3f} ({:.3f}–{:.3f})".format(*cells[2])
        lines.append(f"| {name} | {cells[0][0]:.3f} | {cells[1][0]:.3f} | {f1} |")
    return lines


def validation_table(found: Found, corpus: Corpus) -> Lines:
    frame, score, keep = found["frame"], found["score"], found["keep"]
    lines = ["## Five folds by site, all sources", "", *head("view, part")]
    for view in ("page", "extract"):
        parts = {"all": frame["source"].isin(GOLD).to_numpy()}
        parts |= {source: (frame["source"] == source).to_numpy() for source in GOLD}
        common = frame[parts["all"]].drop_duplicates("page")["language"].value_counts()
        parts |= {
            language: parts["all"] & (frame["language"] == language).to_numpy()
            for language in common.index[common >= 15]
        }
        for name, part in parts.items():
            rows = part & (frame["view"] == view).to_numpy()
            judged = frame[rows].reset_index(drop=True).assign(judged=True)  # silver pages, too
            found_scores = scores(judged, score[rows], keep[rows])
            lines.append(row(f"{view}, {name}", found_scores, interval=name == "all"))
    news = ((frame["source"] == UNSEEN) & (frame["view"] == "page")).to_numpy()
    gold = {page: corpus.records[page]["plaintext"] for page in frame["page"][news].unique()}
    texts = {
        f"page view, copydesk, --keep {keep}": texts_of(frame[news], (score >= thresholds(frame, score, keep))[news])
        for keep in KEEP
    }
    lines += ["", f"Text of {UNSEEN}'s pages, with other news sites among those trained on:", ""]
    lines += text_table(texts, gold, frame[news].drop_duplicates("page").set_index("page")["group"])
    for source in MARKED:
        marked = ((frame["source"] == source) & (frame["view"] == "page")).to_numpy()
        whole, kept = (texts_of(frame[marked], rows[marked]) for rows in (np.ones(len(frame), bool), keep))
        counted = [count_snippets(corpus.records[page], text, kept[page]) for page, text in whole.items()]
        lines += ["", told(f"pages of {source}, whole-page view", counted)]
    return lines


def unseen_table(found: Found) -> Lines:
    frame, score, threshold = found["frame"], found["score"], found["threshold"]
    lines = [f"## {UNSEEN} as unseen sites, trained on the other sources", "", *head("view, what")]
    for view in ("page", "extract"):
        rows = (frame["view"] == view).to_numpy()
        part = frame[rows].reset_index(drop=True)
        for name in ("score", "with_site"):
            said = found[name][rows]
            label = "copydesk" if name == "score" else "copydesk, the site's other pages known"
            lines.append(row(f"{view}, {label}", scores(part, said, said >= threshold), interval=True))
        costly = part.assign(weight=part["weight"].where(part.index != costliest(part, score[rows], threshold), 0.0))
        found_scores = scores(costly, score[rows], score[rows] >= threshold)
        lines.append(row(f"{view}, copydesk, but for the one costliest block", found_scores, interval=True))
        for name, kept in found["lines"].items():
            # a rule has no score: whatever it keeps is as good as everything else that it keeps
            lines.append(row(f"{view}, {name}", scores(part, kept[rows].astype(float), kept[rows], resamples=2)))
    lines += ["", "Text of news pages, runs of four words against the gold, means over pages:", ""]
    site = frame.drop_duplicates("page").set_index("page")["group"]
    whole = (frame["view"] == "page").to_numpy()
    texts = {
        f"page view, copydesk, --keep {keep}": texts_of(frame[whole], score[whole] >= at)
        for keep, at in found["thresholds"].items()
    }
    texts |= {f"page view, {name}": texts_of(frame[whole], kept[whole]) for name, kept in found["lines"].items()}
    for name in found["texts"]:
        texts |= {f"HTML, {name}": found["texts"][name], f"HTML, {name}, then copydesk": found["filtered"][name]}
    return [*lines, *text_table(texts, found["gold"], site)]


def costliest(frame: pd.DataFrame, score: np.ndarray, threshold: float) -> int:
    """Return the longest block of content that is cut: one can weigh more than the whole promise; -1 if none is."""
    cut = (frame["label"] == "content") & (frame["weight"] > 0) & (score < threshold)
    return int(frame["text"].str.len().where(cut, 0).idxmax()) if cut.any() else -1


def ablation_table(found: dict[str, Found]) -> Lines:
    lines = [
        f"## What each part is worth, {UNSEEN} as unseen sites",
        "",
        f"With {', '.join(FEW)}.",
        "",
    ]
    lines += ["| | page: removed at 0.5 % lost | average precision | extract: removed | average precision |"]
    lines += ["|---|---|---|---|---|"]
    for name, each in found.items():
        cells = []
        for view in ("page", "extract"):
            rows = (each["frame"]["view"] == view).to_numpy()
            said = each["score"][rows]
            found_scores = scores(each["frame"][rows].reset_index(drop=True), said, said >= 0, resamples=2)
            cells += [
                cell(found_scores["boilerplate_removed_at_half_percent_lost"], percent=True),
                cell(found_scores["average_precision"]),
            ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def remembered(cache: Path | None, name: str, find_out: Callable[[], Any]) -> Any:
    """Return the cached result, or compute it."""
    path = cache / f"{name}.pickle" if cache else None
    if path and path.exists():
        return pickle.loads(path.read_bytes())
    start = time.perf_counter()
    found = find_out()
    print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(found))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", nargs="+", default=["validate", "unseen", "ablation"])
    parser.add_argument("--ablations", nargs="+", default=list(ABLATIONS), help="which of them; all")
    parser.add_argument("--cache", type=Path, help="folder for results; present ones are used")
    parser.add_argument("--overrides", nargs="*", default=[], help="of the experiment, such as classifier.reach=6")
    options = parser.parse_args()
    given = settings(options.overrides).dataset.main
    chosen = {
        name: given[name]
        for name in ("extract_weight", "windows", "wrapped", "bare", "silver_weight", "snippets", "seed")
    }
    corpus = Corpus(options.folder, [*GOLD, SNIPPETS], chosen | {"silver": list(given.silver or [])})
    lines = ["# Boilerplate on sites never seen", "", f"`boilerplate.py`; {machine(PACKAGES)}.", ""]
    lines += [
        "Intervals: 95 %, sites drawn anew. Shares are in percent; by character means of the same F1s. “Lost” and "
        "“removed” count characters at the default threshold, a promise that 0.5 % of the article's are lost, which "
        "was set on other sites. Blocks that are doubtful are left out.",
        "",
    ]
    if "validate" in options.parts:
        found = remembered(options.cache, "validate", lambda: validate(corpus, options.overrides))
        lines += [*validation_table(found, corpus), ""]
    if "unseen" in options.parts:
        others = remembered(options.cache, "peers", lambda: peers(corpus))
        found = remembered(options.cache, "unseen", lambda: unseen(corpus, options.overrides, others))
        lines += [*unseen_table(found), ""]
    if "ablation" in options.parts:
        each = {
            name: remembered(options.cache, f"ablation {at}", lambda: ablation(corpus, options.overrides, name))
            for at, name in enumerate(ABLATIONS)
            if name in options.ablations
        }
        lines += [*ablation_table(each), ""]
    remarks = TABLE.read_text(encoding="utf-8").partition(REMARKS)[1:] if TABLE.exists() else ()
    TABLE.write_text("\n".join(lines).rstrip() + "\n" + "".join(remarks), encoding="utf-8")


if __name__ == "__main__":
    main()
