"""Reports on sets of labels, HTML and Markdown: complete, small with a thousand labels, closed to what texts bring."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from copydesk.evaluation.label_predictions import LabelPredictions
from copydesk.reports.html_report import write_html
from copydesk.reports.label_tables import confused_table, never_given_advice, support_bands, together_table
from copydesk.reports.markdown_report import write_markdown
from copydesk.reports.report import Previous, Report, Section
from helpers.judged import HOSTILE
from helpers.judged_labels import labels_at_random, predictions_of
from helpers.label_reports import label_report

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")


def written(given: Report, folder: Path) -> str:
    write_html(given, folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def test_every_section_is_there_with_thresholds_and_pairs(tmp_path: Path) -> None:
    groups = [f"site {at % 3}" for at in range(300)]
    said = labels_at_random(300, 20, noise=2.0, group=groups)
    text = written(label_report(said, sections=[Section("More", "of it")]), tmp_path)
    for part in ("scores", "classes", "pairs", "curves", "mistakes", "groups", "audit", "section1", "run"):
        assert f'id="{part}"' in text, part
        assert f'href="#{part}"' in text, part
    assert ">never</td>" in text
    assert "Labels that go together" in text
    assert "Labels that are confused" in text
    assert text.count('class="bar"') >= 20
    assert "<summary>all" not in text
    assert 'title="missed">missed: l' in text
    assert 'title="wrong">wrong: l' in text
    assert '<mark class="' in text


def test_a_thousand_labels_are_one_readable_file(tmp_path: Path) -> None:
    said = labels_at_random(400, 1_000, noise=1.5)
    text = written(label_report(said), tmp_path)
    assert len(text) < 4_000_000
    assert not re.search(r"(?:src|href)=[\"'](?!#|data:,)", text.replace("xlink:href", "href"))
    everything = text.index("<summary>all 1,000 labels</summary>")
    assert text.index("Weakest labels with enough support") < everything
    assert text.count('<tr><th scope="row" dir="auto">l', 0, everything) == 15
    assert text.count('<tr><th scope="row" dir="auto">l', everything) == 1_000
    assert text.count("<svg") < 200
    write_markdown(label_report(said), tmp_path / "report.md")
    plain = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "and 900 more, in metrics.json" in plain
    assert len(plain) < 60_000


def test_texts_and_labels_can_not_break_out(tmp_path: Path) -> None:
    said = labels_at_random(80, 6, noise=3.0)
    names = said.classes.copy()
    names[0] = f"evil {HOSTILE}"
    for column in ("title", "text"):
        said.rows[column] = HOSTILE
    hostile = LabelPredictions(said.rows, names, said.truth, said.decisions, said.probabilities)
    text = written(label_report(hostile, config=HOSTILE), tmp_path)
    assert text.count("<script") == 1
    assert "<img" not in text
    assert 'onerror="' not in text
    assert "{{ 7*7 }}" in text
    write_markdown(label_report(hostile), tmp_path / "report.md")
    assert "<script" not in (tmp_path / "report.md").read_text(encoding="utf-8").replace("\\<script", "")


def test_markdown_has_the_same_parts(tmp_path: Path) -> None:
    groups = [f"site {at % 3}" for at in range(200)]
    given = label_report(labels_at_random(200, 12, noise=2.0, group=groups))
    write_markdown(given, tmp_path / "report.md")
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    heads = re.findall(r"^## (.+)$", text, flags=re.M)
    assert heads == ["By label", "Labels that go together", "Labels that are confused", "Worst mistakes", "By group",
                     "By length", "Decision", "Data audit", "Run", "Config"]  # fmt: skip
    assert "| l000 |" in text
    assert "| never |" in text
    assert "Micro F1" in text
    assert " () " not in text


def test_without_mistakes_thresholds_or_pairs_a_report_is_whole(tmp_path: Path) -> None:
    truth = np.eye(12, 3, dtype=np.uint8)
    said = predictions_of(truth, truth, truth * 0.8 + 0.1)
    text = written(label_report(said, thresholds={}, highlights={}), tmp_path)
    assert 'id="mistakes"' not in text
    assert "No label was missed" in text
    assert ">threshold<" not in text
    write_markdown(label_report(said, thresholds={}), tmp_path / "report.md")


def test_nothing_true_and_nothing_given_is_a_report(tmp_path: Path) -> None:
    said = predictions_of(np.zeros((4, 2)), np.zeros((4, 2)), np.full((4, 2), 0.2))
    assert 'id="curves"' in written(label_report(said), tmp_path)
    write_markdown(label_report(said), tmp_path / "report.md")


def test_the_last_run_stands_beside_this_one(tmp_path: Path) -> None:
    said = labels_at_random(60, 5)
    before = Previous("2026-01-01", {"micro_f1": {"value": 0.5, "low": 0.4, "high": 0.6}},
                      {"micro_f1": {"value": 0.1, "low": 0.05, "high": 0.2}})  # fmt: skip
    text = written(label_report(said, previous=before), tmp_path)
    assert "Last run, 2026-01-01" in text
    assert "+0.100 (+0.050 to +0.200)" in text


def test_tables_hold_what_the_metrics_have() -> None:
    given = label_report(labels_at_random(300, 30, noise=2.0))
    bands = support_bands(given.metrics["per_class"])
    assert sum(row[1][1] for row in bands.rows) == len(given.metrics["per_class"])
    assert [row[0][1] for row in bands.rows] == sorted((row[0][1] for row in bands.rows), reverse=True)
    pairs = together_table(given.metrics, 5).rows
    assert len(pairs) == 5
    assert [row[2][1] for row in pairs] == sorted((row[2][1] for row in pairs), reverse=True)
    assert all(row[1] != row[2] for row in confused_table(given.metrics).rows)
    rows = [{"label": "a", "support": 12, "predicted": 0}, {"label": "b", "support": 3, "predicted": 0}]
    assert never_given_advice(rows).startswith("1 labels with 10 texts or more are never given, such as “a”")
    assert never_given_advice(rows[1:]) == ""
