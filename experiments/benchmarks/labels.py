"""Sets of labels: quality on Reuters-21578 ModApte, speed beside LibMultiLabel and scikit-learn, and growth.

    python experiments/benchmarks/labels.py FOLDER [--parts quality speed labels documents] [--libmultilabel PYTHON]

FOLDER holds ``reuters_modapte.jsonl.gz`` and ``newsgroups.jsonl.gz``. PYTHON runs in an environment with the package
``libmultilabel``; without it, that peer is left out. The table goes to ``labels.md`` beside this script, a section for
each part; the cache keeps results. One thread each: the process is bound to one core.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from label_peers.data import LabelledTexts, composed, near_labels, pool, reuters
from recording import machine, split_sections
from scipy.sparse import csr_matrix
from topics import remembered, settings

from copydesk.classifiers.label_tree import LabelTree
from copydesk.classifiers.linear import LinearSVM
from copydesk.evaluation.label_metrics import evaluate_labels
from copydesk.evaluation.label_predictions import LabelPredictions
from copydesk.features.tfidf import TfidfFeatures
from copydesk.labels.indicator import indicator_of
from copydesk.runs.fit import build_estimator, fit, predict_held_out
from copydesk.tasks import find_task

PACKAGES = ("scikit-learn", "numpy", "scipy", "numba")
TITLES = {
    "quality": "Reuters-21578 ModApte, 90 labels",
    "speed": "Processor seconds from raw texts, one thread each",
    "labels": "Growth with labels",
    "documents": "Growth with documents",
}
TFIDF: dict[str, Any] = {"ngram_range": (1, 2), "sublinear_tf": True}  # as in label_peers/worker.py
SHOWN = ("micro_f1", "macro_f1", "subset_accuracy", "precision_at_1", "precision_at_3", "average_precision")
ERRORS = ("label_ece", "given_ece")
CONFIGS = {
    "experiment=labels": [],
    "experiment=labels features=word": ["features=word"],
    "experiment=labels features=word classifier=label_tree, 12 labels in a leaf": [
        "features=word",
        "classifier=label_tree",
        "classifier.labels_per_leaf=12",
    ],
    "experiment=labels features=word decision.metric=macro_f1": ["features=word", "decision.metric=macro_f1"],
    "experiment=labels decision.metric=micro_f1": ["decision.metric=micro_f1"],
    "experiment=labels decision.metric=macro_f1": ["decision.metric=macro_f1"],
    "experiment=labels classifier=nb_svm": ["classifier=nb_svm"],
}
OPTIONS = "-s 1 -m 1 -B 1"  # of LIBLINEAR: its default in LibMultiLabel, with one thread and a bias
TECHNIQUES = ("1vsrest", "thresholding", "cost_sensitive", "tree")
Found = dict[str, Any]
Parts = tuple[LabelledTexts, LabelledTexts]


class LibMultiLabel:
    """Worker in LibMultiLabel's environment, with the texts of both parts."""

    def __init__(self, python: str, parts: Parts, folder: Path) -> None:
        worker = Path(__file__).parent / "label_peers" / "worker.py"
        self.process = subprocess.Popen(
            [python, str(worker)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.folder = folder
        file = folder / "texts.json"
        data = {name: part._asdict() for name, part in zip(("train", "test"), parts, strict=True)}
        file.write_text(json.dumps(data), encoding="utf-8")
        self.ask(do="read", path=str(file))

    def ask(self, **job: Any) -> Found:
        """Have a job done; return its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps(job), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"LibMultiLabel ended during {job}")
        answer: Found = json.loads(line)
        return answer

    def values(self) -> tuple[np.ndarray, list[str]]:
        """Return decision values of the test part and their labels."""
        self.ask(do="predict", out=str(self.folder / "values.npz"))
        with np.load(self.folder / "values.npz") as found:
            return found["values"], found["labels"].tolist()

    def close(self) -> None:
        """End the worker."""
        self.process.communicate('{"do": "stop"}\n')


class Flat:
    """copydesk from raw texts to scores: words and pairs of words, one against the rest or the tree."""

    def __init__(self, classifier: Any) -> None:
        self.classifier = classifier

    def fit(self, part: LabelledTexts) -> Found:
        """Fit; return seconds of features and solver."""
        from copydesk.estimator import TextClassifier

        start = time.process_time()
        y, self.names = indicator_of(part.labels)
        self.features = TfidfFeatures(**TFIDF, dtype="float32", n_jobs=1)  # as in conf/features
        X = self.features.fit_transform(part.texts)
        self.features.prepare()  # the peers' vocabularies, too, are ready for look-ups after training
        vectorised = time.process_time()
        self.classifier.fit(X, y)
        seconds = {"features": vectorised - start, "solver": time.process_time() - vectorised}
        self.model = TextClassifier(self.features, self.classifier)
        self.model.features_, self.model.classifier_, self.model.classes_ = self.features, self.classifier, self.names
        return seconds | {"seconds": sum(seconds.values())}

    def scores(self, texts: list[str]) -> Any:
        """Return decision values from raw texts."""
        return self.model.scores(texts, n_jobs=1)


class ScikitLearn:
    """scikit-learn's vectoriser and one against the rest."""

    def fit(self, part: LabelledTexts) -> Found:
        """Fit; return seconds of features and solver."""
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.multiclass import OneVsRestClassifier
        from sklearn.preprocessing import MultiLabelBinarizer
        from sklearn.svm import LinearSVC

        start = time.process_time()
        binarizer = MultiLabelBinarizer(sparse_output=True)
        y = binarizer.fit_transform(part.labels)
        self.vectorizer = TfidfVectorizer(**TFIDF)
        X = self.vectorizer.fit_transform(part.texts)
        vectorised = time.process_time()
        self.model = OneVsRestClassifier(LinearSVC()).fit(X, y)
        self.names = binarizer.classes_
        seconds = {"features": vectorised - start, "solver": time.process_time() - vectorised}
        return seconds | {"seconds": sum(seconds.values())}

    def scores(self, texts: list[str]) -> np.ndarray:
        """Return decision values from raw texts."""
        return np.asarray(self.model.decision_function(self.vectorizer.transform(texts)))


def judged(test: LabelledTexts, names: Sequence[str], scores: np.ndarray, resamples: int = 1000) -> Found:
    """Return the scores of labels given where a decision value is above 0."""
    from scipy.special import expit

    found = LabelPredictions.of(
        test.frame(), classes=names, predicted=csr_matrix(scores > 0), probabilities=expit(scores.astype(np.float64))
    )
    scored: Found = evaluate_labels(found, find_task("labels"), resamples=resamples)["scores"]
    return {name: scored[name] for name in SHOWN}


def quality(options: argparse.Namespace) -> list[str]:
    """Judge configs and peers on the published test part."""
    train, test = reuters(options.folder)
    peer: list[LibMultiLabel] = []
    ways: dict[str, Callable[[], Found]] = {
        f"**{name}**": lambda overrides=overrides: config(train, test, overrides) for name, overrides in CONFIGS.items()
    }
    ways["scikit-learn OneVsRest(LinearSVC)"] = lambda: by_scikit_learn(train, test)
    for technique in TECHNIQUES if options.libmultilabel else ():
        ways[f"LibMultiLabel {technique}"] = lambda technique=technique: by_libmultilabel(
            options, peer, (train, test), technique
        )
    found = {
        name: remembered(options.cache, f"quality {name.strip('*')}", way)
        for name, way in ways.items()
        if options.only is None or name.strip("*") in options.only
    }
    for each in peer:
        each.close()
    heads = ["model", *(name.replace("_", " ") for name in SHOWN), "calibration error by label, %", "where given, %"]
    heads += ["training, s"]
    lines = [
        f"{len(train.texts):,} and {len(test.texts):,} documents. Thresholds and calibration were set on the training "
        "part alone. Intervals: 95 %, documents drawn anew. Peers give what is above their threshold, of words and "
        "pairs of words, sublinear tf-idf; LibMultiLabel with its default solver and a bias. Training: processor "
        "time from raw texts, once, with calibration and thresholds where a model has them.",
        "",
        f"| {' | '.join(heads)} |",
        f"|{'---|' * len(heads)}",
    ]
    for name, scores in found.items():
        cells = [*(cell(scores[each]) for each in SHOWN), *(percent(scores.get(each)) for each in ERRORS)]
        cells.append(f"{scores['seconds']:.1f}" if "seconds" in scores else "–")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def config(train: LabelledTexts, test: LabelledTexts, overrides: list[str]) -> Found:
    """Train a config as a run does; return its scores."""
    task = find_task("labels")
    start = time.process_time()
    model = fit(build_estimator(settings("labels", overrides)), train.frame(), task)
    taken = time.process_time() - start
    scored = evaluate_labels(predict_held_out(model, test.frame(), task, 0), task)["scores"]
    return {name: scored[name] for name in (*SHOWN, *ERRORS)} | {"seconds": taken}


def by_scikit_learn(train: LabelledTexts, test: LabelledTexts) -> Found:
    """Train scikit-learn's pipeline; return its scores."""
    model = ScikitLearn()
    taken = model.fit(train)["seconds"]
    return judged(test, model.names, model.scores(test.texts)) | {"seconds": taken}


def by_libmultilabel(options: argparse.Namespace, peer: list[LibMultiLabel], parts: Parts, technique: str) -> Found:
    """Train with a technique of LibMultiLabel; return its scores."""
    if not peer:
        peer.append(LibMultiLabel(options.libmultilabel, parts, options.scratch))
    taken = peer[0].ask(do="fit", technique=technique, options=OPTIONS)["seconds"]
    values, names = peer[0].values()
    return judged(parts[1], names, values - 0.5 if technique == "tree" else values) | {"seconds": taken}


def cell(score: Found) -> str:
    """Return a score with its interval."""
    return f"{score['value']:.3f} ({score['low']:.3f}–{score['high']:.3f})"


def percent(score: Found | None) -> str:
    """Return a share in percent; a dash where there is none."""
    return "–" if score is None or score["value"] is None else f"{100 * score['value']:.2f}"


def speed(options: argparse.Namespace) -> list[str]:
    """Time training and prediction in turn, all on the same texts."""
    parts = train, test = reuters(options.folder)
    ours, theirs = Flat(LinearSVM(n_jobs=1)), ScikitLearn()
    ours.fit(LabelledTexts(train.texts[:500], train.labels[:500]))  # compiles
    ours.scores(test.texts[:50])
    work: dict[str, list[Callable[[], float]]] = {
        "**copydesk**": [lambda: ours.fit(train)["seconds"], lambda: seconds(lambda: ours.scores(test.texts))],
        "scikit-learn OneVsRest(LinearSVC)": [
            lambda: theirs.fit(train)["seconds"],
            lambda: seconds(lambda: theirs.scores(test.texts)),
        ],
    }
    if options.libmultilabel:
        peer = LibMultiLabel(options.libmultilabel, parts, options.scratch)
        for technique in ("1vsrest", "tree"):
            name = f"LibMultiLabel {technique}"
            job = {"do": "fit", "technique": technique, "options": OPTIONS}
            work[name] = [lambda job=job: peer.ask(**job)["seconds"], lambda: peer.ask(do="predict")["seconds"]]
    taken: dict[str, list[list[float]]] = {name: [[], []] for name in work}
    for _ in range(options.repeats):
        for name, (train_once, predict_once) in work.items():
            taken[name][0].append(train_once())
            taken[name][1].append(predict_once())
    medians = {name: [statistics.median(each) for each in pair] for name, pair in taken.items()}
    first = medians["**copydesk**"]
    lines = [
        f"{len(train.texts):,} and {len(test.texts):,} documents, 90 labels; words and pairs of words, from raw texts "
        f"to decision values. Medians of {options.repeats} runs, in turn, of processor time. copydesk computes in "
        "float32, as its configs do; the peers in float64, the only type that LIBLINEAR has.",
        "",
        "| | training, s | ratio | prediction, s | ratio |",
        "|---|---|---|---|---|",
    ]
    for name, (training, predicting) in medians.items():
        ratios = (
            ["", ""] if name == "**copydesk**" else [f"{training / first[0]:.1f}×", f"{predicting / first[1]:.1f}×"]
        )
        lines.append(f"| {name} | {training:.2f} | {ratios[0]} | {predicting:.3f} | {ratios[1]} |")
    return lines


def seconds(work: Callable[[], Any]) -> float:
    """Return the processor time that something takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def growth_with_labels(options: argparse.Namespace) -> list[str]:
    """Time the tree and one against the rest over synthetic labels of real texts."""
    texts = composed(pool(options.folder), options.texts)
    rows = []
    for n_labels in (10, 100, 1_000, 5_000, 10_000):
        for name in ("one against the rest", "label_tree", "LibMultiLabel tree"):
            skipped = (name == "one against the rest" and n_labels > 1_000) or (
                name.startswith("Lib") and not options.libmultilabel
            )
            if not skipped:
                key = f"labels {n_labels} {name} {options.texts}"
                rows.append(remembered(options.cache, key, lambda: in_own_process(options, name, texts, n_labels)))
    return [
        f"{options.texts:,} real texts, nine tenths for training; the r-th label is on a tenth / r of "
        "them, 10 at least, those nearest to a text of its own. Processor time, each in a process of its own, once.",
        "",
        *growth_table(rows),
    ]


def growth_with_documents(options: argparse.Namespace) -> list[str]:
    """Time one against the rest over growing numbers of texts."""
    texts = pool(options.folder)
    rows = []
    for n in options.documents:
        key = f"documents {n}"
        rows.append(
            remembered(
                options.cache, key, lambda: in_own_process(options, "one against the rest", composed(texts, n), 100)
            )
        )
    return [
        "100 synthetic labels; beyond 28,000 texts, halves of two real ones. Processor time, each in a "
        "process of its own, once.",
        "",
        *growth_table(rows),
    ]


def growth_table(rows: list[Found]) -> list[str]:
    """Return the rows of a growth table."""
    lines = [
        "| documents | labels | labels per document | model | features, s | solver, s | prediction, s | micro-F1 | "
        "nDCG at 5 | weights, millions | memory, MB |",
        f"|{'---|' * 11}",
    ]
    for row in rows:
        lines.append(
            f"| {row['documents']:,} | {row['labels']:,} | {row['per_document']:.1f} | {row['model']} "
            f"| {row['features']:.1f} | {row['solver']:.1f} | {row['predict']:.2f} | {row['micro_f1']:.3f} "
            f"| {row['ndcg_at_5']:.3f} | {row['weights']} | {row['megabytes']:,.0f} |"
        )
    return lines


def in_own_process(options: argparse.Namespace, model: str, texts: list[str], n_labels: int) -> Found:
    """Measure a model of synthetic labels; a new process, so that its memory can be told."""
    labels = near_labels(texts, n_labels)
    file = options.scratch / "growth.json"
    file.write_text(json.dumps({"texts": texts, "labels": labels}), encoding="utf-8")
    if model.startswith("LibMultiLabel"):
        return grown_by_peer(options, LabelledTexts(texts, labels), n_labels)
    done = subprocess.run(
        [sys.executable, __file__, str(options.folder), "--grow", str(file), model], capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: Found = json.loads(done.stdout)
    return found


def cut(data: LabelledTexts) -> Parts:
    """Return nine tenths for training, the rest for prediction."""
    border = len(data.texts) * 9 // 10
    return (
        LabelledTexts(data.texts[:border], data.labels[:border]),
        LabelledTexts(data.texts[border:], data.labels[border:]),
    )


def grown(file: Path, name: str) -> Found:
    """Fit and judge one of copydesk's classifiers on synthetic labels."""
    import resource

    data = json.loads(file.read_text(encoding="utf-8"))
    train, test = cut(LabelledTexts(data["texts"], [tuple(each) for each in data["labels"]]))
    tree = name == "label_tree"
    model = Flat(LabelTree(LinearSVM(n_jobs=1)) if tree else LinearSVM(n_jobs=1))
    model.fit(LabelledTexts(train.texts[:300], train.labels[:300]))  # compiles
    model.scores(test.texts[:20])
    if not tree:
        model.classifier = LinearSVM(n_jobs=1)
    found = model.fit(train)
    predicting = seconds(lambda: model.scores(test.texts))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    scores = model.scores(test.texts)
    weights = model.classifier.weight_ if tree else model.classifier.weights_
    more = summary(test, list(model.names), scores)
    return {
        **found, **more, "model": name, "documents": len(data["texts"]), "labels": len(model.names),
        "predict": predicting, "megabytes": megabytes, "weights": f"{np.count_nonzero(weights) / 1e6:.1f}",
    }  # fmt: skip


def summary(test: LabelledTexts, names: list[str], scores: np.ndarray) -> Found:
    """Return micro-F1 above 0, nDCG at 5 and the number of labels of a document."""
    from scipy.special import expit

    judged = LabelPredictions.of(
        test.frame(), classes=names, predicted=csr_matrix(scores > 0), probabilities=expit(scores.astype(np.float64))
    )
    from copydesk.evaluation.label_counts import LabelCounts

    counts = LabelCounts(judged)
    sums = counts.document_scores(counts.by_document().sum(axis=0, keepdims=True))
    return {
        "micro_f1": float(sums["micro_f1"][0]),
        "ndcg_at_5": float(sums["ndcg_at_5"][0]),
        "per_document": float(np.mean([len(each) for each in test.labels])),
    }


def grown_by_peer(options: argparse.Namespace, data: LabelledTexts, n_labels: int) -> Found:
    """Fit and judge LibMultiLabel's tree on synthetic labels."""
    train, test = cut(data)
    peer = LibMultiLabel(options.libmultilabel, (train, test), options.scratch)
    found = peer.ask(do="fit", technique="tree", options=OPTIONS)
    predicting = peer.ask(do="predict")
    values, names = peer.values()
    peer.close()
    return {
        **found, **summary(test, names, values - 0.5), "model": "LibMultiLabel tree", "documents": len(data.texts),
        "labels": n_labels, "predict": predicting["seconds"], "megabytes": predicting["megabytes"], "weights": "–",
    }  # fmt: skip


PARTS = {"quality": quality, "speed": speed, "labels": growth_with_labels, "documents": growth_with_documents}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--libmultilabel", metavar="PYTHON", help="Python of an environment with libmultilabel")
    parser.add_argument("--only", nargs="+", help="rows of the first table to measure; all")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--texts", type=int, default=20_000, help="texts of the growth with labels")
    parser.add_argument("--documents", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--cache", type=Path, help="keep what was found here, and go on from it")
    parser.add_argument("--scratch", type=Path, default=Path(), help="folder for files given to the workers")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(".md"), help="where the tables go")
    parser.add_argument("--grow", nargs=2, metavar=("FILE", "MODEL"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # libraries start as many threads as there are cores
    if options.grow:
        print(json.dumps(grown(Path(options.grow[0]), options.grow[1])))
        return
    old, _, remarks = (options.out.read_text(encoding="utf-8") if options.out.exists() else "").partition("\n---\n")
    sections = split_sections(old)
    for part in options.parts:
        lines = PARTS[part](options)
        sections[TITLES[part]] = f"{machine(PACKAGES)}.\n\n" + "\n".join(lines)
        body = "\n".join(f"## {title}\n\n{sections[title].strip()}\n" for title in TITLES.values() if title in sections)
        text = f"# Sets of labels\n\n`labels.py`; one thread each.\n\n{body}" + (f"\n---\n{remarks}" if remarks else "")
        options.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
