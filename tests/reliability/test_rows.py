"""Rows of every kind of wrongness: each is kept exactly, or rejected with its reason; none is lost, none is changed."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from copydesk.cli import main
from copydesk.formats.jsonl import JsonLines
from copydesk.formats.readers import FORMATS, parse, read_records
from copydesk.formats.rows import Fields, Rejected, Row, Source
from copydesk.streams import rejects
from helpers import little_topics, processes
from helpers.little_topics import TEXTS
from helpers.trials import times, tried

pytestmark = pytest.mark.fuzz


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return little_topics.save(tmp_path_factory.mktemp("model") / "m")


# --- lines -----------------------------------------------------------------------------------------------------------

PIECES = [
    b"", b" ", b"a", b"sea ship", b"\x00", b"\\u0000", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xef\xbb\xbf",
    b"\\ud800", b"\\ud83d\\ude00", "\u2028".encode(), "\u0085".encode(), "é".encode(), b"e\xcc\x81", "😀".encode(),
    b"\r", b"\t", b"\\n", b"\x1a", b"\x7f", b"\\", b'\\"', b'"', b"=1+1", b"<script>", b"{", b"}", b"[", b"]", b",",
    b":", b"null", b"NaN", b"-", b"1e999", b"123456789012345678901234567890", b"0123", b"\\x", b"\\u12", b"//", b"'",
]  # fmt: skip


def value(draw: random.Random, depth: int = 0) -> bytes:
    kind = draw.randrange(12 if depth < 4 else 8)
    if kind < 4:
        return b'"' + b"".join(draw.choices(PIECES, k=draw.randrange(5))) + b'"'
    if kind < 8:
        return draw.choice([b"null", b"true", b"0", b"-0.0", b"1.10", b"1E400", b"9" * 400, b"NaN", b"01", b"tru", b""])
    if kind < 10:
        return b"[" + b",".join(value(draw, depth + 1) for _ in range(draw.randrange(3))) + b"]"
    return b"{" + b", ".join(member(draw, depth + 1) for _ in range(draw.randrange(3))) + b"}"


def member(draw: random.Random, depth: int = 0) -> bytes:
    name = draw.choice([b"text", b"id", b"label", b"a", b"", b"\\u0074ext", draw.choice(PIECES)])
    return b'"' + name + b'"' + draw.choice([b":", b": ", b" : ", b""]) + value(draw, depth)


def line(draw: random.Random) -> bytes:
    """Return a line that is nearly JSON, or is."""
    kind = draw.randrange(20)
    if kind == 0:
        return b"".join(draw.choices(PIECES, k=draw.randrange(8)))
    if kind == 1:
        return draw.randbytes(draw.randrange(30)).replace(b"\n", b"")
    if kind == 2 and draw.random() < 0.02:
        return b'{"text": ' + b"[" * draw.choice([100, 20_000, 200_000])
    start = [b'"text": "' + b"".join(draw.choices(PIECES[2:24], k=draw.randrange(1, 4))) + b'"'] if kind < 17 else []
    members = start + [member(draw) for _ in range(draw.randrange(3))]
    made = b"{" + b", ".join(members) + b"}" + draw.choice([b"", b"", b"", b" ", b"\r", b",", b"\x00"])
    return made[: draw.randrange(len(made))] if kind == 3 else made


class Digits(str):
    """A number, as it was written."""


def content(data: bytes) -> Any:
    """Return what Python's own parser finds in a line: fields in order, numbers as they are written."""
    return json.loads(data, object_pairs_hook=list, parse_int=Digits, parse_float=Digits, parse_constant=Digits)


