"""Raw texts to a fitted model beside peers, the solver beside LIBLINEAR, and a path over C beside its largest C.

    python experiments/benchmarks/training.py [FOLDER] [--parts pipeline solver path] [--repeats 5]

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
    "solver": "The solver alone",
    "path": "A path over C",
}
HEAD = "# Training\n\n`training.py`: 20 Newsgroups by date, headers in."
CS = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]


def pipeline(train: Part, test: Part, repeats: int, peer_repeats: int) -> list[str]:
    """Time every contestant from raw texts on, with its accuracy beside it."""
    field: list[Contestant] = [
        Copydesk("**copydesk**, one thread", 1),
        Copydesk("**copydesk**, two threads", 2),
        Copydesk("copydesk, terms of two messages at least", 1, "features.min_df=2"),
        ScikitLearn("scikit-learn TfidfVectorizer(1, 2) + LinearSVC", tfidf_and_linear_svc),
        FastText("fastText, tuned"),
        FastText("fastText, as it comes", {}),
        ScikitLearn("scikit-learn HashingVectorizer(1, 2) + SGDClassifier", hashing_and_sgd, shown=True),
        VowpalWabbit("Vowpal Wabbit", "--ngram 2 -b 22 --passes 5"),
    ]
    for ours in field[:3]:  # compiles
        ours.fit((train.texts[::20], train.labels[::20]))
    given = [each.material(train.texts, train.labels) for each in field]
    times = [repeats if isinstance(each, Copydesk) else 1 if each.shown else peer_repeats for each in field]
    work = [(lambda each=each, mine=mine: each.fit(mine), n) for each, mine, n in zip(field, given, times, strict=True)]
    taken = record.in_turn(work)
    lines = [
        f"{len(train.texts):,} messages, {train.megabytes:.1f} MB. Medians. Accuracy on the test part; "
        "copydesk is what `copydesk train` fits by default.",
        "",
        "| | threads | runs | seconds | copydesk on one thread / on two | accuracy |",
        "|---|---|---|---|---|---|",
    ]
    for each, mine, n in zip(field, taken, times, strict=True):
        said = np.asarray(each.predict(each.questions(test.texts)))
        ratios = "" if isinstance(each, Copydesk) else f"{mine / taken[0]:.1f}x / {mine / taken[1]:.1f}x"
        right = 100 * np.mean(said == np.asarray(test.labels))
        lines.append(f"| {each.name} | {each.threads} | {n} | {mine:.2f} | {ratios} | {right:.2f} % |")
    return [*lines, "", tuned_by()]


def tuned_by() -> str:
    """Say what fastText's options are and how they were found."""
    import json

    found = json.loads(TUNED.read_text())
    options = ", ".join(f"{key}={value}" for key, value in found["options"].items())
    return (
        f"fastText and Vowpal Wabbit read texts that were normalised and written to a file beforehand, for free. "
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
        "| | tol | threads | seconds | objective above the optimum | weights' largest difference | their correlation "
        "| same labels, test | accuracy |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (name, model, _, threads, _), mine in zip(runs, taken, strict=True):
        W, W_best = model.coef_.ravel(), best.coef_.ravel()
        said = model.predict(X_test)
        lines.append(
            f"| {name} | {model.tol:g} | {threads} | {mine:.2f} | {objective(model, X, y) / least - 1:.1e} | "
            f"{np.abs(W - W_best).max():.1e} | {np.corrcoef(W, W_best)[0, 1]:.8f} | "
            f"{100 * np.mean(said == labels):.2f} % | {100 * np.mean(said == y_test):.2f} % |"
        )
    a, b = runs[4][1], runs[5][1]
    apart = np.abs(a.coef_ - b.coef_).max()
    return [*lines, "", f"Both at tol=1e-4: weights differ by at most {apart:.1e}."]


def path(train: Part, test: Part, repeats: int, peer_repeats: int) -> list[str]:
    """Compare a path over C with its largest C alone, and with single fits."""
    from sklearn.base import clone

    from copydesk.classifiers.linear import LinearSVM, LogisticRegression
    from copydesk.classifiers.path import fit_path

    X, y, *_ = matrices(train, test, np.float32)
    lines = [
        f"C = {', '.join(f'{C:g}' for C in CS)}; the same matrix in float32, one thread, tol as it comes.",
        "",
        "| | whole path, s | largest C alone, s | ratio | each C alone, s | passes: path, largest, each |",
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
            f"| {type(model).__name__} | {all_of_them:.2f} | {single[-1]:.2f} | {all_of_them / single[-1]:.2f} | "
            f"{sum(single):.2f} | {passes} |"
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
        lines = {"pipeline": pipeline, "solver": solver, "path": path}[part](
            train, test, args.repeats, args.peer_repeats
        )
        record.save(Path(__file__).with_suffix(".md"), HEAD, TITLES, part, lines)


if __name__ == "__main__":
    main()
