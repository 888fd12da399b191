"""Model card of a bundle: intended use, scores, limits, training data and settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from copydesk.reports.markdown_report import plain, table
from copydesk.reports.report import SCORES, shown, shown_interval, shown_scores
from copydesk.reports.verdict import verdict
from copydesk.tasks import find_task

MOST_LABELS = 60  # named with their counts


def model_card(manifest: Mapping[str, Any], metrics: Mapping[str, Any], audit: Mapping[str, Any]) -> str:
    """Return a card in Markdown, with the front matter that model hubs read.

    Parameters
    ----------
    manifest, metrics : mapping
        Of the bundle, and of the run.
    audit : mapping
        Facts about the data: ``documents``, ``groups``, ``rows_by_label``, what was dropped.
    """
    import yaml

    task = find_task(manifest["task"])
    rows = [
        [SCORES[name].title, shown(name, metrics["scores"][name]["value"]),
         shown_interval(name, metrics["scores"][name]), SCORES[name].meaning]
        for name in shown_scores(metrics)
    ]  # fmt: skip
    settings = yaml.safe_dump(manifest["settings"], sort_keys=False, allow_unicode=True).strip()
    sections = [
        f"---\n{yaml.safe_dump(front_matter(manifest, metrics), sort_keys=False, allow_unicode=True)}---",
        f"# {plain(manifest['name'])}",
        f"## Intended use\n\n{task.use}",
        f'```python\nimport copydesk\n\nmodel = copydesk.load("path/of/this/folder")\n{task.example}\n```',
        f"## How good it is\n\n{plain(verdict(metrics))} Judged on data that it was not trained on.",
        table(["score", "value", "95 % interval", "what it is"], rows),
        f"## Limits\n\n{task.limits}",
        f"## Data it saw\n\n{data_seen(manifest, audit)}",
        table(["label", "rows"], counts(manifest, audit)),
        f"## How it was trained\n\n```yaml\n{settings}\nseed: {manifest['seed']}\n```",
        "With " + ", ".join(f"{name} {version}" for name, version in manifest["versions"].items()) + ".",
    ]
    return "\n\n".join(sections) + "\n"


def front_matter(manifest: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata that model hubs read; the licence depends on the data, which copydesk can't know."""
    dataset = manifest["dataset"]
    scores = [
        {"type": name, "name": SCORES[name].title, "value": round(metrics["scores"][name]["value"], 4)}
        for name in shown_scores(metrics)
    ]
    return {
        "license": "unknown",
        "library_name": "copydesk",
        "pipeline_tag": "text-classification",
        "tags": ["copydesk", "tf-idf", manifest["task"]],
        "metrics": [score["type"] for score in scores],
        "model-index": [
            {
                "name": manifest["name"],
                "results": [
                    {
                        "task": {"type": "text-classification"},
                        "dataset": {"name": dataset["name"], "type": dataset["name"],
                                    "revision": dataset["fingerprint"]},
                        "metrics": scores,
                    }
                ],
            }
        ],
    }  # fmt: skip


def data_seen(manifest: Mapping[str, Any], audit: Mapping[str, Any]) -> str:
    """Return a sentence on the training data."""
    dataset = manifest["dataset"]
    groups = f" of {audit['groups']:,} sites or sources" if audit.get("groups") else ""
    text = f"Dataset {plain(dataset['name'])}: {audit.get('documents', 0):,} documents{groups}"
    dropped = audit.get("exact_duplicates_dropped", 0)
    if dropped:
        text += f", {dropped:,} exact copies left out"
    return f"{text}; SHA-256 of the rows `{dataset['fingerprint']}`."


def counts(manifest: Mapping[str, Any], audit: Mapping[str, Any]) -> list[list[str]]:
    """Return the labels with their number of rows."""
    rows_by_label = audit.get("rows_by_label", {})
    rows = [[label, f"{rows_by_label.get(label, 0):,}"] for label in manifest["classes"][:MOST_LABELS]]
    more = len(manifest["classes"]) - MOST_LABELS
    return [*rows, [f"and {more:,} more", ""]] if more > 0 else rows