def faults(lines: list[bytes], path: Path) -> Iterator[str]:
    """Yield what was lost, made up or changed of some lines, judged by a parser that is not ours."""
    path.write_bytes(b"".join(each + b"\n" for each in lines))
    found = [parse(record, Fields()) for record in read_records(Source("in", path, "jsonl"), "text")]
    expected = [(number, each) for number, each in enumerate(lines, 1)]
    if lines and lines[0].startswith(b"\xef\xbb\xbf"):
        expected[0] = (1, lines[0][3:])
    expected = [(number, each) for number, each in expected if not (each + b"\n").isspace()]
    if [row.record.line for row in found] != [number for number, _ in expected]:
        yield f"lines {len(found)} of {len(expected)}"
    good = [row for row in found if isinstance(row, Row)]
    out = iter(JsonLines().encode(good, [{"new-field": 1}] * len(good)).data.split(b"\n"))
    for row, (_, data) in zip(found, expected, strict=True):
        if isinstance(row, Row):
            if content(next(out)) != [*content(data), ("new-field", "1")]:
                yield f"changed: {data!r}"
        else:
            told = json.loads(rejects.to_line(row))
            kept = told["row"].encode() if "row" in told else base64.b64decode(told["row_base64"])
            if kept.removesuffix(b"\n") != data:
                yield f"not as it was: {data!r}"
            if acceptable(data):
                yield f"rejected: {data!r}: {row.reason}"


def acceptable(data: bytes) -> bool:
    """Say whether a line is an object with a text, by a parser that is not ours."""
    try:
        data.decode()
        fields = content(data)
    except (ValueError, RecursionError):
        return False
    if not (data.lstrip(b" \t\r\n").startswith(b"{") and len(dict(fields)) == len(fields)):
        return False
    text = dict(fields).get("text")
    return isinstance(text, str) and not isinstance(text, Digits) and bool(text.strip())


def test_law_generated_lines_are_kept_exactly_or_rejected(tmp_path: Path) -> None:
    draw = random.Random(8)
    count = 0
    while count < times(20_000, 1_000_000):
        lines = [line(draw) for _ in range(5_000)]
        assert list(faults(lines, tmp_path / "in.jsonl")) == []
        count += len(lines)
    what = "NUL, bytes that are no UTF-8, BOM, surrogates, U+2028, deep JSON, large numbers"
    tried(8, f"generated lines ({what}), checked against another parser: crashes, silent changes", count, "0")


@given(file_format=st.sampled_from(FORMATS), data=st.binary(max_size=300), packed=st.booleans())
def test_law_any_bytes_are_rows_or_rejected_in_any_format(
    file_format: str, data: bytes, packed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / ("any.gz" if packed else "any")
    path.write_bytes(gzip.compress(data, 1) if packed else data)
    for record in read_records(Source("in", path, file_format), "text"):
        row = parse(record, Fields())
        told = rejects.to_line(row) if isinstance(row, Rejected) else JsonLines().encode([row], [{}]).data.decode()
        assert isinstance(json.loads(told), dict)


CELLS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(
    rows=st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6),
    packed=st.booleans(),
    delimiter=st.sampled_from([",", "\t"]),
)
def test_law_cells_of_csv_come_out_as_they_went_in(
    rows: list[tuple[str, str]], packed: bool, delimiter: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("id", "text"), *rows])
    path = tmp_path_factory.getbasetemp() / ("cells.gz" if packed else "cells")
    path.write_bytes(gzip.compress(text.getvalue().encode(), 1) if packed else text.getvalue().encode())
    kind = "tsv" if delimiter == "\t" else "csv"
    found = [parse(record, Fields()) for record in read_records(Source("in", path, kind), "text")]
    assert len(found) == len(rows)
    for row, cells in zip(found, rows, strict=True):
        assert row.record.raw.cells == list(cells)
        assert isinstance(row, Row) == bool(cells[1].strip())


# --- as a command ----------------------------------------------------------------------------------------------------


