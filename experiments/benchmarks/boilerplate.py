"""Boilerplate on unseen sites: copydesk, line rules on the same paragraphs, and extractors that see the HTML.

    python experiments/benchmarks/boilerplate.py FOLDER [--parts validate unseen ablation] [--cache FOLDER]

FOLDER holds real pages as ``dataset=pages`` reads them, with the sources daniel, fundus, readability,
trafilatura_silver, trafilatura_snippets and wcxb. The tables go to ``boilerplate.md`` beside this script, above its
remarks. The cache keeps the results of each part, so that parts can be measured one at a time.
"""

from __future__ import annotations

import argparse
import pickle
import time
from collections.abc import Callable, Iterator
from functools import cache
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
from omegaconf import OmegaConf
from recording import machine
from sklearn.base import clone
from sklearn.preprocessing import FunctionTransformer

from copydesk.classifiers.modes import MODES, Modes
from copydesk.classifiers.sequence import SequenceClassifier
from copydesk.config.build import build
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
BINS = (0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1.01)  # of probabilities
Found = dict[str, Any]
Lines = list[str]


def settings(overrides: Lines) -> Any:
    """Return the experiment's config."""
    with initialize_config_dir(str(shipped("conf")), version_base="1.3"):
        return compose("train", ["experiment=boilerplate_web", *overrides])


def training(corpus: Corpus, sources: list[str], dataset: Any) -> pd.DataFrame:
    """Return labelled blocks of some sources with the composed crawls of a config mixed in, as ``dataset=web`` does."""
    real = corpus.frame[corpus.frame["source"].isin(sources)]
    return pd.concat([real, composed_crawls(OmegaConf.to_yaml(dataset, resolve=True))], ignore_index=True)


@cache
def composed_crawls(settings_of_dataset: str) -> pd.DataFrame:
    """Return the composed crawls of a config's dataset, given as YAML."""
    dataset = OmegaConf.create(settings_of_dataset)
    return build(dataset.added, "dataset.added").load().frame.assign(judged=False, weight=dataset.weight, view="")


def judged_pages(corpus: Corpus) -> pd.DataFrame:
    """Return the unseen source's blocks, both views."""
    frame = corpus.frame
    return frame[(frame["source"] == UNSEEN) & frame["view"].isin(MODES)].reset_index(drop=True)


def validate(corpus: Corpus, overrides: Lines) -> Found:
    """Score every paragraph by models that did not see its site, in five folds."""
    cfg = settings(["classifier.folds=5", *overrides])
    frame = training(corpus, [*GOLD, SNIPPETS], cfg.dataset)
    model = build_estimator(cfg).classifier
    weight = frame["weight"].to_numpy(np.float64)
    found = model.fit_and_validate(
        BOILERPLATE_TASK.inputs(frame), frame["label"], frame["group"].to_numpy(object), weight
    )
    real = frame["view"].isin(MODES).to_numpy()
    frame, found = frame[real].reset_index(drop=True), found[real]
    return {
        "folds": cfg.classifier.folds,
        "frame": frame,
        "score": found,
        **decide(build_estimator(cfg).decision, frame, found),
    }


