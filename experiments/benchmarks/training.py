"""Training from raw texts: copydesk and peers, the solver and LIBLINEAR, and a path over C and its largest C.

    python experiments/benchmarks/training.py [FOLDER] [--parts pipeline others solver path] [--repeats 5]

FOLDER holds ``newsgroups.jsonl.gz``; without it the data lies beside the checkout. The table goes to ``training.md``
beside this script, a section for each part. ``--parts tune`` tunes fastText anew, on the training part alone.
All run warm, in turn, in one process; times are medians, ratios those of medians.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from topic_peers import record
from topic_peers.contestants import (
    TUNED,
    Contestant,
    Copydesk,
    FastText,
    ScikitLearn,
    VowpalWabbit,
    hashing_and_sgd,
    tfidf_and_linear_svc,
)
from topic_peers.corpus import FOLDER, Part, newsgroups

TITLES = {
    "pipeline": "Raw texts to a fitted model",
    "others": "The same beside online learners",
    "solver": "The solver alone",
    "path": "A path over C",
}
HEAD = "# Training\n\n`training.py`: 20 Newsgroups by date, headers in."
CS = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]


def pipeline(train: Part, test: Part, repeats: int, peer_repeats: int) -> list[str]:
    """Time those with a target from raw texts on, with accuracy beside."""
    field: list[tuple[Contestant, int]] = [
        (Copydesk("**copydesk**, one thread", 1), repeats),
        (Copydesk("**copydesk**, two threads", 2), repeats),
        (Copydesk("copydesk, terms of two messages at least", 1, "features.min_df=2"), repeats),
        (ScikitLearn("scikit-learn TfidfVectorizer(1, 2) + LinearSVC", tfidf_and_linear_svc), peer_repeats),
        (FastText("fastText, tuned"), peer_repeats),
        (FastText("fastText, as it comes", {}), 1),
    ]
    return [*race(field, train, test), "", tuned_by()]


def others(train: Part, test: Part, repeats: int, peer_repeats: int) -> list[str]:
    """Time those without a target in the same way."""
    field: list[tuple[Contestant, int]] = [
        (Copydesk("**copydesk**, one thread", 1), repeats),
        (Copydesk("**copydesk**, two threads", 2), repeats),
        (VowpalWabbit("Vowpal Wabbit, --ngram 2 -b 22 --passes 5", "--ngram 2 -b 22 --passes 5"), 1),
        (ScikitLearn("scikit-learn HashingVectorizer(1, 2) + SGDClassifier(alpha=1e-5)", hashing_and_sgd), 1),
    ]
    return race(field, train, test)


def race(field: list[tuple[Contestant, int]], train: Part, test: Part) -> list[str]:
    """Return the table of contestants, each trained some times; ratios are to the first two."""
    for each, _ in field:
        if isinstance(each, Copydesk):  # compiles
            each.fit((train.texts[::20], train.labels[::20]))
    given = [each.material(train.texts, train.labels) for each, _ in field]
    work = [(lambda each=each, mine=mine: each.fit(mine), n) for (each, n), mine in zip(field, given, strict=True)]
    taken = record.in_turn(work)
    lines = [
        f"{len(train.texts):,} messages, {train.megabytes:.1f} MB. Medians. Accuracy on the test part; "
        "copydesk is what `copydesk train` fits by default.",
        "",
        "| | threads | runs | seconds | processor seconds | copydesk on one thread / on two | accuracy |",
        "|---|---|---|---|---|---|---|",
    ]
    for (each, n), mine in zip(field, taken, strict=True):
        said = np.asarray(each.predict(each.questions(test.texts)))
        right = 100 * np.mean(said == np.asarray(test.labels))
        ratios = (
            "" if isinstance(each, Copydesk) else f"{mine.wall / taken[0].wall:.1f}x / {mine.wall / taken[1].wall:.1f}x"
        )
        seconds = f"{mine.wall:.2f} | {mine.cpu:.2f}"
        lines.append(f"| {each.name} | {each.threads} | {n} | {seconds} | {ratios} | {right:.2f} % |")
    return lines


def tuned_by() -> str:
    """Describe fastText's options and how they were found."""
    import json

    found = json.loads(TUNED.read_text())
    options = ", ".join(f"{key}={value}" for key, value in found["options"].items())
    return (
        "fastText reads texts that were normalised, put in random order and written to a file beforehand, for free. "
        f"fastText's options ({options}) were found on a held-out fifth of the training part: {found['budget']}, "
        f"the best {100 * found['held_out_accuracy']:.2f} % there."
    )


def objective(model: Any, X: Any, y: Any) -> float:
    """Return the sum of all classes' primal objectives, squared hinge, intercept penalised as LIBLINEAR does."""
    scores = np.asarray(X @ model.coef_.T + model.intercept_)
    sign = np.where(y[:, None] == model.classes_[None, :], 1.0, -1.0)
    loss = model.C * (np.maximum(0, 1 - sign * scores) ** 2).sum()
    return float(0.5 * ((model.coef_**2).sum() + (model.intercept_**2).sum()) + loss)


