"""``report.html``: a run on one self-contained page, with all texts escaped."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.reports import mistake_views, views
from copydesk.reports.advice import leakage_advice, rare_classes_advice
from copydesk.reports.audit_view import audit_facts, audit_tables
from copydesk.reports.markdown_report import MOST_CONFUSIONS, confusions, flat
from copydesk.reports.plots import plots, plots_of_other_classes, svg
from copydesk.reports.report import (
    SCORES,
    Report,
    ReportTable,
    Section,
    shown,
    shown_difference,
    shown_interval,
    shown_scores,
)
from copydesk.reports.verdict import verdict
from copydesk.resources import replacement
from copydesk.tasks import find_task

if TYPE_CHECKING:
    from jinja2 import Environment

    from copydesk.reports.report import Plot

TEMPLATES = Path(__file__).parent / "templates"


def missing_library() -> str | None:
    """Return the name of a library that HTML reports need and that is not installed, if any."""
    import importlib.util

    return next((name for name in ("jinja2", "matplotlib") if importlib.util.find_spec(name) is None), None)


def write_html(report: Report, path: Path) -> None:
    """Write the report as one HTML file."""
    template, values = find_task(report.metrics["task"]).load("html")(report)
    write_page(template, values, path)


def write_page(template: str, values: Mapping[str, Any], path: Path) -> None:
    """Fill a template and write it; lone surrogates become "?", NUL the replacement character."""
    text = environment().get_template(template).render(**values).replace("\0", "\ufffd")
    with replacement(path) as aside:
        aside.write_text(text, encoding="utf-8", errors="replace")


def environment() -> Environment:
    """Return the environment of the templates, which escapes all but style, script and plots."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    script = (TEMPLATES / "script.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    made.globals |= {
        "style": Markup((TEMPLATES / "style.css").read_text(encoding="utf-8")),
        "script": Markup(script),
        "script_hash": f"sha256-{digest}",  # the browser runs this script and no other
        "shown": shown,
        "interval": shown_interval,
        "difference": shown_difference,
        "lower_end": views.lower_end,
        "forms": SCORES,
    }
    return made


def topic_page(report: Report) -> tuple[str, dict[str, Any]]:
    """Return the template of a report on texts with one label each, and its values."""
    metrics, task = report.metrics, find_task(report.metrics["task"])
    values: dict[str, Any] = {
        **shared_values(report),
        "confusion": views.confusion(metrics["confusion"]),
        "confusions": ReportTable(
            ["rows", "true label", "predicted"],
            [
                [(f"{n:,}", n), true, predicted]
                for n, true, predicted in confusions(metrics["confusion"])[:MOST_CONFUSIONS]
            ],
        ),
        "plots": [drawn(plot, at) for at, plot in enumerate(plots(report))],
        "other_plots": [drawn(plot, 50 + at) for at, plot in enumerate(plots_of_other_classes(report))],
        **mistake_views.mistakes(report),
        **mistake_views.label_error_table(report.predictions, task),
        **(task.load("pages")(report.predictions) if task.pages else {"pages": []}),
    }
    listed: Sequence[tuple[str, str, Any]] = (
        ("scores", "Scores", True),
        ("classes", "By class", True),
        ("confusion", "Confusion", True),
        ("curves", "Curves", True),
        ("ngrams", "N-grams", values["strongest"]),
        ("pages", "Pages", values["pages"]),
        ("mistakes", "Mistakes", values["mistakes"]),
        ("labels", "Label errors", values["label_errors"].rows),
    )
    return "report.html.j2", values | {"contents": contents(values, listed)}


def shared_values(report: Report) -> dict[str, Any]:
    """Return the values that the templates of all tasks print."""
    metrics, run = report.metrics, report.run
    task = find_task(metrics["task"])
    return {
        "title": run.get("experiment", "Evaluation"),
        "kind": task.title,
        "run": {"started": "", "dataset": None, **run},
        "verdict": verdict(metrics),
        "metrics": metrics,
        "headline": metrics["headline"]["name"],
        "baseline_name": task.baseline_title.format(label=metrics["baseline"]["label"]),
        "previous": report.previous and views.previous(report.previous),
        "names": shown_scores(metrics),
        "rare_classes_advice": rare_classes_advice(metrics),
        "leakage_advice": leakage_advice(report.audit),
        "decision": [(name.replace("_", " "), value) for name, value in flat(report.decision)],
        "strongest": views.by_support(report.strongest, metrics["per_class"]),
        "audit": audit_facts(report.audit),
        "audit_tables": audit_tables(report.audit),
        "sections": [drawn_section(each, 100 * at) for at, each in enumerate(report.sections, start=1)],
        "seconds": views.seconds(run.get("seconds", {})),
        "record": list(flat({name: value for name, value in run.items() if name not in ("audit", "seconds")})),
        "overrides": report.overrides,
        "config": report.config.strip(),
    }


def contents(values: Mapping[str, Any], listed: Sequence[tuple[str, str, Any]]) -> list[tuple[str, str]]:
    """Return anchor and name of each section that is not empty: those of a task, then those that all reports have."""
    metrics = values["metrics"]
    after: Sequence[tuple[str, str, Any]] = (
        ("length", "By length", metrics["by_length"]),
        ("groups", "By group", metrics["by_group"]),
        ("audit", "Data audit", values["audit"] or values["audit_tables"]),
        *((f"section{at}", each["title"], True) for at, each in enumerate(values["sections"], start=1)),
        ("run", "Run and config", True),
    )
    return [(anchor, name) for anchor, name, content in (*listed, *after) if content]


def drawn(plot: Plot, number: int) -> dict[str, Any]:
    """Return a plot with its SVG."""
    from markupsafe import Markup

    return {"title": plot.title, "alt": plot.alt, "svg": Markup(svg(plot, number)), "note": plot.note}


def drawn_section(given: Section, first: int) -> dict[str, Any]:
    """Return a section with its plots drawn."""
    pictures = [drawn(plot, first + at) for at, plot in enumerate(given.plots)]
    return {"title": given.title, "text": given.text, "plots": pictures, "table": given.table}
