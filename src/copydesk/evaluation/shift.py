"""What has shifted since training: unknown n-grams, the mix of labels, how sure the model is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.errors import ModelError
from copydesk.reports.report import Plot, Section, Table, shown

if TYPE_CHECKING:
    import pandas as pd

    from copydesk.estimator import TextClassifier
    from copydesk.evaluation.predictions import Predictions
    from copydesk.tasks import Task

SAMPLE = 200  # texts of a fold in which unknown n-grams are counted
BINS = 20  # of confidence
DRAWS = 1_000  # of what chance alone would shift
FEWEST = 30  # texts below which nothing is said of chance
MORE_UNKNOWN = 0.05  # share of n-grams that is worth a word
UNKNOWN, AS_BEFORE = "can't be said", "as before"
Profile = Mapping[str, Any]


def unknown_shares(model: TextClassifier, frame: pd.DataFrame, task: Task) -> list[float]:
    """Return the share of n-grams that the model does not know in each of some texts, evenly spread over the rows.

    Counted are the n-grams of its first family, each as often as it stands in the text. Empty where features are
    not of copydesk, or hashed: those know no n-grams by name.
    """
    from copydesk.features.places import ngram_places
    from copydesk.features.tfidf import TfidfFeatures

    features = reader(model, task)
    if not isinstance(features, TfidfFeatures) or not hasattr(features.families_[0], "terms_"):
        return []
    family, options, cut = features.families_[0], features.family_options()[0], features.fitted_cuts()[0]
    found = []
    for row in np.unique(np.linspace(0, len(frame) - 1, min(SAMPLE, len(frame))).astype(int)).tolist():
        text = frame["text"].iloc[row]
        places = ngram_places(text, options, lowercase=features.lowercase, strip_accents=features.strip_accents)
        often = np.array([len(spans) for spans in places.values()], dtype=np.float64)
        if often.sum():
            unknown = family.columns_of(list(places), cut) < 0
            found.append(float(often[unknown].sum() / often.sum()))
    return found


def reader(model: TextClassifier, task: Task) -> Any:
    """Return the part of a model that reads texts; None where there is none."""
    from copydesk.explanations.reasons import reader_of

    if not task.grouped:
        return model.features_
    try:
        return reader_of(model)[0]
    except ModelError:
        return None


def profile(said: Predictions, unknown_share: float | None) -> dict[str, Any]:
    """Return what later data is compared with, JSON-able.

    Returns
    -------
    dict
        ``n``, ``labels`` and ``predicted`` (share of each label, true and given), ``confidence`` (share of the rows
        in each of 20 bins from 0 to 1), ``unknown_ngrams`` (mean share in a text, or None).
    """
    rows = said.judged().rows
    confidence, _ = np.histogram(np.clip(rows["confidence"], 0, 1), bins=BINS, range=(0, 1))
    return {
        "n": len(rows),
        "labels": shares(rows["label"]),
        "predicted": shares(rows["predicted"].fillna("")),
        "confidence": (confidence / max(len(rows), 1)).tolist(),
        "unknown_ngrams": unknown_share,
    }


def shares(values: pd.Series) -> dict[str, float]:
    """Return the share of each value, by name; "" is a row without a label."""
    return {str(name): float(share) for name, share in values.value_counts(normalize=True).sort_index().items()}


def distance(before: Mapping[str, float], now: Mapping[str, float]) -> float:
    """Return the total variation distance of two mixes: the share that would have to move."""
    return sum(abs(before.get(name, 0.0) - now.get(name, 0.0)) for name in {*before, *now}) / 2


def by_chance(before: Mapping[str, float], n_before: int, n: int) -> float | None:
    """Return the distance that chance alone exceeds in one of 20 cases; None for too few rows."""
    if min(n, n_before) < FEWEST:
        return None
    rng, mix = np.random.default_rng(0), np.array(list(before.values()))
    mix = mix / mix.sum()
    drawn = [rng.multinomial(size, mix, size=DRAWS) / size for size in (n_before, n)]
    return float(np.quantile(np.abs(drawn[0] - drawn[1]).sum(axis=1) / 2, 0.95))


def shift_sections(before: Profile | None, now: Profile) -> list[Section]:
    """Return the report's sections on what has shifted: a verdict with its distances, and the labels then and now."""
    title = "What has shifted since training"
    if not before:
        text = "The model does not say what its training data was like: it was saved by an older version."
        return [Section(title, text)]
    rows = [*mix_rows(before, now), unknown_row(before, now)]
    said = "; ".join(row[4] for row in rows if row[4] not in (UNKNOWN, AS_BEFORE))
    text = f"{said[:1].upper()}{said[1:]}." if said else "Nothing has shifted by more than chance would."
    names = sorted({*before["labels"], *now["labels"], *before["predicted"], *now["predicted"]})
    mix = [
        [name or "(no label)", *((percent(share), share) for key in ("labels", "predicted")
                                 for share in (each[key].get(name, 0.0) for each in (before, now)))]
        for name in names
    ]  # fmt: skip
    heading = ["label", "true, at training", "true, now", "given, at training", "given, now"]
    moved = Table(["what", "at training", "now", "distance", "verdict"], rows)
    about = "Share of the rows that have a label, and that were given it."
    return [
        Section(title, text, [confidence_plot(before, now)], moved),
        Section("Labels then and now", about, (), Table(heading, mix)),
    ]


