"""What led a model astray: exact shares of its lead, in place; and what it goes by at all."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from copydesk.classifiers.decision import Argmax
from copydesk.classifiers.linear import LinearSVM
from copydesk.estimator import TextClassifier
from copydesk.evaluation.predictions import Predictions
from copydesk.explanations.contributions import contrast
from copydesk.features.tfidf import TfidfFeatures
from copydesk.reports.highlights import highlights
from copydesk.tasks import BOILERPLATE_TASK, TOPIC_TASK
from helpers import little_desk
from helpers.judged import frame_of

TEXTS = [
    "ferry harbour tide",
    "harbour crew sails",
    "oven flour yeast",
    "dough oven crust",
    "pawn queen check",
    "gambit",
]
LABELS = ["boats", "boats", "bread", "bread", "chess", "chess"]
MODEL = TextClassifier(TfidfFeatures(families=[{"ngram_range": (1, 2)}]), LinearSVM(tol=1e-6), Argmax())


@pytest.fixture(scope="module")
def model() -> TextClassifier:
    return MODEL.fit(TEXTS, LABELS)


def judged(model: TextClassifier, texts: list[str], labels: list[str]) -> tuple[object, Predictions]:
    rows = [{"text": t, "label": k, "document": f"d{n}"} for n, (t, k) in enumerate(zip(texts, labels, strict=True))]
    frame = frame_of(rows)
    scores = model.scores(texts)
    return frame, Predictions.of(frame, classes=model.classes_, predicted=model.predict(texts), scores=scores)


@pytest.mark.parametrize(("label", "other"), [("boats", "chess"), ("bread", "boats")])
def test_a_contrast_sums_to_the_lead_but_for_the_intercepts(model: TextClassifier, label: str, other: str) -> None:
    text = "the crew of the ferry checks the oven: pawn"
    total = sum(each.value for each in contrast(model, text, label, other))
    intercepts = dict(zip(model.classes_, np.ravel(model.classifier_.intercept_), strict=True))
    scores = dict(zip(model.classes_, model.scores([text])[0], strict=True))
    assert total == pytest.approx(scores[label] - scores[other] - intercepts[label] + intercepts[other], abs=1e-9)


def test_only_mistakes_are_explained_where_they_stand(model: TextClassifier) -> None:
    texts = ["ferry in the harbour", "oven and harbour crew"]
    frame, said = judged(model, texts, ["boats", "bread"])
    found = highlights(model, frame, said, TOPIC_TASK)
    assert list(found) == [("d1", 0)]
    marks = {texts[1][start:end]: value for start, end, value in found["d1", 0].spans}
    assert marks["harbour"] > 0 > marks["oven"]
    assert found["d1", 0].terms[0][0] in ("harbour crew", "harbour", "crew", "oven")


def test_a_label_that_the_model_does_not_know_has_nothing_that_speaks_for_it(model: TextClassifier) -> None:
    frame, said = judged(model, ["ferry in the harbour"], ["ships"])
    assert {term for term, _ in highlights(model, frame, said, TOPIC_TASK)["d0", 0].terms} >= {"ferry", "harbour"}


def test_of_paragraphs_the_words_are_marked() -> None:
    desk = little_desk.desk()
    frame = little_desk.frame(4, seed=3)
    scores = desk.estimator.scores(frame)
    flipped = frame.assign(label=np.where(frame["label"] == "content", "boilerplate", "content"))
    said = Predictions.of(
        flipped, classes=desk.classes_, predicted=desk.estimator.decision_.predict(scores), scores=scores
    )
    found = highlights(desk.estimator, flipped, said, BOILERPLATE_TASK)
    assert found
    assert all(place in set(zip(frame["document"], frame["position"], strict=True)) for place in found)
    assert any(each.spans for each in found.values())


def test_parts_that_can_not_be_explained_mark_nothing() -> None:
    plain = TextClassifier(TfidfVectorizer(), LinearSVM(), Argmax()).fit(TEXTS, LABELS)
    frame, said = judged(plain, ["ferry"], ["chess"])
    assert highlights(plain, frame, said, TOPIC_TASK) == {}
