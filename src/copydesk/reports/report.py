"""Contents of a report, and the text of scores in all its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from copydesk.tasks import find_task

if TYPE_CHECKING:
    from copydesk.evaluation.predictions import Predictions
    from copydesk.reports.marks import MarkedSpan
    from copydesk.reports.strong_terms import StrongTerm

Place = tuple[str, int]  # document and position of a row


class Highlight(NamedTuple):
    """N-grams that support the predicted label (above 0) and the true one (below 0).

    Attributes
    ----------
    spans : list of MarkedSpan
        Each place of each n-gram; an n-gram's contribution is split evenly among its places.
    terms : list of (n-gram, contribution)
        Largest first.
    """

    spans: Sequence[MarkedSpan]
    terms: Sequence[tuple[str, float]]


class Plot(NamedTuple):
    """A plot of a report.

    Attributes
    ----------
    title : str
    alt : str
        Alternative text.
    draw : callable (axes)
        Draws into matplotlib axes; see ``plots.LINE_COLOURS`` for colours that suit light and dark pages.
    note : str
        A line of advice under the plot.
    """

    title: str
    alt: str
    draw: Callable[[Any], None]
    note: str = ""


class ReportTable(NamedTuple):
    """A table of a report; a cell ``(shown, value)`` is sorted by its value."""

    heading: Sequence[str]
    rows: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Section:
    """A section added to a report: text, plots, a table."""

    title: str
    text: str = ""
    plots: Sequence[Plot] = ()
    table: ReportTable | None = None


@dataclass(frozen=True)
class Previous:
    """The previous run of the same experiment.

    Attributes
    ----------
    name : str
    scores : mapping
        As in ``metrics``.
    differences : mapping of str to Score
        This run minus that one; empty if it was evaluated on other rows.
    reason : str
        Why the runs can't be compared row by row; empty if they can.
    """

    name: str
    scores: Mapping[str, Mapping[str, Any]]
    differences: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True)
class Report:
    """Contents of a report; only the first three are required.

    Attributes
    ----------
    run : mapping
        What ``run.json`` holds: ``experiment``, ``started``, ``seconds`` by stage, ``versions``, ``git``, ``seed``,
        ``dataset`` (name, fingerprint ...). All of it is shown.
    metrics : mapping
        The result of ``evaluate``.
    predictions : Predictions
    config : str
        The resolved config, as YAML.
    overrides : sequence of str
    audit : mapping, optional
        Facts about the data, by name; nested mappings and lists of mappings become tables.
    decision : mapping, optional
        The decision's ``summary_``.
    thresholds : mapping of label to float, optional
        Probabilities from which on the saved model gives each of several labels; above 1 for one never given.
    strongest : mapping of label to sequence of StrongTerm, optional
        Strongest first.
    highlights : mapping of Place to Highlight, optional
        Of the worst mistakes.
    previous : Previous, optional
    learning_curve : sequence of mappings, optional
        ``n`` (training examples), ``value`` (headline score), and ``low`` and ``high`` where known.
    sections : sequence of Section, optional
        Shown before the config.
    """

    run: Mapping[str, Any]
    metrics: Mapping[str, Any]
    predictions: Predictions
    config: str = ""
    overrides: Sequence[str] = ()
    audit: Mapping[str, Any] = field(default_factory=dict)
    decision: Mapping[str, Any] = field(default_factory=dict)
    thresholds: Mapping[str, float] = field(default_factory=dict)
    strongest: Mapping[str, Sequence[StrongTerm]] = field(default_factory=dict)
    highlights: Mapping[Place, Highlight] = field(default_factory=dict)
    previous: Previous | None = None
    learning_curve: Sequence[Mapping[str, Any]] = ()
    sections: Sequence[Section] = ()


class ScoreForm(NamedTuple):
    """Name and format of a score."""

    title: str
    percent: bool
    better: int  # +1: higher is better; -1: lower
    meaning: str


SCORES = {
    "accuracy": ScoreForm("Accuracy", True, 1, "share of texts with the right label"),
    "macro_f1": ScoreForm("Macro F1", False, 1, "mean F1 of the classes, each counted once"),
    "weighted_f1": ScoreForm("Weighted F1", False, 1, "mean F1 of the classes, counted by their support"),
    "coverage": ScoreForm("Coverage", True, 1, "share of texts that got a label at all"),
    "accuracy_answered": ScoreForm("Accuracy where answered", True, 1, "share of right labels among those given"),
    "average_precision": ScoreForm("Average precision", False, 1, "area under precision-recall, over all thresholds"),
    "roc_auc": ScoreForm("ROC AUC", False, 1, "chance that a member of a class is ranked above a non-member"),
    "micro_f1": ScoreForm("Micro F1", False, 1, "F1 over all pairs of a text and a label"),
    "micro_precision": ScoreForm("Micro precision", False, 1, "share of right labels among all that were given"),
    "micro_recall": ScoreForm("Micro recall", False, 1, "share of all true labels that were given"),
    "macro_precision": ScoreForm("Macro precision", False, 1, "mean precision of the labels, each counted once"),
    "macro_recall": ScoreForm("Macro recall", False, 1, "mean recall of the labels, each counted once"),
    "weighted_precision": ScoreForm("Weighted precision", False, 1, "mean precision, counted by support"),
    "weighted_recall": ScoreForm("Weighted recall", False, 1, "mean recall, counted by support"),
    "subset_accuracy": ScoreForm("Subset accuracy", True, 1, "share of texts that get exactly their labels"),
    "hamming_loss": ScoreForm("Hamming loss", True, -1, "share of wrong decisions among all pairs"),
    "labels_given": ScoreForm("Labels given", False, 1, "mean number of labels that a text gets"),
    "coverage_error": ScoreForm("Coverage error", False, -1, "labels to go through, likeliest first, to find all true"),
    "label_ece": ScoreForm("Calibration error by label", True, -1, "mean over labels, each in 15 bins of probability"),
    "given_ece": ScoreForm("Calibration error where given", True, -1, "that of the labels that are given, in 15 bins"),
    **{f"precision_at_{k}": ScoreForm(f"Precision at {k}", False, 1, f"right among the {k} most probable")
       for k in (1, 3, 5)},
    **{f"recall_at_{k}": ScoreForm(f"Recall at {k}", False, 1, f"share of the labels among the {k} most probable")
       for k in (1, 3, 5)},
    **{f"ndcg_at_{k}": ScoreForm(f"nDCG at {k}", False, 1, "the same, discounted by rank") for k in (1, 3, 5)},
    "log_loss": ScoreForm("Log loss", False, -1, "mean negative log probability of the true label"),
    "brier": ScoreForm("Brier score", False, -1, "mean squared error of the probabilities"),
    "ece": ScoreForm("Calibration error", True, -1, "mean gap between confidence and accuracy, in 15 bins (ECE)"),
    "boilerplate_f1": ScoreForm("Boilerplate F1", False, 1, "by paragraph"),
    "boilerplate_precision": ScoreForm("Boilerplate precision", True, 1, "cut paragraphs that are boilerplate"),
    "boilerplate_recall": ScoreForm("Boilerplate recall", True, 1, "share of boilerplate paragraphs that are cut"),
    "content_f1": ScoreForm("Content F1", False, 1, "by paragraph"),
    "boilerplate_f1_characters": ScoreForm("Boilerplate F1, characters", False, 1, "each paragraph by its length"),
    "content_f1_characters": ScoreForm("Content F1, characters", False, 1, "each paragraph by its length"),
    "article_lost": ScoreForm("Article lost", True, -1, "share of the article's characters that is cut"),
    "boilerplate_removed": ScoreForm("Boilerplate removed", True, 1, "share of boilerplate characters that is cut"),
    "boilerplate_removed_at_half_percent_lost": ScoreForm(
        "Removed at 0.5 % lost", True, 1, "boilerplate characters cut when 0.5 % of the article is"
    ),
}  # fmt: skip


def shown(name: str, value: float | None, *, unit: bool = True) -> str:
    """Return a score as text: shares in percent, the rest with three decimals."""
    if value is None:
        return "–"
    form = SCORES.get(name)
    if form and form.percent:
        decimals = 2 if 0 < min(value, 1 - value) < 0.01 else 1
        return f"{100 * value:.{decimals}f}{' %' if unit else ''}"
    return f"{value:.3f}"


def shown_label(value: str | tuple[str, ...] | None) -> str:
    """Return a label, or a set of labels, as text; empty where there is none."""
    return ", ".join(value) if isinstance(value, tuple) else value or ""


def shown_interval(name: str, score: Mapping[str, Any]) -> str:
    """Return the ends of a score's interval as text; empty where there is none."""
    if score.get("low") is None or score.get("high") is None:
        return ""
    return f"{shown(name, score['low'], unit=False)}–{shown(name, score['high'])}"


def shown_difference(name: str, change: Mapping[str, Any] | None) -> str:
    """Return a change of a score with sign and interval."""
    if not change or change["value"] is None:
        return "–"
    percent = bool(SCORES.get(name) and SCORES[name].percent)
    if not any(change.values()):
        return "no change"
    scale, decimals, unit = (100, 2, " points") if percent else (1, 3, "")

    def signed(value: float) -> str:
        text = f"{scale * value:+.{decimals}f}"
        return text.replace("-", "−") if float(text) else f"{0:.{decimals}f}"

    if change.get("low") is None:
        return signed(change["value"]) + unit
    return f"{signed(change['value'])}{unit} ({signed(change['low'])} to {signed(change['high'])})"


def shown_scores(metrics: Mapping[str, Any]) -> list[str]:
    """Return the names of the task's scores that are defined; those of abstentions only if there are any."""
    scores = metrics["scores"]
    names = [name for name in find_task(metrics["task"]).shown_scores if scores.get(name, {}).get("value") is not None]
    abstains = metrics["coverage"]["abstained"] > 0
    return [name for name in names if abstains or name not in ("coverage", "accuracy_answered")]