def decide(decision: Modes, frame: pd.DataFrame, score: np.ndarray, parts: int = 5) -> Found:
    """Decide on every row by a decision that was fitted on the other four fifths of the sites.

    Returns
    -------
    dict
        ``keep`` for each way to decide, bool (n_rows,): "auto", "own mode", and each promise in the own mode;
        ``mode`` that auto takes, and ``probability`` in the own mode, (n_rows,).
    """
    part = pd.factorize(frame["group"])[0] % parts
    scores, views = np.column_stack([-score, score]), frame["view"].to_numpy(object)
    weight, y = BOILERPLATE_TASK.weights(frame), frame["label"].to_numpy(object)
    ways = ["auto", "own mode", *(f"--keep {keep}" for keep in KEEP)]
    found: Found = {"keep": {way: np.zeros(len(frame), dtype=bool) for way in ways}}
    found |= {"mode": np.empty(len(frame), dtype=object), "probability": np.empty(len(frame))}
    for number in range(parts):
        here = part == number
        rest = np.where(here, 0.0, weight)
        groups = frame["group"].to_numpy(object)
        fitted = clone(decision).fit(scores, y, np.array(["boilerplate", "content"], dtype=object), rest, groups, frame)
        auto = fitted.for_pages(frame, scores)
        found["keep"]["auto"][here] = (auto.predict(scores) == "content")[here]
        found["mode"][here] = auto.row_modes[here]
        for mode in MODES:
            rows = here & (views == mode)
            for way in ways[1:]:
                own = fitted.at(float(way.split()[1])) if way.startswith("--keep") else fitted
                chosen = own.within(mode).for_pages(frame, scores)
                found["keep"][way][rows] = (chosen.predict(scores) == "content")[rows]
            found["probability"][rows] = chosen.predict_proba(scores)[rows, 1]
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
    train = training(corpus, OTHERS, cfg.dataset)
    test = judged_pages(corpus)
    train = train[~train["group"].isin(set(test["group"]))]
    model = fit(build_estimator(cfg), train, BOILERPLATE_TASK)
    # every page by itself, and again with the site's other pages known
    alone, together = (
        model.scores(BOILERPLATE_TASK.inputs(test.assign(**change)))[:, 1] for change in ({"group": ""}, {})
    )
    found: Found = {"frame": test, "score": alone, "with_site": together, **others}
    views = test["view"].to_numpy(object)
    for name, said in (("keep", alone), ("keep_with_site", together)):
        scores_of_rows = np.column_stack([-said, said])
        chosen = {way: decision.for_pages(test, scores_of_rows) for way, decision in ways(model.decision_).items()}
        found[name] = {way: each.predict(scores_of_rows) == "content" for way, each in chosen.items()}
        found[name] |= {
            f"own mode{way}": np.where(views == "page", *(found[name][f"{mode}{way}"] for mode in MODES))
            for way in ("", *(f" --keep {keep}" for keep in KEEP))
        }
    names = test["page"].unique().tolist()
    found["gold"] = {page: corpus.gold(page) for page in names}
    cleaner = Cleaner(model, {"task": "boilerplate", "classes": list(model.classes_)})
    found["filtered"] = {
        f"{name}, then copydesk --mode {mode}": dict(zip(names, texts_after(cleaner, texts, names, mode), strict=True))
        for name, texts in found["texts"].items()
        for mode in ("auto", "extract")
    }
    return found


def ways(decision: Modes) -> dict[str, Modes]:
    """Return the ways to decide: auto, each mode, and each mode with a promise."""
    found = {mode: decision.within(mode) for mode in ("auto", *MODES)}
    return found | {
        f"{mode} --keep {keep}": decision.at(keep).within(mode) for mode in MODES for keep in KEEP
    }  # fmt: skip


def texts_after(cleaner: Cleaner, texts: dict[str, str], names: Lines, mode: str) -> Lines:
    """Return an extractor's texts of pages, cleaned."""
    return [clean.text for clean in cleaner.clean_many([texts[page] for page in names], mode=mode)]


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


# Parts of the second stage: trained anew on the same scores of the first.
SECOND: dict[str, Lines] = {
    "the whole model": [],
    "without neighbours": ["classifier.reach=0"],
    "without averages of scores": ["classifier.smooth=false"],
    "without the best stretch": ["classifier.stretch=false"],
    "without the topic of the best stretch": ["classifier.topic=false"],
    "without shape": ["classifier.shape=false"],
    "without likeness": ["classifier.likeness=false"],
    "without position": ["classifier.position=false"],
    "without repetition": ["classifier.repetition=false"],
    "without agreement": ["classifier.agreement=false"],
    "without running text": ["classifier.numbers=null"],
    "with a second look": ["classifier.passes=2"],
    "a linear chain as the second stage": ["classifier/second=linear_chain"],
}
BOTH: dict[str, Lines] = {
    "without edges of paragraphs": ["classifier.edges=false"],
    "without neighbours' words": ["classifier.families=null"],
    "without weight by length": ["classifier.length_power=0"],
    "without balance of pages": ["classifier.balance=false"],
}
LEFT_OUT: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "without daniel": lambda frame: frame["document"].str.startswith("daniel/"),
    "without silver pages": lambda frame: frame["source"].str.endswith("_silver", na=False),
    "without pages that have snippets alone": lambda frame: frame["source"] == SNIPPETS,
    "without wrapped main texts": lambda frame: frame["document"].str.contains("#(?:wrapped|short|bare|lines)$"),
    "without composed crawls": lambda frame: frame["source"].isna(),
}
ABLATIONS = [*SECOND, *BOTH, *LEFT_OUT]


class Given:
    """A first stage that passes scores on."""

    def decision_function(self, matrix: np.ndarray) -> np.ndarray:
        return matrix[:, 0]


class SecondStage(SequenceClassifier):
    """A sequence classifier whose paragraphs come with their scores of the first stage, as ``first_score``."""

    def _beside(self, matrix: Any, X: Any, rows: Any, training: bool = False) -> np.ndarray:
        return self.first_scores(X)[:, None]

    def _fit_first(self, matrix: Any, target: Any, weight: Any, rows: Any) -> Given:
        return Given()

    def first_scores(self, X: Any, rows: Any = None) -> np.ndarray:
        return np.asarray(X["first_score"], dtype=np.float64)


