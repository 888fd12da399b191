"""Main text from HTML: copydesk with markup beside the extractors of PyPI, on unseen sites.

    python experiments/benchmarks/extraction.py FOLDER [--parts folds unseen curve speed archives size] [--cache FOLDER]

FOLDER holds real pages as ``dataset=pages`` reads them, with the sources daniel, fundus, readability,
trafilatura_silver, trafilatura_snippets and wcxb. A page's text is compared with its main text by runs of four words;
where a block of the page states its headline and the main text lacks it, the text may have it or not, whichever agrees
better: extractors differ in that. The tables go to ``extraction.md`` beside this script, above its remarks. The cache
keeps the results of each part and of each extractor by source, so that parts can be measured one at a time, with the
extractors that ``--extractors`` names.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")})

import argparse
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from extraction import archives
from extraction.corpus import SNIPPETS, Corpus, texts_of
from extraction.memory import clean_all
from extraction.peers import ALL, DISTRIBUTIONS, extract
from extraction.shingles import compare, mean_with_interval
from hydra import compose, initialize_config_dir
from recording import machine
from sklearn.base import clone

from copydesk.datasets.web.ground_truth import read_html
from copydesk.resources import shipped
from copydesk.runs.fit import build_estimator, fit
from copydesk.tasks import BOILERPLATE_TASK

TABLE = Path(__file__).with_suffix(".md")
REMARKS = "\n## Remarks"  # what follows is written by hand and kept
JUDGED = ["daniel", "fundus", "readability", "wcxb"]  # have main texts that are no extractor's output
SILVER = "trafilatura_silver"
UNSEEN = "fundus"
OTHERS = [source for source in [*JUDGED, SILVER, SNIPPETS] if source != UNSEEN]
EVERYTHING = [*JUDGED, SILVER, SNIPPETS]
PROMISE = 0.995
SHARES = (0.125, 0.25, 0.5, 1.0)  # of the sites trained on, for the learning curve
FOLDS = 5
ENOUGH_PAGES = 20  # of a language, for a row of its own
SPEED_PAGES, REPEATS = 60, 3
PACKAGES = ("numpy", "numba", "scikit-learn", "resiliparse", "trafilatura", "lxml")
Texts = dict[str, dict[str, str]]


def settings(overrides: list[str]) -> Any:
    """Return the experiment's config."""
    with initialize_config_dir(str(shipped("conf")), version_base="1.3"):
        return compose("train", ["experiment=boilerplate_html", *overrides])