def matrices(train: Part, test: Part, dtype: Any) -> tuple[Any, Any, Any, Any]:
    from copydesk.features.tfidf import TfidfFeatures

    features = TfidfFeatures(ngram_range=(1, 2), dtype=dtype)
    X, X_test = features.fit_transform(train.texts), features.transform(test.texts)
    return X, np.asarray(train.labels), X_test, np.asarray(test.labels)


def solver(train: Part, test: Part, repeats: int, peer_repeats: int) -> list[str]:
    """Compare with LIBLINEAR on one matrix: seconds, objective, weights, labels."""
    from sklearn.svm import LinearSVC

    from copydesk.classifiers.linear import LinearSVM

    X, y, X_test, y_test = matrices(train, test, np.float64)
    single = X.astype(np.float32)
    runs = [
        ("copydesk LinearSVM, float32", LinearSVM(), single, "1", repeats),
        ("copydesk LinearSVM, float32", LinearSVM(n_jobs=2), single, "2", repeats),
        ("copydesk LinearSVM", LinearSVM(), X, "1", repeats),
        ("scikit-learn LinearSVC", LinearSVC(tol=0.1), X, "1", peer_repeats),
        ("copydesk LinearSVM", LinearSVM(tol=1e-4), X, "1", peer_repeats),
        ("scikit-learn LinearSVC", LinearSVC(), X, "1", peer_repeats),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # all must converge
        taken = record.in_turn(
            [(lambda model=model, data=data: model.fit(data, y), n) for _, model, data, _, n in runs]
        )
        best = LinearSVM(tol=1e-6, max_iter=100_000).fit(X, y)
    least, labels = objective(best, X, y), best.predict(X_test)
    lines = [
        f"{X.shape[0]:,} rows of {X.shape[1]:,} columns, {X.nnz:,} values, 20 classes, C=1, squared hinge. "
        f"The optimum is that of LinearSVM at tol=1e-6, objective {least:.6f}.",
        "",
        "| | tol | threads | seconds | processor seconds | objective above the optimum "
        "| weights' largest difference | their correlation | same labels, test | accuracy |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (name, model, _, threads, _), mine in zip(runs, taken, strict=True):
        W, W_best = model.coef_.ravel(), best.coef_.ravel()
        said = model.predict(X_test)
        lines.append(
            f"| {name} | {model.tol:g} | {threads} | {mine.wall:.2f} | {mine.cpu:.2f} | "
            f"{objective(model, X, y) / least - 1:.1e} | {np.abs(W - W_best).max():.1e} | "
            f"{np.corrcoef(W, W_best)[0, 1]:.8f} | {100 * np.mean(said == labels):.2f} % | "
            f"{100 * np.mean(said == y_test):.2f} % |"
        )
    a, b = runs[4][1], runs[5][1]
    apart = np.abs(a.coef_ - b.coef_).max()
    return [*lines, "", f"Both at tol=1e-4: weights differ by at most {apart:.1e}."]


def path(train: Part, test: Part, repeats: int, peer_repeats: int) -> list[str]:
    """Compare a path over C with its largest C alone, and with single fits."""
    from sklearn.base import clone

    from copydesk.classifiers.linear import LinearSVM, LogisticRegression
    from copydesk.classifiers.regularization_path import fit_path

    X, y, *_ = matrices(train, test, np.float32)
    lines = [
        f"C = {', '.join(f'{C:g}' for C in CS)}; the same matrix in float32, one thread, tol as it comes.",
        "",
        "| | whole path, processor seconds | largest C alone | ratio | each C alone | passes: path, largest, each |",
        "|---|---|---|---|---|---|",
    ]
    for model, times in ((LinearSVM(), repeats), (LogisticRegression(), 1)):
        alone = [clone(model).set_params(C=C) for C in CS]
        kept: list[Any] = []

        def whole() -> None:
            kept[:] = [fitted.n_iter_ for fitted in fit_path(model, X, y, CS)]

        work = [(whole, times), *((lambda one=one: one.fit(X, y), times) for one in alone)]
        all_of_them, *single = record.in_turn(work)
        passes = f"{sum(kept)}, {alone[-1].n_iter_}, {sum(one.n_iter_ for one in alone)}"
        lines.append(
            f"| {type(model).__name__} | {all_of_them.cpu:.2f} | {single[-1].cpu:.2f} | "
            f"{all_of_them.cpu / single[-1].cpu:.2f} | {sum(one.cpu for one in single):.2f} | {passes} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=FOLDER)
    parser.add_argument("--parts", nargs="+", choices=[*TITLES, "tune"], default=list(TITLES))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peer-repeats", type=int, default=3, help="of those that take long")
    args = parser.parse_args()
    train, test = (newsgroups(args.folder, split) for split in ("train", "test"))
    for part in args.parts:
        if part == "tune":
            from topic_peers.tuning import tune

            tune(train)
            continue
        lines = {"pipeline": pipeline, "others": others, "solver": solver, "path": path}[part](
            train, test, args.repeats, args.peer_repeats
        )
        record.save(Path(__file__).with_suffix(".md"), HEAD, TITLES, part, lines)


if __name__ == "__main__":
    main()
