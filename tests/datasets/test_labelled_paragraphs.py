"""A user's labelled pages are read as they are, and what can't be used is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from copydesk.datasets.labelled_paragraphs import Paragraphs
from copydesk.errors import ConfigError, DataError
from copydesk.tasks import BOILERPLATE_TASK

PAGE = [{"text": "Menu", "label": "boilerplate"}, {"text": "The ferry sails.", "label": "content"}]


def written(path: Path, *documents: Any) -> str:
    lines = [document if isinstance(document, str) else json.dumps(document) for document in documents]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(path)


def test_documents_become_rows_of_paragraphs(tmp_path: Path) -> None:
    path = written(
        tmp_path / "p.jsonl",
        {"id": "a", "site": "wave.example", "title": "Ferry", "paragraphs": PAGE, "url": "http://wave.example/1"},
        {"paragraphs": [{"text": "Ärger", "label": "content", "probability": 0.4}]},
        {"id": 7, "title": None, "paragraphs": PAGE},
    )
    examples = Paragraphs(path).load()
    assert examples.task is BOILERPLATE_TASK
    frame = examples.frame
    assert frame["text"].tolist() == ["Menu", "The ferry sails.", "Ärger", "Menu", "The ferry sails."]
    assert frame["label"].tolist() == ["boilerplate", "content", "content", "boilerplate", "content"]
    assert frame["group"].tolist() == ["wave.example"] * 2 + [""] * 3
    assert frame["title"].tolist() == ["Ferry"] * 2 + [""] * 3
    assert frame["document"].tolist() == ["a", "a", "p.jsonl:2", "7", "7"]
    assert frame["position"].tolist() == [0, 1, 0, 0, 1]
    assert examples.notes == {"files": 1, "documents": 3, "documents_left_out": 0}


def test_compressed_files_and_fields_of_other_names(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "p.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps({"domain": "x", "head": "H", "paragraphs": PAGE}) + "\n")
    frame = Paragraphs(str(tmp_path / "*.gz"), site="domain", title="head").load().frame
    assert set(frame["group"]) == {"x"}
    assert set(frame["title"]) == {"H"}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{broken", "not JSON"),
        ([1], "a JSON list, not an object"),
        ({"id": ["a"], "paragraphs": PAGE}, "id: list, expected a string"),
        ({"id": "good", "paragraphs": PAGE}, "id: 'good' again, first at p.jsonl:1"),
        ({"site": 3, "paragraphs": PAGE}, "site: int, expected a string"),
        ({"text": "no paragraphs"}, "paragraphs: nothing, expected a list"),
        ({"paragraphs": "text"}, "paragraphs: str, expected a list"),
        ({"paragraphs": []}, "paragraphs: nothing"),
        ({"paragraphs": [*PAGE, "text"]}, "paragraphs[2]: str, expected an object with text and label"),
        ({"paragraphs": [{"label": "content"}]}, "paragraphs[0].text: nothing, expected a string"),
        ({"paragraphs": [{"text": " ", "label": "content"}]}, "paragraphs[0].text: empty"),
        ({"paragraphs": [{"text": "\ud800", "label": "content"}]}, "paragraphs[0].text: characters that are not"),
        ({"paragraphs": [{"text": "a"}]}, "paragraphs[0].label: nothing; valid: content, boilerplate"),
        ({"paragraphs": [{"text": "a", "label": "advert"}]}, "paragraphs[0].label: 'advert'; valid: content"),
        ({"paragraphs": [{"text": "a", "label": ["content"]}]}, "paragraphs[0].label: ['content']; valid"),
    ],
)
def test_a_fault_is_named_by_file_line_and_field(tmp_path: Path, document: Any, said: str) -> None:
    path = written(tmp_path / "p.jsonl", {"id": "good", "paragraphs": PAGE}, document)
    with pytest.raises(DataError) as caught:
        Paragraphs(path).load()
    assert f"p.jsonl:2: {said}" in str(caught.value)
    assert "1 of 2 rows" in str(caught.value)
    examples = Paragraphs(path, max_bad=0.5).load()
    assert set(examples.frame["document"]) == {"good"}
    assert examples.notes["left_out"][0].startswith("p.jsonl:2: ")


def test_no_path_and_no_documents(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"dataset\.path: not given"):
        Paragraphs().load()
    with pytest.raises(DataError, match="no document"):
        Paragraphs(written(tmp_path / "p.jsonl", "")).load()