class Bench:
    """The pages, what extractors take from them, and results of parts kept in a cache."""

    def __init__(self, folder: Path, cache: Path, extractors: list[str], overrides: list[str]) -> None:
        self.cache = cache
        self.extractors = extractors
        self.overrides = overrides
        options = {"view": "page", "wrapped": 0, "markup": True, "silver": [SILVER]}
        self.corpus = Corpus(folder, EVERYTHING, options)

    def kept(self, name: str, work: Callable[[], Any]) -> Any:
        """Return a result from the cache, or do the work and keep it."""
        path = self.cache / f"extraction-{name}.pkl"
        if not path.exists():
            path.write_bytes(pickle.dumps(work()))
        return pickle.loads(path.read_bytes())

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Return labelled blocks of all pages."""
        found: pd.DataFrame = self.kept("frame", lambda: self.corpus.frame)
        return found

    @cached_property
    def golds(self) -> dict[str, tuple[str, ...]]:
        """Return the main texts that a page's text may be: as it is, and with its headline where that is left out."""

        def read() -> dict[str, tuple[str, ...]]:
            names = self.frame.loc[self.frame["source"].isin(JUDGED), "page"].unique()
            return {name: (str(self.corpus.records[name]["plaintext"]), self.corpus.gold(name)) for name in names}

        found: dict[str, tuple[str, ...]] = self.kept("golds", read)
        return found

    def peers(self, sources: list[str]) -> Texts:
        """Return the texts that each extractor takes from each page of some sources."""
        languages = self.languages

        def run(name: str, source: str) -> Callable[[], dict[str, str]]:
            pages = [page for page in self.golds if page.startswith(f"{source}/")]
            return lambda: {page: extract(name, self.corpus.html(page), languages[page]) for page in pages}

        found: Texts = {name: {} for name in self.extractors}
        for name in self.extractors:
            for source in sources:
                found[name] |= self.kept(f"peer-{name}-{source}", run(name, source))
        return found

    @property
    def languages(self) -> pd.Series:
        """Return the language of each page."""
        return self.frame.drop_duplicates("page").set_index("page")["language"]

    def folds(self) -> dict[str, Any]:
        """Score and cut every block by models that did not see its site.

        The first stage sees a third of the pages without their classes and ids, as it does in training.
        """
        cfg, frame = settings([f"classifier.folds={FOLDS}", *self.overrides]), self.frame
        estimator = build_estimator(cfg)
        groups, weight = frame["group"].to_numpy(object), frame["weight"].to_numpy(np.float64)
        inputs = BOILERPLATE_TASK.inputs(frame)
        score = estimator.classifier.fit_and_validate(inputs, frame["label"], groups, weight)
        return {"score": score, "keep": decided(estimator.decision, frame, score)}

    def unseen(self, share: float = 1.0) -> dict[str, Any]:
        """Train on a share of the sites of the other sources, judge the unseen one, with and without class names."""
        train, test = self.frame[self.frame["source"].isin(OTHERS)], self.unseen_pages
        sites = np.array(sorted(set(train["group"]) - set(test["group"])), dtype=object)
        chosen = np.random.default_rng(0).permutation(sites)[: round(share * len(sites))]
        train = train[train["group"].isin(chosen)]
        model = fit(build_estimator(settings(self.overrides)), train, BOILERPLATE_TASK)
        found: dict[str, Any] = {"sites": len(chosen), "pages": train["page"].nunique()}
        for name, blocks in (("score", test), ("nameless", without_names(test))):
            scores = model.scores(BOILERPLATE_TASK.inputs(blocks.assign(group="")))
            found[name] = scores[:, 1]
            found[f"keep {name}"] = model.decision_.predict(scores) == "content"
        promised = model.decision_.at(PROMISE).predict(np.column_stack([-found["score"], found["score"]]))
        return found | {"promise": promised == "content"}

    @property
    def unseen_pages(self) -> pd.DataFrame:
        """Return the blocks of the unseen source."""
        return self.frame[self.frame["source"] == UNSEEN].reset_index(drop=True)


def decided(decision: Any, frame: pd.DataFrame, score: np.ndarray) -> np.ndarray:
    """Return which rows to keep, by a decision that was fitted on the other sites."""
    part, keep = pd.factorize(frame["group"])[0] % FOLDS, np.zeros(len(frame), dtype=bool)
    scores, y = np.column_stack([-score, score]), frame["label"].to_numpy(object)
    classes, weight = np.array(["boilerplate", "content"], dtype=object), BOILERPLATE_TASK.weights(frame)
    groups = frame["group"].to_numpy(object)
    for number in range(FOLDS):
        here = part == number
        rest = ~here & (weight > 0)
        fitted = clone(decision).fit(scores[rest], y[rest], classes, weight[rest], groups[rest], frame[rest])
        keep[here] = (fitted.predict(scores) == "content")[here]
    return keep


def without_names(frame: pd.DataFrame) -> pd.DataFrame:
    """Return blocks without the classes and ids of their elements."""
    bare = [" ".join(token for token in markup.split() if "." not in token) for markup in frame["markup"]]
    return frame.assign(markup=bare)


def removed_at(frame: pd.DataFrame, score: np.ndarray, lost: float) -> float:
    """Return what share of the boilerplate's characters is cut where this share of the article's is."""
    weight, content = BOILERPLATE_TASK.weights(frame), (frame["label"] == "content").to_numpy()
    order = np.argsort(score, kind="stable")
    gone, cut = (np.cumsum((weight * rows)[order]) / (weight * rows).sum() for rows in (content, ~content))
    return float(cut[max(np.searchsorted(gone, lost) - 1, 0)])


def best_of(text: str, golds: tuple[str, ...]) -> tuple[float, float, float]:
    """Return precision, recall and F1 of a text beside the main text that it agrees with best."""
    return max((compare(text, gold) for gold in dict.fromkeys(golds)), key=lambda each: each[2])


