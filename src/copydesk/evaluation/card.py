"""The model card that every bundle carries: what it is for, what it saw, how good it is, where it stops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from copydesk.evaluation.report import SCORES, shown, shown_interval, shown_scores, verdict

USE = {
    "topic": (
        "Gives one label to a whole text: title on the first line, then the body.",
        'model.predict(["Title\\n\\nBody of the article …"])',
    ),
    "boilerplate": (
        "Labels every paragraph of a crawled article as content or boilerplate, and returns the article alone.",
        "model.clean(text).text",
    ),
}
LIMITS = {
    "topic": "Labels only what its training data names; a text on something else gets the nearest label, "
    "with a confidence that may be high.",
    "boilerplate": "Sees plain paragraphs only. Short paragraphs that would stand in an article as well as beside it, "
    "such as captions and teasers, are where it errs.",
}


def model_card(manifest: Mapping[str, Any], metrics: Mapping[str, Any]) -> str:
    """Return a card in Markdown, with the front matter that model hubs read."""
    import yaml

    task = manifest["task"]
    front = {
        "library_name": "copydesk",
        "pipeline_tag": "text-classification",
        "tags": ["copydesk", "tf-idf", task],
        "model-index": [
            {
                "name": manifest["name"],
                "results": [
                    {
                        "task": {"type": "text-classification"},
                        "dataset": {"name": manifest["dataset"]["name"], "type": manifest["dataset"]["fingerprint"]},
                        "metrics": [
                            {"type": name, "value": round(metrics["scores"][name]["value"], 4)}
                            for name in shown_scores(metrics)
                        ],
                    }
                ],
            }
        ],
    }
    rows = [
        f"| {SCORES[name].title} | {shown(name, metrics['scores'][name]['value'])} "
        f"| {shown_interval(name, metrics['scores'][name])} |"
        for name in shown_scores(metrics)
    ]
    use, example = USE[task]
    return "\n".join(
        [
            f"---\n{yaml.safe_dump(front, sort_keys=False, allow_unicode=True)}---",
            f"# {manifest['name']}\n",
            f"{use}\n",
            f'```python\nimport copydesk\n\nmodel = copydesk.load("path/of/this/folder")\n{example}\n```\n',
            f"## Judged\n\n{verdict(metrics)}\n",
            "| score | value | 95 % interval |\n| --- | --- | --- |",
            *rows,
            f"\n## Data it saw\n\nDataset `{manifest['dataset']['name']}`, "
            f"fingerprint `{manifest['dataset']['fingerprint'][:16]}…`; labels: "
            f"{', '.join(f'`{label}`' for label in manifest['classes'])}.\n",
            f"## Limits\n\n{LIMITS[task]}\n",
        ]
    )
