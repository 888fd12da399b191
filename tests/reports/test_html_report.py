"""``report.html`` without a browser: self-contained, small, complete, and closed to what texts bring."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from copydesk.reports.html_report import write_html
from copydesk.reports.report import Plot, Previous, ReportTable, Section, shown_difference
from helpers.judged import HOSTILE, pages, report, topics

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")


def written(given: object, folder: Path) -> str:
    write_html(given, folder / "report.html")  # type: ignore[arg-type]
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_report_with_many_classes_is_one_small_file_that_asks_for_nothing(tmp_path: Path) -> None:
    said = topics(1_200, classes=52, right=0.8)
    text = written(report(said), tmp_path)
    assert len(text) < 3_000_000
    assert not re.search(r"(?:src|href)=[\"'](?!#|data:,)", text.replace("xlink:href", "href"))
    assert not re.search(r"@import|url\((?!#)", text)
    for part in ("scores", "classes", "confusion", "curves", "ngrams", "mistakes", "labels", "groups", "audit", "run"):
        assert f'id="{part}"' in text
    assert text.count("<svg") >= 5
    assert text.count('role="img" aria-label=') == 5 + 10  # of all and the weakest classes; of the other 48, by five


def test_pages_are_drawn_the_worst_first_with_what_was_lost_and_left(tmp_path: Path) -> None:
    text = written(report(pages(), "boilerplate"), tmp_path)
    drawn = text[text.index('id="pages"') : text.index('id="mistakes"')]
    assert drawn.count("<details") == 6
    assert drawn.count("article, cut") == 1
    assert drawn.count("boilerplate, left standing") == 6
    assert drawn.index("article, cut") < drawn.index("</details>")
    assert "3 more paragraphs, all kept, all right" in drawn


def test_texts_labels_and_names_can_not_break_out(tmp_path: Path) -> None:
    said = topics(60, text=HOSTILE)
    said.rows["label"] = said.rows["label"].replace({"class 00": f"evil {HOSTILE}"})
    said.rows["title"] = HOSTILE
    run = {"experiment": HOSTILE, "dataset": {"name": HOSTILE, "fingerprint": HOSTILE}}
    text = written(report(said, run=run, config=f"{HOSTILE} \ud800", overrides=[HOSTILE]), tmp_path)
    assert text.count("<script") == 1
    assert "<img" not in text
    assert 'onerror="' not in text
    assert text.count("<style") == 1 + len(re.findall(r"<style type=\"text/css\">", text))
    assert "\0" not in text
    assert "{{ 7*7 }}" in text


def test_the_last_run_stands_beside_this_one(tmp_path: Path) -> None:
    said = topics()
    given = report(said)
    change = {"value": 0.01, "low": -0.002, "high": 0.02}
    before = Previous("2025-12-31", given.metrics["scores"], {"accuracy": change})
    text = written(report(said, previous=before), tmp_path)
    assert "+1.00 points (−0.20 to +2.00)" in text
    text = written(report(said, previous=Previous("2025-12-31", {}, {}, "judged on 3 rows")), tmp_path)
    assert "can't be compared: judged on 3 rows" in text


def test_other_parts_add_sections(tmp_path: Path) -> None:
    plot = Plot("A line", "A line that rises", lambda axes: axes.plot([0, 1], [0, 1]))
    more = Section("Search", "What was tried.", [plot], ReportTable(["trial", "score"], [["one", ("0.9", 0.9)]]))
    text = written(report(topics(), sections=[more]), tmp_path)
    assert ">Search</a>" in text
    assert 'aria-label="A line that rises"' in text
    assert 'data-v="0.9"' in text


def test_without_probabilities_and_with_a_learning_curve(tmp_path: Path) -> None:
    said = topics()
    bare = type(said)(said.rows, said.classes, said.scores, None)
    curve = [{"n": 10, "value": 0.5, "low": 0.4, "high": 0.6}, {"n": 20, "value": 0.7, "low": 0.6, "high": 0.8}]
    text = written(report(bare, learning_curve=curve), tmp_path)
    assert "Learning curve" in text
    assert "Reliability" not in text


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"value": 0.0, "low": 0.0, "high": 0.0}, "no change"),
        ({"value": -0.01, "low": None, "high": None}, "−1.00 points"),
        (None, "–"),
    ],
)
def test_a_change_is_told_with_its_sign(change: dict[str, float | None] | None, text: str) -> None:
    assert shown_difference("accuracy", change) == text


def test_labels_in_any_script_and_with_signs_of_formulas_are_drawn_without_a_warning(tmp_path: Path) -> None:
    said = topics(classes=4)
    names = {"class 00": "新闻", "class 01": "$x_1$ $", "class 02": "_hidden", "class 03": "خبر" * 20}
    for column in ("label", "predicted"):
        said.rows[column] = said.rows[column].replace(names)
    renamed = type(said)(said.rows, said.classes.copy(), said.scores, said.probabilities)
    renamed.classes[:] = [names[name] for name in said.classes]
    text = written(report(renamed), tmp_path)
    assert text.count("新闻") > 3
    assert "$x_1$ $" in text
