"""Tasks as values: everything that differs between classifying texts and classifying paragraphs of pages.

A task is data. Whatever needs another part of the package is named as ``"module:name"`` and imported on use, so that
this module is imported by every other one, and imports none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from copydesk.errors import ModelError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


def texts_of(frame: pd.DataFrame) -> list[str]:
    """Return the texts of a frame's rows."""
    texts: list[str] = frame["text"].tolist()
    return texts


def equal_weights(frame: pd.DataFrame) -> None:
    """Return None: all rows count the same."""


def paragraphs_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame's paragraphs with document, position, title and site; view and markup where it has them."""
    from copydesk.text.paragraphs import MARKUP

    optional = [name for name in ("view", *MARKUP) if name in frame]
    return frame[["text", "title", "document", "position", "group", *optional]]


def judged_characters(frame: pd.DataFrame) -> np.ndarray:
    """Return the number of characters of each row, 0 for rows that are not evaluated; float64, shape (n_rows,)."""
    import numpy as np

    return np.asarray(frame["text"].str.len().to_numpy(np.float64) * is_judged(frame))


def is_judged(frame: pd.DataFrame) -> np.ndarray:
    """Return which rows of a frame are evaluated; bool, shape (n_rows,)."""
    import numpy as np

    mask = np.ones(len(frame), dtype=bool)
    for column in ("weight", "judged"):
        if column in frame:
            mask &= frame[column].gt(0).to_numpy()
    return mask


@dataclass(frozen=True)
class Task:
    """A task; the defaults suit any task that gives one label to a whole text.

    Attributes
    ----------
    name : str
        Name in manifests and records. For an unregistered name, `find_task` imports the module
        ``copydesk.datasets.<name>``.
    title : str
        Heading of its reports.
    use, example, limits : str
        Texts of the model card: intended use, a line of Python, known limits.
    unit : str
        Plural noun for a row of its data.
    several : bool
        Whether a row has a set of labels, a tuple of str, instead of one.
    grouped : bool
        Whether rows are paragraphs: their features see the other paragraphs of the document.
    features : str
        The config option to suggest where the configured features don't fit.
    inputs : callable (frame) -> inputs
        Selects what the features read.
    weights : callable (frame) -> ndarray or None
        Weights of the rows when a decision is fitted.
    positive : str or None
        The label to be found; None where all labels are equal.
    headline : str
        Score that is listed for a run and returned to sweepers.
    draws : str or None
        Function ``(predictions, units, n_units, resamples, seed) -> (values, draws)`` for scores of its own, see
        ``boilerplate_draws``; None: average precision and ROC AUC, means over labels.
    baseline : str or None
        Function ``(predictions) -> dict`` for baseline scores beyond those of the majority class.
    baseline_title : str
        Name of the baseline in reports; may contain ``{label}``.
    shown_scores : tuple of str
        Scores that are reported, in order.
    predictions : str
        Class of the predictions on an evaluation set, with the interface of `Predictions`.
    evaluation : str
        Function ``(predictions, task, *, seed, resamples) -> dict``, see `evaluate`.
    comparison : str
        Function ``(earlier, later, task, *, seed, resamples) -> Comparison``.
    html : str
        Function ``(report) -> (template, values)`` for ``report.html``.
    markdown : str
        Function ``(report) -> list of str``: the sections of ``report.md``.
    verdict : str
        Function ``(metrics) -> str``: the result in a sentence or two.
    plots : str
        Function ``(report, predictions) -> list of Plot or None``, for the plots after the curves.
    pages : str or None
        Function ``(predictions) -> dict``: documents drawn row by row.
    mistakes_note : str
        Added to the introduction of the worst mistakes.
    search_metrics : mapping of str to (str, str)
        Metrics of a search beyond the common ones: a common metric and the label that it is of.
    model : str
        Class of a loaded model.
    explanation_json, explanation_text : str
        Functions of ``copydesk explain``, for ``--json`` and for text.
    """

    name: str
    title: str
    use: str
    limits: str
    example: str = 'model.predict(["Title\\n\\nBody of the article …"])'
    unit: str = "texts"
    several: bool = False
    grouped: bool = False
    features: str = "word"
    inputs: Callable[[pd.DataFrame], Any] = texts_of
    weights: Callable[[pd.DataFrame], np.ndarray | None] = equal_weights
    positive: str | None = None
    headline: str = "accuracy"
    draws: str | None = None
    baseline: str | None = None
    baseline_title: str = "Always “{label}”"
    shown_scores: tuple[str, ...] = (
        "accuracy", "macro_f1", "weighted_f1", "accuracy_answered", "coverage", "average_precision", "roc_auc",
        "log_loss", "brier", "ece",
    )  # fmt: skip
    predictions: str = "copydesk.evaluation.predictions:Predictions"
    evaluation: str = "copydesk.evaluation.metrics:evaluate"
    comparison: str = "copydesk.evaluation.comparison:compare"
    html: str = "copydesk.reports.html_report:topic_page"
    markdown: str = "copydesk.reports.markdown_report:topic_sections"
    verdict: str = "copydesk.reports.verdict:accuracy_verdict"
    plots: str = "copydesk.reports.plots:coverage_plots"
    pages: str | None = None
    mistakes_note: str = ""
    search_metrics: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    model: str = "copydesk.models.topic:TopicModel"
    explanation_json: str = "copydesk.commands.explain:topic_json"
    explanation_text: str = "copydesk.commands.explain:topic_text"

    def load(self, part: str) -> Any:
        """Import the object that the field ``part`` names."""
        module, _, name = getattr(self, part).partition(":")
        return getattr(import_module(module), name)


