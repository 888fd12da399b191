"""An exported pipeline is scikit-learn's alone, and gives the same scores."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from copydesk.bundle import save_bundle
from copydesk.classifiers.decision import Argmax
from copydesk.classifiers.linear import LinearSVM, LogisticRegression
from copydesk.classifiers.nb import NBWeighted
from copydesk.cli import main
from copydesk.commands.export import to_sklearn
from copydesk.errors import ModelError
from copydesk.estimator import TextClassifier
from copydesk.features.tfidf import TfidfFeatures
from helpers.little_topics import LABELS, TEXTS


@pytest.mark.parametrize("classifier", [LinearSVM(), LogisticRegression(), NBWeighted(LinearSVM())])
@pytest.mark.parametrize(
    "features",
    [
        TfidfFeatures(ngram_range=(1, 2), sublinear_tf=True),
        TfidfFeatures(families=[{}, {"analyzer": "char_wb", "ngram_range": (2, 3), "weight": 0.5}]),
    ],
)
def test_scores_and_labels_are_the_same(features: Any, classifier: Any) -> None:
    model = TextClassifier(features, classifier, Argmax()).fit(TEXTS, LABELS)
    plain = to_sklearn(model)
    np.testing.assert_allclose(plain.decision_function(TEXTS), model.scores(TEXTS), atol=1e-9)
    assert plain.predict(TEXTS).tolist() == model.predict(TEXTS).tolist()


def test_the_file_is_read_where_copydesk_is_not(tmp_path: Path) -> None:
    model = TextClassifier(TfidfFeatures(), LinearSVM(), Argmax()).fit(TEXTS, LABELS)
    save_bundle(tmp_path / "model", model, {"task": "topic", "classes": sorted(set(LABELS))})
    file = tmp_path / "m.joblib"
    assert main(["export", "--model", str(tmp_path / "model"), "-o", str(file)]) == 0
    assert main(["export", "--model", str(tmp_path / "model"), "-o", str(file)]) == 5  # not over what is there
    code = (
        "import sys, joblib; sys.modules['copydesk'] = None; "
        "print(*joblib.load(sys.argv[1]).predict(['oven bread', 'pawn']))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(file)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["bread", "chess"]


@pytest.mark.parametrize(
    ("features", "named"),
    [
        (TfidfFeatures(bm25_k1=1.2), "features.bm25_k1=1.2: scikit-learn has no such weight; features=topics, word"),
        (TfidfFeatures(n_features=1024), "features.n_features: scikit-learn hashes otherwise; features=topics, word"),
    ],
)
def test_what_scikit_learn_has_not_is_named(features: TfidfFeatures, named: str) -> None:
    model = TextClassifier(features, LinearSVM(), Argmax()).fit(TEXTS, LABELS)
    with pytest.raises(ModelError, match=named):
        to_sklearn(model)


@pytest.mark.parametrize("part", ["first_line", "title"])
def test_parts_of_a_text_are_cut_as_copydesk_does_without_it(tmp_path: Path, part: str) -> None:
    heads = (
        "From: me\nSubject: oven\n more\n\n",
        "pawn\n",
        "",
        "\n",
        "Subject:bread\nX: y\n",
        "not a header\nSubject: no\n",
    )
    texts = [head + text for head in heads for text in TEXTS]
    features = TfidfFeatures(families=[{}, {"part": part, "weight": 0.7}])
    model = TextClassifier(features, LinearSVM(), Argmax()).fit(texts, LABELS * len(heads))
    save_bundle(tmp_path / "model", model, {"task": "topic", "classes": sorted(set(LABELS))})
    file = tmp_path / "m.joblib"
    assert main(["export", "--model", str(tmp_path / "model"), "-o", str(file)]) == 0
    code = (
        "import json, sys, joblib; sys.modules['copydesk'] = None; "
        "print(json.dumps(joblib.load(sys.argv[1]).decision_function(json.load(sys.stdin)).tolist()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    np.testing.assert_allclose(json.loads(done.stdout), model.scores(texts), atol=1e-9)


def test_an_output_of_another_format_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "--model", str(tmp_path), "-o", "m.onnx"]) == 2
    assert capsys.readouterr().err == ("copydesk: --output m.onnx: export writes joblib files only; name it m.joblib\n")