def text_rows(texts: Texts, bench: Bench, pages: list[str]) -> list[str]:
    """Return a table of extractors, the best first: precision, recall and F1 with interval, and F1 by source."""
    site = bench.frame.drop_duplicates("page").set_index("page")["group"]
    sources = sorted({page.split("/")[0] for page in pages})
    columns = ["extractor", "P", "R", "F1", *(sources if len(sources) > 1 else [])]
    rows = []
    for name, by_page in texts.items():
        here = [page for page in pages if page in by_page]
        scores = [best_of(by_page[page], bench.golds[page]) for page in here]
        p, r, f1 = (mean_with_interval([each[at] for each in scores], [site[page] for page in here]) for at in range(3))
        cells = [f"{p[0]:.3f}", f"{r[0]:.3f}", f"{f1[0]:.3f} ({f1[1]:.3f}–{f1[2]:.3f})"]
        for source in sources if len(sources) > 1 else []:
            own = [each[2] for page, each in zip(here, scores, strict=True) if page.startswith(f"{source}/")]
            cells.append(f"{np.mean(own):.3f}" if own else "–")
        rows.append((f1[0], f"| {name} | {' | '.join(cells)} |"))
    return [
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
        *(line for _, line in sorted(rows, reverse=True)),
    ]


def folds_table(bench: Bench) -> list[str]:
    """Return the table of five folds, and F1 by language."""
    found, judged = bench.kept("folds", bench.folds), bench.frame["source"].isin(JUDGED).to_numpy()
    frame, score = bench.frame[judged], found["score"][judged]
    texts = {"copydesk": texts_of(frame, found["keep"][judged]), **bench.peers(JUDGED)}
    names = ["copydesk", *bench.extractors]
    languages = bench.languages[list(bench.golds)]
    lines = [
        f"## Folds by site: {FOLDS}", "", *text_rows(texts, bench, list(bench.golds)), "",
        f"copydesk cuts {removed_at(frame, score, 1 - PROMISE):.1%} of the boilerplate's characters where 0.5 % of the "
        "article's are lost.", "",
        f"F1 by language, of {ENOUGH_PAGES} pages and more:", "",
        f"| language | pages | {' | '.join(names)} |", f"|{'---|' * (len(names) + 2)}",
    ]  # fmt: skip
    for language, count in languages.value_counts().items():
        if count >= ENOUGH_PAGES:
            pages = languages.index[languages == language]
            cells = [np.mean([best_of(texts[name][page], bench.golds[page])[2] for page in pages]) for name in names]
            lines.append(f"| {language} | {count:,} | {' | '.join(f'{cell:.3f}' for cell in cells)} |")
    return [*lines, ""]


def unseen_table(bench: Bench) -> list[str]:
    """Return the table of the unseen source."""
    found, test = bench.kept("unseen", bench.unseen), bench.unseen_pages
    texts = {
        "copydesk": texts_of(test, found["keep score"]),
        "copydesk, classes and ids dropped": texts_of(test, found["keep nameless"]),
        f"copydesk, --keep {PROMISE}": texts_of(test, found["promise"]),
        **bench.peers([UNSEEN]),
    }
    pages = [page for page in bench.golds if page.startswith(f"{UNSEEN}/")]
    whole, nameless = (removed_at(test, found[name], 1 - PROMISE) for name in ("score", "nameless"))
    return [
        f"## {UNSEEN} as unseen source", "", *text_rows(texts, bench, pages), "",
        f"copydesk cuts {whole:.1%} of the boilerplate's characters where 0.5 % of the article's are lost, without "
        f"classes and ids {nameless:.1%}.", "",
    ]  # fmt: skip


def curve_table(bench: Bench) -> list[str]:
    """Return F1 on the unseen source by the number of sites trained on."""
    lines = ["## Learning curve", "", "| sites | pages | P | R | F1 on the unseen source |", "|---|---|---|---|---|"]
    pages = [page for page in bench.golds if page.startswith(f"{UNSEEN}/")]
    for share in SHARES:
        name = "unseen" if share == 1.0 else f"unseen-{share}"
        found = bench.kept(name, lambda share=share: bench.unseen(share))
        texts = texts_of(bench.unseen_pages, found["keep score"])
        p, r, f1 = (np.mean([best_of(texts[page], bench.golds[page])[at] for page in pages]) for at in range(3))
        lines.append(f"| {found['sites']:,} | {found['pages']:,} | {p:.3f} | {r:.3f} | {f1:.3f} |")
    return [*lines, ""]


