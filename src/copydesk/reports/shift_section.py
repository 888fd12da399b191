"""Sections of a report on what has shifted since training: unknown n-grams, the mix of labels, confidence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from copydesk.evaluation.shift import CONFIDENCE_BINS, Profile, by_chance, distance
from copydesk.reports.report import Plot, ReportTable, Section, shown

UNKNOWN, AS_BEFORE = "can't be said", "as before"
_MORE_UNKNOWN = 0.05  # rise of the share of unknown n-grams that is reported


def shift_sections(before: Profile | None, now: Profile) -> list[Section]:
    """Return two sections: the verdict with its distances, and the labels at training and now."""
    title = "What has shifted since training"
    if not before:
        text = "The model does not say what its training data was like: it was saved by an older version."
        return [Section(title, text)]
    rows = [*mix_rows(before, now), unknown_row(before, now)]
    shifts = "; ".join(row[4] for row in rows if row[4] not in (UNKNOWN, AS_BEFORE))
    text = f"{shifts[:1].upper()}{shifts[1:]}." if shifts else "Nothing has shifted by more than chance would."
    names = sorted({*before["labels"], *now["labels"], *before["predicted"], *now["predicted"]})
    mix = [
        [name or "(no label)", *((percent(share), share) for key in ("labels", "predicted")
                                 for share in (each[key].get(name, 0.0) for each in (before, now)))]
        for name in names
    ]  # fmt: skip
    heading = ["label", "true, at training", "true, now", "given, at training", "given, now"]
    moved = ReportTable(["what", "at training", "now", "distance", "verdict"], rows)
    about = "Share of the rows that have a label, and that were given it."
    return [
        Section(title, text, [confidence_shift_plot(before, now)], moved),
        Section("Labels then and now", about, (), ReportTable(heading, mix)),
    ]


def mix_rows(before: Profile, now: Profile) -> list[list[Any]]:
    """Return the rows on true labels, predicted labels and confidence."""
    rows = []
    for key, what in (("labels", "true labels"), ("predicted", "labels given"), ("confidence", "confidence")):
        then, later = (each[key] for each in (before, now))
        if key == "confidence":
            then, later = ({str(at): share for at, share in enumerate(each)} for each in (then, later))
            middle = [
                percent(float(np.dot(each[key], (np.arange(CONFIDENCE_BINS) + 0.5) / CONFIDENCE_BINS)))
                for each in (before, now)
            ]
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
    verdict = "more n-grams are new" if later > then + _MORE_UNKNOWN else AS_BEFORE
    return ["unknown n-grams in a text", percent(then), percent(later), percent(abs(later - then)), verdict]


def most(mix: Mapping[str, float]) -> str:
    """Return the most frequent label with its share."""
    name = max(mix, key=lambda each: mix[each])
    return f"{name or '(no label)'} {percent(mix[name])}"


def percent(share: float) -> str:
    """Return a share in percent."""
    return shown("accuracy", share)


def confidence_shift_plot(before: Profile, now: Profile) -> Plot:
    """Return the distribution of confidence at training and now."""

    def draw(axes: Any) -> None:
        from copydesk.reports.plots import DASHES, LINE_COLOURS, legend_above

        edges = np.linspace(0, 1, CONFIDENCE_BINS + 1)
        for at, (each, name) in enumerate(((before, "at training"), (now, "now"))):
            axes.stairs(
                each["confidence"], edges, color=LINE_COLOURS[at], linestyle=DASHES[at], linewidth=1.8, label=name
            )
        axes.set(xlabel="confidence", ylabel="share of rows", xlim=(0, 1), ylim=(0, None))
        legend_above(axes)

    return Plot("Confidence then and now", "Shares of rows by confidence, at training and now", draw)
