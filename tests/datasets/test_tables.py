"""A user's file is read as it is, or the row that can't be is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.datasets.tables import Table
from copydesk.errors import ConfigError, DataError

ROWS = [
    {"text": "First text, with a comma", "label": "NA", "site": "x.example", "head": "A title"},
    {"text": 'Second "quoted"\nwith a line', "label": "00123", "site": "y.example", "head": ""},
    {"text": "1", "label": "None", "site": "x.example", "head": "Third"},
]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    suffix = path.name.split(".")[1]
    if suffix == "parquet":
        pd.DataFrame(rows).to_parquet(path)
        return path
    if suffix == "jsonl":
        text = "".join(json.dumps(row) + "\n" for row in rows)
    else:
        text = pd.DataFrame(rows).to_csv(index=False, sep="\t" if suffix == "tsv" else ",")
    data = text.encode()
    if path.suffix == ".gz":
        data = gzip.compress(data)
    if path.suffix == ".zst":
        data = pa.compress(data, codec="zstd", asbytes=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "name", ["t.csv", "t.tsv", "t.jsonl", "t.parquet", "t.csv.gz", "t.jsonl.gz", "t.jsonl.zst", "t.tsv.zst"]
)
def test_every_format_gives_the_same_strings(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, ROWS)
    frame = Table(str(path), group="site", title="head").load().frame
    assert frame["label"].tolist() == ["NA", "00123", "None"]
    assert frame["text"].tolist() == ["A title\n\nFirst text, with a comma", ROWS[1]["text"], "Third\n\n1"]
    assert frame["group"].tolist() == ["x.example", "y.example", "x.example"]


def test_a_folder_per_label(tmp_path: Path) -> None:
    for label in ("sport", "no"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.txt").write_text(f"about {label}", encoding="utf-8")
    frame = Table(str(tmp_path)).load().frame
    assert frame[["label", "text"]].to_numpy().tolist() == [["no", "about no"], ["sport", "about sport"]]


def test_several_files_by_a_pattern(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        write(tmp_path / name, ROWS)
    assert len(Table(str(tmp_path / "*.jsonl")).load().frame) == 6


def test_bad_rows_are_left_out_counted_and_named(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    good = [json.dumps(ROWS[0])] * 94
    bad = [
        "{not json",
        "[1]",
        '{"text": null, "label": "a"}',
        '{"text": "a", "label": ["x", "y"]}',
        '{"text": " ", "label": "a"}',
    ]
    deep = '{"text": ' + "[" * 20_000 + "]" * 20_000 + "}"
    path.write_text("\n".join([*good, *bad, deep]) + "\n", encoding="utf-8")
    examples = Table(str(path)).load()
    assert len(examples.frame) == 94
    assert examples.notes["rows_left_out"] == 6
    assert examples.notes["left_out"][0].startswith("t.jsonl:95: not JSON")
    with pytest.raises(DataError, match="6 of 100 rows are unusable"):
        Table(str(path), max_bad=0.01).load()


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"path": None}, ConfigError, "dataset.path"),
        ({"path": "nowhere.csv"}, DataError, "no such file"),
        ({"path": "*.nothing"}, DataError, "no file matches"),
        ({"text": "txt"}, DataError, "no column 'txt'; did you mean text"),
        ({"label": "topic"}, DataError, "no column 'topic'"),
        ({"format": "xml"}, ConfigError, "dataset.format=xml"),
        ({"encoding": "utf-9"}, DataError, "dataset.encoding=utf-9"),
    ],
)
def test_a_mistake_is_named_with_what_is_valid(
    tmp_path: Path, options: dict[str, Any], error: type[Exception], said: str
) -> None:
    path = write(tmp_path / "t.csv", ROWS)
    with pytest.raises(error, match=said):
        Table(**{"path": str(path), **options}).load()


@given(st.lists(st.tuples(st.text(min_size=1), st.text("ab0Nn", min_size=1)), min_size=1, max_size=8))
def test_law_whatever_text_is_written_is_read_or_left_out_and_counted(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("law") / "t.jsonl"
    path.write_text("".join(json.dumps({"text": t, "label": label}) + "\n" for t, label in rows), encoding="utf-8")
    usable = [(t, label) for t, label in rows if t.strip() and not any("\ud800" <= c <= "\udfff" for c in t)]
    table = Table(str(path), max_bad=1.0)
    if not usable:
        with pytest.raises(DataError, match="no rows"):
            table.load()
        return
    examples = table.load()
    assert list(zip(examples.frame["text"], examples.frame["label"], strict=True)) == usable
    assert examples.notes["rows_left_out"] == len(rows) - len(usable)


def test_reuters_r52_is_read_with_its_titles_and_parts(shared_datasets: Path) -> None:
    path = shared_datasets / "topics" / "reuters_r52.jsonl.gz"
    frame = Table(str(path), title="title", split="split").load().frame
    assert frame["split"].value_counts().to_dict() == {"train": 6532, "test": 2568}
    assert frame["label"].nunique() == 52
    assert frame["text"].iloc[0].startswith("BAHIA COCOA REVIEW\n\n")
