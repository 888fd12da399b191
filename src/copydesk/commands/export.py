"""``copydesk export``: writes a topic model as a scikit-learn pipeline, which runs without copydesk."""

from __future__ import annotations

import argparse
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from copydesk.errors import ConfigError, ModelError, ResourceError, escaped
from copydesk.features.ngrams.titles import SUBJECT
from copydesk.models.loading import find_model
from copydesk.resources import replacement
from copydesk.streams.conflicts import check_output
from copydesk.tasks import TOPIC_TASK

EXPORT_SUFFIXES = (".joblib", ".pkl", ".pickle")
# Patterns of a whole text, of which the groups are the part that ``features.ngrams`` reads.
PARTS = {
    "first_line": r"\A([^\n]*)()[\s\S]*",
    "title": rf"\A(?:{SUBJECT}|([^\n]*))[\s\S]*",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``copydesk export``."""
    parser.add_argument(
        "--model", required=True, help="a model's or run's folder, or an experiment's name: its latest run"
    )
    parser.add_argument("--format", choices=("joblib",), default="joblib")
    parser.add_argument("--output", "-o", required=True, metavar="FILE", help="file to write, such as model.joblib")
    parser.add_argument("--force", action="store_true", help="replace an existing file")


def run(args: argparse.Namespace) -> int:
    """Write the pipeline; return the exit code.

    Raises
    ------
    ModelError
        scikit-learn has no counterpart of a part of the model.
    ResourceError
        The file already exists, or can't be written.
    """
    target, model = Path(args.output), find_model(args.model)
    check_output("--output", target, [model], aside=("",))
    check_target(target, args.force)

    import joblib

    from copydesk.bundle import load_bundle

    estimator, _ = load_bundle(model, task=TOPIC_TASK.name)
    pipeline = to_sklearn(estimator)
    try:
        with replacement(target) as aside:
            joblib.dump(pipeline, aside)
    except OSError as error:
        raise ResourceError(f"{target}: can't be written: {error.strerror}") from None
    print(f"{target}: a scikit-learn pipeline; load it with joblib.load, which runs code that a file brings")
    return 0


def check_target(target: Path, force: bool) -> None:
    """Check the name of the file to write.

    Raises
    ------
    ConfigError
        It is of another format, a folder, or in a folder that does not exist.
    ResourceError
        The file already exists.
    """
    if target.suffix.lower() not in EXPORT_SUFFIXES:
        raise ConfigError(
            f"--output {escaped(target)}: export writes joblib files only; name it "
            f"{escaped(target.with_suffix('.joblib').name)}"
        )
    if target.is_dir() or not target.absolute().parent.is_dir():
        raise ConfigError(f"--output {escaped(target)}: is a folder, or its parent folder does not exist")
    if target.exists() and not force:
        raise ResourceError(f"{escaped(target)}: already exists; give --force to replace it")


def to_sklearn(estimator: Any) -> Any:
    """Return features and classifier as a ``sklearn.pipeline.Pipeline`` that takes texts and predicts labels.

    Calibration and abstention are dropped: the pipeline returns decision values and the likeliest label.

    Raises
    ------
    ModelError
        Names the part without a counterpart in scikit-learn.
    """
    from sklearn.pipeline import Pipeline

    return Pipeline([("features", _features(estimator.features_)), ("classifier", _classifier(estimator.classifier_))])


def _features(features: Any) -> Any:
    from sklearn.pipeline import FeatureUnion

    from copydesk.features.tfidf import TfidfFeatures

    if not isinstance(features, TfidfFeatures):
        return features
    parts, weights = [], {}
    for number, (family, options) in enumerate(zip(features.families_, features.family_options(), strict=True)):
        parts.append((f"family{number}", _vectorizer(features, family, options)))
        weights[f"family{number}"] = options["weight"]
    if len(parts) == 1 and weights["family0"] == 1:
        return parts[0][1]
    return FeatureUnion(parts, transformer_weights=weights)


def _vectorizer(features: Any, family: Any, options: dict[str, Any]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    missing = {
        "features.n_features: scikit-learn hashes otherwise": options["n_features"] is not None,
        f"features.bm25_k1={options['bm25_k1']}: scikit-learn has no such weight": options["bm25_k1"],
        "features.concentration without use_idf: scikit-learn has no such weight": options["concentration"]
        and not options["use_idf"],
    }
    for reason, is_so in missing.items():
        if is_so:
            raise ModelError(f"{reason}; features=topics, word and word_char can be exported")
    same = ("analyzer", "ngram_range", "token_pattern", "stop_words", "binary", "sublinear_tf", "use_idf", "norm")
    vectorizer = TfidfVectorizer(
        **{name: options[name] for name in same},
        lowercase=features.lowercase,
        strip_accents=features.strip_accents,
        dtype=np.dtype(features.dtype).type,
        vocabulary={term: column for column, term in enumerate(family.strings())},
    )
    vectorizer.fit([""])
    if options["use_idf"]:
        vectorizer.idf_ = family.idf_
    if options["part"] == "text":
        return vectorizer
    # of the standard library alone, so that the file loads without copydesk
    cut = partial(map, partial(re.compile(PARTS[options["part"]]).sub, r"\1\2"))
    return make_pipeline(FunctionTransformer(cut), vectorizer)


def _classifier(classifier: Any) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    # A fitted NBWeighted is an ordinary linear classifier, which LinearSVC can hold.
    kinds = {"LinearSVM": LinearSVC, "LogisticRegression": LogisticRegression, "NBWeighted": LinearSVC}
    kind = kinds.get(type(classifier).__name__)
    if type(classifier).__module__.startswith("sklearn."):
        return classifier
    if kind is None:
        raise ModelError(f"{type(classifier).__name__}: scikit-learn has no such classifier; can't be exported")
    plain = kind(C=getattr(getattr(classifier, "classifier", classifier), "C", 1.0))
    plain.classes_ = classifier.classes_.astype(str)
    plain.coef_ = np.ascontiguousarray(classifier.coef_)
    plain.intercept_ = np.atleast_1d(classifier.intercept_)
    plain.n_features_in_ = plain.coef_.shape[1]
    return plain