def speed_table(bench: Bench) -> list[str]:
    """Return pages a second and memory of copydesk and each extractor, on one core, in turn, from bytes to text."""
    pages = [page for page in bench.golds if page.startswith(("wcxb/", "fundus/"))]
    pages = pages[:: len(pages) // SPEED_PAGES][:SPEED_PAGES]
    raw = [read_html(bench.corpus.folder, *page.split("/", 1)) for page in pages]
    languages = bench.languages
    works = {name: peer_work(name, bench, pages, languages) for name in bench.extractors}
    together = list(zip(raw, languages[pages], strict=True))
    works["copydesk"] = lambda: clean_all(together)
    taken: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work()  # imports, and compiled kernels
    for _ in range(REPEATS):
        for name, work in works.items():
            start = time.process_time()
            work()
            taken[name].append(time.process_time() - start)
    middle = {name: statistics.median(each) for name, each in taken.items()}
    lines = [
        "## Speed", "",
        f"{len(pages)} pages, one core, from HTML to text, median of {REPEATS} in turn. Memory is the most that a "
        "process holds which does this alone, with Python and what it imports.", "",
        "| extractor | pages/s | beside trafilatura | memory, MB |", "|---|---|---|---|",
    ]  # fmt: skip
    for name in sorted(middle, key=lambda each: middle[each]):
        speed = f"{len(pages) / middle[name]:.0f} | {middle['trafilatura'] / middle[name]:.1f}"
        lines.append(f"| {name} | {speed} | {memory(name, together):.0f} |")
    return [*lines, ""]


def archives_table(bench: Bench) -> list[str]:
    """Return throughput on a web archive of a quarter of the pages."""
    pages = list(bench.golds)[::4]
    return archives.table([read_html(bench.corpus.folder, *page.split("/", 1)) for page in pages], REPEATS)


def memory(name: str, pages: list[tuple[bytes, str]]) -> float:
    """Return the most megabytes that a process holds which takes the texts of pages; see ``extraction.memory``."""
    words = [sys.executable, "-m", "extraction.memory", name]
    done = subprocess.run(words, input=pickle.dumps(pages), capture_output=True, check=True, cwd=Path(__file__).parent)
    return float(done.stdout.split()[-1])


def peer_work(name: str, bench: Bench, pages: list[str], languages: Any) -> Callable[[], list[str]]:
    """Return an extractor's work on pages that are decoded already."""
    html = [(bench.corpus.html(page), languages[page]) for page in pages]
    return lambda: [extract(name, *each) for each in html]


def size_table(bench: Bench) -> list[str]:
    """Return what an installation of each extractor takes, in an environment of its own."""
    lines = ["## Installed", "", "| extractor | packages | megabytes |", "|---|---|---|"]
    root = str(Path(__file__).parents[2])
    wanted = {name: name for name in sorted({DISTRIBUTIONS[each] for each in bench.extractors})} | {
        "copydesk[html]": f"{root}[html]"
    }
    for name, requirement in wanted.items():
        packages, size = bench.kept(f"size-{name}", lambda: installed(requirement))
        lines.append(f"| {name} | {packages} | {size / 1e6:.0f} |")
    return [*lines, ""]


def installed(requirement: str) -> tuple[int, int]:
    """Install a distribution into an environment of its own; return the number of packages and their bytes."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        python = next(Path(folder).glob("bin/python"))
        words = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-compile", requirement]
        subprocess.run(words, check=True)
        packages = list(Path(folder).glob("lib/*/site-packages/*.dist-info"))
        files = (path for path in Path(folder).glob("lib/*/site-packages/**/*") if path.is_file())
        return len(packages), sum(path.stat().st_size for path in files)


PARTS: dict[str, Callable[[Bench], list[str]]] = {
    "folds": folds_table,
    "unseen": unseen_table,
    "curve": curve_table,
    "speed": speed_table,
    "archives": archives_table,
    "size": size_table,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "copydesk-extraction")
    parser.add_argument("--extractors", nargs="+", choices=ALL, default=list(ALL))
    parser.add_argument("overrides", nargs="*", help="overrides of experiment=boilerplate_html")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    bench = Bench(options.folder, options.cache, options.extractors, options.overrides)
    old = TABLE.read_text(encoding="utf-8") if TABLE.exists() else ""
    remarks = old[old.index(REMARKS) :] if REMARKS in old else ""
    for name in options.parts:
        (options.cache / f"table-{name}.md").write_text("\n".join(PARTS[name](bench)), encoding="utf-8")
    tables = (options.cache / f"table-{name}.md" for name in PARTS)
    lines = ["# Main text from HTML", "", f"{machine(PACKAGES)}.", ""]
    lines += [table.read_text(encoding="utf-8") for table in tables if table.exists()]
    TABLE.write_text("\n".join(lines).rstrip() + "\n" + remarks, encoding="utf-8")


if __name__ == "__main__":
    main()