def test_counts_are_exact_where_seven_of_a_hundred_rows_are_bad(model: str, tmp_path: Path) -> None:
    bad = [b"{", b"[1]", b'{"text": 3}', b'{"text": null}', b'{"body": "a"}', b'{"text": "\xff"}', b'{"text": " "}']
    lines = [
        bad[n // 100 % 7] if n % 100 < 7 else json.dumps({"text": TEXTS[n % 30], "n": n}).encode()
        for n in range(10_000)
    ]
    random.Random(0).shuffle(lines)
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(lines))
    words = [
        "predict",
        "--model",
        model,
        tmp_path / "in.jsonl",
        "-o",
        tmp_path / "out.jsonl",
        "--rejects",
        tmp_path / "bad",
    ]
    code, said, _ = processes.run(*words, cwd=tmp_path, said=tmp_path)
    assert code == 3
    assert said == "copydesk: 10,000 read = 9,300 written + 700 rejected\n"
    kept = [json.loads(each)["n"] for each in (tmp_path / "out.jsonl").read_bytes().splitlines()]
    assert kept == [json.loads(each)["n"] for each in lines if b'"n"' in each]
    told = [json.loads(each) for each in (tmp_path / "bad").read_bytes().splitlines()]
    assert [each["line"] for each in told] == [n for n, each in enumerate(lines, 1) if b'"n"' not in each]
    tried(7, "rows, 7 in 100 of them bad in seven ways: written and rejected counted exactly", 10_000)


def tables(folder: Path) -> Iterator[tuple[str, Path, list[str], str]]:
    """Yield tables whose columns or values are wrong: a name, the file, options, what is said."""
    texts: dict[str, Any] = {
        "missing": None,
        "number": 3,
        "true": True,
        "float": 0.5,
        "list": ["a"],
        "nested list": [["a"]],
        "object": {"a": 1},
        "empty": "",
        "space": " \u2003",
    }
    for name, found in texts.items():
        yield f"jsonl {name}", _jsonl(folder, name, {"text": found}), [], "1 rejected"
    yield "jsonl no field", _jsonl(folder, "none", {"body": "a"}), [], "found nothing; see --text-field"
    for option in ("--title-field", "--site-field"):
        for name, found in {"number": 3, "list": [], "object": {}, "true": False}.items():
            path = _jsonl(folder, f"{option[2:]}{name}", {"text": "a", "x": found})
            yield f"jsonl {option} {name}", path, [option, "x"], "expected a string in the field 'x'"
    for kind, mark in (("csv", ","), ("tsv", "\t")):
        for name, rows, said in (
            ("no column", [["id", "body"], ["1", "a"]], "no column 'text'"),
            ("twice", [["text", "text"], ["1", "a"]], "the column 'text' is there twice"),
            ("more", [["id", "text"], ["1", "a", "b"]], "3 fields under a header of 2"),
            ("fewer", [["id", "text"], ["1"]], "1 fields under a header of 2"),
            ("empty", [["id", "text"], ["1", ""]], "nothing but white space"),
            ("case", [["id", "Text"], ["1", "a"]], "did you mean"),
        ):
            path = folder / f"{name}.{kind}"
            path.write_text("".join(mark.join(row) + "\n" for row in rows), encoding="utf-8")
            yield f"{kind} {name}", path, [], said
    arrays: dict[str, Any] = {
        "null": pa.array([None], pa.string()), "number": pa.array([3]), "double": pa.array([float("nan")]),
        "list": pa.array([["a"]]), "binary": pa.array([b"a"]), "bool": pa.array([True]),
        "date": pa.array([0], pa.date32()), "empty": pa.array([""]), "space": pa.array(["\n"]),
    }  # fmt: skip
    for name, array in arrays.items():
        path = folder / f"{name}.parquet"
        parquet.write_table(pa.table({"text": array}), path)
        yield f"parquet {name}", path, [], "1 rejected"
    parquet.write_table(pa.table({"body": ["a"]}), folder / "column.parquet")
    yield "parquet no column", folder / "column.parquet", [], "no column 'text'"


def _jsonl(folder: Path, name: str, row: dict[str, Any]) -> Path:
    path = folder / f"{name}.jsonl"
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return path