def ablation(corpus: Corpus, overrides: Lines, name: str, folder: Path | None) -> Found:
    """Train without one part, and score the unseen source."""
    cfg = settings([*overrides, *(SECOND | BOTH).get(name, [])])
    train = training(corpus, OTHERS, cfg.dataset)
    if name in LEFT_OUT:
        train = train[~LEFT_OUT[name](train)].reset_index(drop=True)
    test = judged_pages(corpus).assign(group="")
    weight, groups = train["weight"].to_numpy(np.float64), train["group"].to_numpy(object)
    model = build_estimator(cfg).classifier

    def first_stage() -> list[np.ndarray]:
        first = clone(model).set_params(second=None)
        own = first.fit_and_validate(BOILERPLATE_TASK.inputs(train), train["label"], groups, weight)
        return [own, first.decision_function(BOILERPLATE_TASK.inputs(test))]

    scores = remembered(folder, "first stage", first_stage) if name in SECOND else first_stage()
    train_inputs, test_inputs = (
        BOILERPLATE_TASK.inputs(frame).assign(first_score=score)
        for frame, score in zip((train, test), scores, strict=True)
    )
    # The texts are not read again.
    second = SecondStage(**model.get_params(deep=False) | {"text": FunctionTransformer(lambda texts: None)})
    second.fit(train_inputs, train["label"], groups, weight)
    return {"frame": test, "score": second.decision_function(test_inputs)}


def text_table(texts: dict[str, dict[str, str]], golds: dict[str, dict[str, str]], site: Any) -> Lines:
    lines = ["| what | precision | recall | F1 |", "|---|---|---|---|"]
    for name, by_page in texts.items():
        compared = [compare(by_page.get(page, ""), text) for page, text in golds[name].items()]
        sites = [site[page] for page in golds[name]]
        cells = [mean_with_interval([each[at] for each in compared], sites) for at in range(3)]
        f1 = "{:.3f} ({:.3f}–{:.3f})".format(*cells[2])
        lines.append(f"| {name} | {cells[0][0]:.3f} | {cells[1][0]:.3f} | {f1} |")
    return lines