def mix_rows(before: Profile, now: Profile) -> list[list[Any]]:
    """Return a row each for the mixes of true and given labels and for confidence."""
    rows = []
    for key, what in (("labels", "true labels"), ("predicted", "labels given"), ("confidence", "confidence")):
        then, later = (each[key] for each in (before, now))
        if key == "confidence":
            then, later = ({str(at): share for at, share in enumerate(each)} for each in (then, later))
            middle = [percent(float(np.dot(each[key], (np.arange(BINS) + 0.5) / BINS))) for each in (before, now)]
        else:
            middle = [most(then), most(later)]
        moved, chance = distance(then, later), by_chance(then, before["n"], now["n"])
        verdict = UNKNOWN if chance is None else f"{what} have shifted" if moved > chance else AS_BEFORE
        rows.append([what, *middle, percent(moved), verdict.replace("confidence have", "confidence has")])
    return rows


def unknown_row(before: Profile, now: Profile) -> list[Any]:
    """Return the row on unknown n-grams."""
    then, later = before["unknown_ngrams"], now["unknown_ngrams"]
    if then is None or later is None:
        return ["unknown n-grams in a text", "–", "–", "–", UNKNOWN]
    verdict = "more n-grams are new" if later > then + MORE_UNKNOWN else AS_BEFORE
    return ["unknown n-grams in a text", percent(then), percent(later), percent(abs(later - then)), verdict]


def most(mix: Mapping[str, float]) -> str:
    """Return the most frequent label with its share."""
    name = max(mix, key=lambda each: mix[each])
    return f"{name or '(no label)'} {percent(mix[name])}"


def percent(share: float) -> str:
    """Return a share in percent."""
    return shown("accuracy", share)


def confidence_plot(before: Profile, now: Profile) -> Plot:
    """Return how sure the model was, then and now."""

    def draw(axes: Any) -> None:
        from copydesk.reports.plots import DASHES, PALETTE

        edges = np.linspace(0, 1, BINS + 1)
        for at, (each, name) in enumerate(((before, "at training"), (now, "now"))):
            axes.stairs(each["confidence"], edges, color=PALETTE[at], linestyle=DASHES[at], linewidth=1.8, label=name)
        axes.set(xlabel="confidence", ylabel="share of rows", xlim=(0, 1), ylim=(0, None))
        axes.legend(loc="upper left")

    return Plot("Confidence then and now", "Shares of rows by confidence, at training and now", draw)