def test_fields_that_no_row_can_do_without_are_refused_before_the_first_row(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong, taken = _jsonl(tmp_path, "wrong", {"text": "a"}), _jsonl(tmp_path, "taken", {"text": "a", "label": "gold"})
    for path, options, said in (
        (wrong, ["--text-field", "txet"], "--text-field txet: no row has this field; did you mean text"),
        (taken, [], f"{taken}: rows already have the field 'label'; --prefix TEXT"),
    ):
        assert main(["predict", "--model", model, str(path), *options]) == 2
        found = capsys.readouterr()
        assert found.out == ""
        assert said in found.err


def test_wrong_columns_and_values_are_located(model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = []
    for name, path, options, said in tables(tmp_path):
        code = main(["predict", "--model", model, str(path), *options])
        found = capsys.readouterr()
        assert code == 3, name
        assert found.out == "", name
        assert said in found.err, (name, found.err)
        assert f"{path}:" in found.err
        assert "1 read = 0 written + 1 rejected" in found.err
        names.append(name)
    assert len(set(names)) == len(names) >= 40
    tried(
        7, "tables with missing columns, wrong types, nulls and empty texts: located by file, row and field", len(names)
    )


# --- labels ----------------------------------------------------------------------------------------------------------

MARKS = [
    "../../etc/passwd", "/etc/passwd", "..", ".", "a/b", "a\\b", "C:\\x", "~", "a\nb", "a\r\nb", "a\tb", " ", "-rf",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "&amp;", "]]>", "{{7*7}}",
    "${oc.env:HOME}", "%s%n", "=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "'; DROP TABLE x;--", "| a | b |",
    "`rm`", "$(touch canary)", "nan", "NA", "None", "null", "true", "0123", "12:30", "CON", "NUL", "\u202egnp.exe",
    "\u200b", "é", "e\u0301", "😀", "a" * 300, "ﬀ", "İ", "ß", "\u2028",
]  # fmt: skip


def test_labels_that_mean_harm_elsewhere_are_only_labels(tmp_path: Path) -> None:
    draw = random.Random(12)
    count = times(60, 300)
    labels = MARKS + ["".join(draw.choices(MARKS, k=2)) for _ in range(900)]
    labels = list(dict.fromkeys(label for label in labels if label.strip()))[:count]
    assert len(labels) == count
    rows = [
        {"text": f"word{n}x word{n}y word{n}z n{k}", "label": label} for n, label in enumerate(labels) for k in range(4)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    words = ["train", "dataset=table", "dataset.path=rows.jsonl", "split=stratified", "name=x", "decision=argmax"]
    code, said, _ = processes.run(*words, cwd=tmp_path, said=tmp_path)
    assert code == 0, said
    run = tmp_path / "experiments" / "runs" / "x" / "latest"
    classes = json.loads((run / "model" / "manifest.json").read_text(encoding="utf-8"))["classes"]
    assert sorted(classes) == sorted(labels)
    outside = {path.name for path in tmp_path.iterdir()} - {"rows.jsonl", "experiments"}
    assert outside == set()
    for path in [*run.glob("report*"), run / "model" / "README.md"]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<!\\)<(script>alert|img src=x|svg onload)", text), path
    with (tmp_path / "in.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["text", "label"])
        writer.writeheader()
        writer.writerows(rows)
    words = ["predict", "--model", run / "model", "in.csv", "-o", "out.csv", "--prefix", "new_", "--escape-formulas"]
    code, said, _ = processes.run(*words, cwd=tmp_path, said=tmp_path)
    assert code == 0, said
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert len(found) == len(rows)
    for row, original in zip(found, rows, strict=True):
        assert row["label"].removeprefix("'") == original["label"].removeprefix("'")
        assert row["new_label"].removeprefix("'") in {label.removeprefix("'") for label in labels}
        assert not row["label"].startswith(("=", "+", "-", "@", "\t", "\r"))
        assert not row["new_label"].startswith(("=", "+", "-", "@", "\t", "\r"))
    tried(12, "labels that are paths, HTML, formulas, templates: trained on, in files, reports and CSV", count)