def parts_of(frame: pd.DataFrame, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Return rows of pages with a main text: all, by source, and by each language of at least fifteen pages."""
    parts = {"all": rows & frame["source"].isin(GOLD).to_numpy()}
    parts |= {source: rows & (frame["source"] == source).to_numpy() for source in GOLD}
    common = frame[parts["all"]].drop_duplicates("page")["language"].value_counts()
    languages = common.index[common >= 15]
    return parts | {language: parts["all"] & (frame["language"] == language).to_numpy() for language in languages}


def validation_table(found: Found, corpus: Corpus) -> Lines:
    frame, score = found["frame"], found["score"]
    lines = [f"## {found['folds']} folds by site, all sources", "", *head("view, part")]
    for view in MODES:
        for name, part in parts_of(frame, (frame["view"] == view).to_numpy()).items():
            judged = frame[part].reset_index(drop=True).assign(judged=True)  # silver pages, too
            found_scores = scores(judged, score[part], found["keep"]["own mode"][part])
            lines.append(row(f"{view}, {name}", found_scores, interval=name == "all"))
    lines += ["", "Text of pages, runs of four words against the gold with its headline, means over pages:", ""]
    gold = {page: corpus.gold(page) for page in frame.loc[frame["source"].isin(GOLD), "page"].unique()}
    site = frame.drop_duplicates("page").set_index("page")["group"]
    texts, golds = {}, {}
    for name, part in parts_of(frame, (frame["view"] == "page").to_numpy()).items():
        for way in found["keep"] if name == "all" else ("own mode", "auto"):
            label = f"{name}, page view, {'--mode page' if way == 'own mode' else way}"
            texts[label] = texts_of(frame[part], found["keep"][way][part])
            golds[label] = {page: gold[page] for page in texts[label]}
    lines += text_table(texts, golds, site)
    lines += ["", *modes_table(found), "", *calibration_table(found)]
    for source in MARKED:
        marked = ((frame["source"] == source) & (frame["view"] == "page")).to_numpy()
        everything = np.ones(len(frame), bool)
        whole, kept = (texts_of(frame[marked], rows[marked]) for rows in (everything, found["keep"]["auto"]))
        counted = [count_snippets(corpus.records[page], text, kept[page]) for page, text in whole.items()]
        lines += ["", told(f"pages of {source}, whole-page view", counted)]
    return lines


def modes_table(found: Found) -> Lines:
    """Return how often auto takes the mode of the view."""
    frame = found["frame"].assign(right=found["mode"] == found["frame"]["view"])
    first = frame.drop_duplicates("document")
    lines = ["| view | documents | auto takes its mode |", "|---|---|---|"]
    for view in MODES:
        here = first[first["view"] == view]
        lines.append(f"| {view} | {len(here):,} | {100 * here['right'].mean():.1f} % |")
    return lines


def calibration_table(found: Found) -> Lines:
    """Return what share of paragraphs is content where a probability is stated, by view."""
    frame = found["frame"]
    judged = BOILERPLATE_TASK.weights(frame) > 0
    true, said = (frame["label"] == "content").to_numpy(), found["probability"]
    lines = ["| P(content) | page: stated | true | paragraphs | extract: stated | true | paragraphs |"]
    lines.append("|---|---|---|---|---|---|---|")
    for low, high in zip(BINS[:-1], BINS[1:], strict=True):
        cells = [f"{low:g}–{high:g}"]
        for view in MODES:
            rows = judged & (frame["view"] == view).to_numpy() & (said >= low) & (said < high)
            cells += (
                [f"{said[rows].mean():.3f}", f"{true[rows].mean():.3f}", f"{rows.sum():,}"] if rows.any() else ["–"] * 3
            )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def unseen_table(found: Found) -> Lines:
    frame, score = found["frame"], found["score"]
    lines = [f"## {UNSEEN} as unseen sites, trained on the other sources", "", *head("view, what")]
    for view in MODES:
        rows = (frame["view"] == view).to_numpy()
        part = frame[rows].reset_index(drop=True)
        for way in ("own mode", "auto", "own mode --keep 0.995"):
            label = {"own mode": "copydesk", "auto": "copydesk, --mode auto"}.get(way, "copydesk, --keep 0.995")
            lines.append(row(f"{view}, {label}", scores(part, score[rows], found["keep"][way][rows]), interval=True))
        known, stays = found["with_site"][rows], found["keep_with_site"]["own mode"][rows]
        lines.append(row(f"{view}, copydesk, the site's other pages known", scores(part, known, stays), interval=True))
        costly = costliest(part, found["keep"]["own mode"][rows])
        without = part.assign(weight=part["weight"].where(part.index != costly, 0.0))
        found_scores = scores(without, score[rows], found["keep"]["own mode"][rows])
        lines.append(row(f"{view}, copydesk, but for the one costliest block", found_scores, interval=True))
        for name, kept in found["lines"].items():
            # a rule has no score: whatever it keeps is as good as everything else that it keeps
            lines.append(row(f"{view}, {name}", scores(part, kept[rows].astype(float), kept[rows], resamples=2)))
    lines += [
        "",
        "Text of news pages, runs of four words against the gold with its headline, means over pages:",
        "",
    ]
    site = frame.drop_duplicates("page").set_index("page")["group"]
    whole = (frame["view"] == "page").to_numpy()
    shown = ("page", "auto", *(f"page --keep {keep}" for keep in KEEP))
    texts = {f"page view, copydesk, --mode {way}": texts_of(frame[whole], found["keep"][way][whole]) for way in shown}
    texts |= {f"page view, {name}": texts_of(frame[whole], kept[whole]) for name, kept in found["lines"].items()}
    for name in found["texts"]:
        texts[f"HTML, {name}"] = found["texts"][name]
        texts |= {f"HTML, {after}": each for after, each in found["filtered"].items() if after.startswith(f"{name},")}
    return [*lines, *text_table(texts, dict.fromkeys(texts, found["gold"]), site)]


def costliest(frame: pd.DataFrame, keep: np.ndarray) -> int:
    """Return the longest block of content that is cut: one can weigh more than the whole promise; -1 if none is."""
    cut = (frame["label"] == "content") & (frame["weight"] > 0) & ~keep
    return int(frame["text"].str.len().where(cut, 0).idxmax()) if cut.any() else -1


def ablation_table(found: dict[str, Found]) -> Lines:
    lines = [
        f"## What each part is worth, {UNSEEN} as unseen sites",
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


def remembered(folder: Path | None, name: str, find_out: Callable[[], Any]) -> Any:
    """Return the cached result, or compute it."""
    path = folder / f"{name}.pickle" if folder else None
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
        "“removed” count characters as decided by the default of the view's mode, which was set on other sites. Blocks "
        "that are doubtful are left out.",
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
            name: remembered(
                options.cache, f"ablation {at}", lambda: ablation(corpus, options.overrides, name, options.cache)
            )
            for at, name in enumerate(ABLATIONS)
            if name in options.ablations
        }
        lines += [*ablation_table(each), ""]
    remarks = TABLE.read_text(encoding="utf-8").partition(REMARKS)[1:] if TABLE.exists() else ()
    TABLE.write_text("\n".join(lines).rstrip() + "\n" + "".join(remarks), encoding="utf-8")


if __name__ == "__main__":
    main()