TASKS: dict[str, Task] = {}


def register(task: Task) -> Task:
    """Register a task under its name; return it."""
    TASKS[task.name] = task
    return task


def find_task(name: str) -> Task:
    """Return a task by name, importing ``copydesk.datasets.<name>`` if it is not registered yet.

    Raises
    ------
    ModelError
        No such task.
    """
    module = f"copydesk.datasets.{name}"
    if name not in TASKS and name.isidentifier() and find_spec(module):
        import_module(module)
    if name not in TASKS:
        raise ModelError(f"task {name!r} is unknown; valid are {', '.join(map(repr, TASKS))}; import its module first")
    return TASKS[name]


TOPIC_TASK = register(
    Task(
        name="topic",
        title="Topics",
        use="Gives one label to a whole text: title on the first line, then the body. Meant for sorting and filtering "
        "many articles, with a person behind decisions that matter to somebody.",
        limits="Labels only what its training data names; a text on something else gets the nearest label, "
        "with a confidence that may be high. It reads words, not meaning: other times, places and languages use "
        "others. `copydesk evaluate` says how good it is on your texts, and what has shifted.",
    )
)

BOILERPLATE_TASK = register(
    Task(
        name="boilerplate",
        title="Boilerplate paragraphs",
        use="Labels every paragraph of a crawled article as content or boilerplate, and returns the article alone. "
        "Meant for cleaning crawled text before it is read, counted or trained on.",
        limits="Sees plain paragraphs only. Short paragraphs that would stand in an article as well as beside it, "
        "such as captions and teasers, are where it errs. On kinds of pages that its training data lacks it leaves "
        "more standing, or cuts more; `copydesk evaluate` says which.",
        example="model.clean(text).text",
        unit="paragraphs",
        grouped=True,
        features="paragraphs",
        inputs=paragraphs_of,
        weights=judged_characters,
        positive="boilerplate",
        headline="boilerplate_f1",
        draws="copydesk.evaluation.boilerplate:boilerplate_draws",
        baseline="copydesk.evaluation.boilerplate:cut_everything",
        baseline_title="Cutting everything",
        shown_scores=(
            "boilerplate_f1", "content_f1", "article_lost", "boilerplate_removed", "boilerplate_precision",
            "boilerplate_recall", "boilerplate_f1_characters", "content_f1_characters", "average_precision",
            "boilerplate_removed_at_half_percent_lost", "accuracy", "brier", "ece",
        ),
        verdict="copydesk.reports.verdict:boilerplate_verdict",
        plots="copydesk.reports.plots:cutting_plots",
        pages="copydesk.reports.page_views:pages",
        mistakes_note=" A paragraph is judged by its surroundings too, so its words need not have decided alone.",
        search_metrics={"boilerplate_f1": ("f1", "boilerplate")},
        model="copydesk.models.cleaner:Cleaner",
        explanation_json="copydesk.commands.explain:paragraphs_json",
        explanation_text="copydesk.commands.explain:paragraphs_text",
    )
)  # fmt: skip
