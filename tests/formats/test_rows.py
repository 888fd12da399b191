"""Every field goes out as it came in, or the row is rejected with the reason."""

from __future__ import annotations

import base64
import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from copydesk.formats import csv as csv_format
from copydesk.formats import jsonl
from copydesk.formats.csv import Cells, Csv
from copydesk.formats.jsonl import JsonLines, members_of, value_text
from copydesk.formats.parquet import Parquet, to_parquet
from copydesk.formats.parquet_types import plain_type
from copydesk.formats.readers import parse, read_records
from copydesk.formats.rows import SHOWN_BYTES, Fields, Record, Rejected, Row, Source, to_json
from copydesk.streams import rejects


def rows_of(path: Path, file_format: str = "jsonl", **fields: Any) -> list[Row | Rejected]:
    source = Source(path.name, path, file_format)
    told = Fields(**fields)
    return [parse(record, told) for record in read_records(source, told.text)]


def written(rows: list[Row | Rejected], **added: Any) -> list[str]:
    good = [row for row in rows if isinstance(row, Row)]
    return JsonLines().encode(good, [added] * len(good)).data.decode().split("\n")[:-1]


@pytest.mark.parametrize(
    "line",
    [
        '{"text": "a", "n": 123456789012345678901234567890}',
        '{"text": "a", "x": 1.10, "y": 1e400, "z": -0.0, "digits": ' + "9" * 5000 + "}",
        '{"text": "a", "nested": {"twice": 1, "twice": 2}}',
        '{"text": "a", "s": "\\ud800 \\u00e9 \\/ é \u2028"}',
        '{"text":"a",\t"spaced" :  [ 1,2 ]}',
        '{"\\u0074ext": "a", "nan": NaN}',
        '{"text": "a\\u0000b"}',
        '{"text": "' + "long " * 100_000 + '"}',
    ],
)
def test_a_line_goes_out_with_its_fields_as_they_were_written(tmp_path: Path, line: str) -> None:
    file = tmp_path / "in.jsonl"
    file.write_text(line + "\n", encoding="utf-8")
    (out,) = written(rows_of(file), label="x")
    assert out.endswith(', "label": "x"}')
    members = members_of(line)[1].values()
    assert out == "{" + ", ".join(members) + ', "label": "x"}'
    assert all(member in line for member in members)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{broken", "not JSON: Expecting '\"' at character 2"),
        (b'{"text": "a",}', "not JSON"),
        (b'{"text": "a"} 7', "not JSON: Extra data at character 15"),
        (b'{"text": "a"', "not JSON: Expecting ','"),
        (b'{"text": "a\x00"}', "not JSON: Invalid control character"),
        (b'"text"', "expected an object, found a string"),
        (b"[1]", "expected an object, found a list"),
        (b"7", "expected an object, found a number"),
        (b'{"body": "a"}', "expected a string in the field 'text', found nothing; see --text-field"),
        (b'{"text": 3}', "found a number"),
        (b'{"text": null}', "found null"),
        (b'{"text": ["a"]}', "found a list"),
        (b'{"text": true}', "found true or false"),
        (b'{"text": " \\n"}', "nothing but white space in the field 'text'"),
        (b'{"text": "a", "text": "b"}', "the field 'text' is there twice"),
        (b'{"text": "a", "head": 3}', "expected a string in the field 'head', found a number"),
        (b'{"text": "\xff"}', "not UTF-8: byte 0xff at 11"),
        (b'{"text": "\xed\xa0\x80"}', "not UTF-8"),
        (b'{"text": "a", "deep": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "JSON nested too deep"),
    ],
)
def test_what_is_no_row_is_rejected_with_the_reason_and_as_it_was(tmp_path: Path, line: bytes, reason: str) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(b'{"text": "good"}\n\n' + line + b"\n")
    good, bad = rows_of(file, title="head")
    assert isinstance(good, Row)
    assert isinstance(bad, Rejected)
    assert reason in bad.reason
    told = json.loads(rejects.to_line(bad))
    assert (told["file"], told["line"], told["reason"]) == ("in.jsonl", 3, bad.reason)
    kept = told["row"].encode() if "row" in told else base64.b64decode(told["row_base64"])
    assert kept.removesuffix(b"\n") == line


def test_a_byte_order_mark_and_line_ends_of_windows_are_no_part_of_a_row(tmp_path: Path) -> None:
    file = tmp_path / "in.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"text": "a"}\r\n\r\n{"text": "b"}\r\n')
    assert written(rows_of(file)) == ['{"text": "a"}', '{"text": "b"}']


def test_a_line_over_the_cap_is_rejected_and_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_ROW", 5000)
    file = tmp_path / "in.jsonl.gz"
    with gzip.open(file, "wb") as out:
        out.write(b'{"text": "' + b"a" * 100_000 + b'"}\n{"text": "b"}\n' + b'{"text": "' + b"c" * 9000)
    long, good, endless = rows_of(file)
    assert isinstance(good, Row)
    for row, size in ((long, 100_013), (endless, 9010)):
        assert isinstance(row, Rejected)
        told = json.loads(rejects.to_line(row))
        assert told["cut_from_bytes"] == size
        assert len(told["row"]) == SHOWN_BYTES


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.fuzz
@given(st.dictionaries(st.text(st.characters(), max_size=5), JSON, max_size=5), st.text(st.characters()), st.booleans())
def test_law_any_object_comes_out_with_every_field_as_it_was(fields: dict[str, Any], text: str, escaped: bool) -> None:
    row = {**fields, "text": text}
    line = json.dumps(row) if escaped else to_json(row)
    values, members = members_of(line)
    assert list(values) == list(row)
    again = json.loads("{" + ", ".join(members.values()) + "}")
    assert json.dumps(again, sort_keys=True) == json.dumps(json.loads(line), sort_keys=True)
    assert all(json.dumps(json.loads(value_text(members[k]))) == json.dumps(v) for k, v in row.items())
    to_json(row).encode()  # always UTF-8


@pytest.mark.fuzz
@given(st.text(alphabet='{}[]",:\\ \n\tau1-.e0nltrfs\u2028\x00é'))
def test_law_what_is_taken_for_json_is_json_and_the_other_way_round(line: str) -> None:
    try:
        expected = json.loads(line, object_pairs_hook=lambda pairs: pairs)
    except (ValueError, RecursionError):
        expected = None
    try:
        _, members = members_of(line)
    except ValueError:
        members = None
    is_object = line.lstrip(" \t\n\r").startswith("{")
    if members is None:
        twice = expected is not None and len({name for name, _ in expected}) < len(expected) if is_object else True
        assert expected is None or twice
    else:
        assert is_object
        assert list(members) == [name for name, _ in expected]


def test_csv_cells_stay_the_text_that_they_are(tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    file.write_bytes('\ufeffid,text,n\r\n007,"one, ""two""\r\nthree",NA\r\n\r\n8,é,1e5\r\n'.encode())
    rows = rows_of(file, "csv")
    assert [json.loads(line) for line in written(rows)] == [
        {"id": "007", "text": 'one, "two"\r\nthree', "n": "NA"},
        {"id": "8", "text": "é", "n": "1e5"},
    ]
    assert [row.record.line for row in rows] == [2, 5]


def test_csv_records_that_are_none_are_rejected_with_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_format, "MAX_ROW", 2000)
    file = tmp_path / "in.csv"
    lines = [
        b"id,text\n",
        b"1,a,b\n",
        b'2,"x"y\n',
        b"3,\xff\n",
        b"4," + b"z" * 9000 + b"\n",
        b"5,good\n",
        b'6,"open\n7,x\n',
    ]
    file.write_bytes(b"".join(lines))
    rows = rows_of(file, "csv")
    found = [(row.record.line, getattr(row, "reason", "")[:30]) for row in rows]
    assert found == [
        (2, "3 fields under a header of 2"),
        (3, "not a CSV record: ',' expected"),
        (4, "not UTF-8"),
        (5, "not a CSV record: more than 2,"),
        (6, ""),
        (7, "not a CSV record: unexpected e"),
    ]
    told = [json.loads(rejects.to_line(row)) for row in rows if isinstance(row, Rejected)]
    assert [each.get("row") for each in told[:2]] == ["1,a,b", '2,"x"y']
    assert told[-1]["row"] == '6,"open\n7,x'


@pytest.mark.parametrize(
    ("content", "file_format", "reason"),
    [
        (b"id,body\n1,a\n", "csv", "no column 'text'; see --text-field; valid: body, id"),
        (b"text,text\n1,a\n", "csv", "the column 'text' is there twice"),
        (b"no parquet at all, but long enough", "parquet", "not readable as Parquet"),
    ],
)
def test_a_table_that_cannot_be_read_is_one_rejected_row(
    tmp_path: Path, content: bytes, file_format: str, reason: str
) -> None:
    (tmp_path / "in").write_bytes(content)
    (row,) = rows_of(tmp_path / "in", file_format)
    assert isinstance(row, Rejected)
    assert reason in row.reason


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_a_compressed_file_that_is_cut_off_gives_its_rows_and_says_so(tmp_path: Path, suffix: str) -> None:
    data = b"".join(b'{"text": "a", "n": %d}\n' % n for n in range(50_000))
    packed = gzip.compress(data) if suffix == ".gz" else pa.compress(data, "zstd", asbytes=True)
    file = tmp_path / f"in.jsonl{suffix}"
    file.write_bytes(packed)
    assert len(rows_of(file)) == 50_000
    file.write_bytes(packed[: len(packed) * 3 // 4])
    rows = rows_of(file)
    assert all(isinstance(row, Row) for row in rows[:-2])
    assert isinstance(rows[-1], Rejected)
    assert "can't be read from here on: damaged or cut off" in rows[-1].reason


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
@pytest.mark.parametrize("damage", ["checksum", "cut", "garbage"])
def test_rows_before_the_damage_at_the_end_of_a_file_are_all_read(tmp_path: Path, suffix: str, damage: str) -> None:
    data = b"".join(b'{"text": "a", "n": %d}\n' % n for n in range(4_000))
    packed = gzip.compress(data) if suffix == ".gz" else pa.compress(data, "zstd", asbytes=True)
    wrong = packed[:-8] + bytes(4) + packed[-4:] if suffix == ".gz" else zstd_with_wrong_checksum(data)
    file = tmp_path / f"in.jsonl{suffix}"
    file.write_bytes(packed)
    assert len(rows_of(file)) == 4_000
    cut = packed[:-2] if suffix == ".gz" else wrong[:-2]  # a block of Zstandard is whole or nothing
    file.write_bytes({"checksum": wrong, "cut": cut, "garbage": packed + b"garbage, no frame"}[damage])
    *rows, damaged = rows_of(file)
    assert len(rows) == 4_000
    assert all(isinstance(row, Row) for row in rows)
    assert isinstance(damaged, Rejected)
    assert damaged.record.line == 4_001
    assert "can't be read from here on" in damaged.reason


def zstd_with_wrong_checksum(data: bytes) -> bytes:
    """Return a frame of Zstandard (RFC 8878) with uncompressed blocks and a checksum of zeros."""
    blocks = [data[at : at + 100_000] for at in range(0, len(data), 100_000)]
    heads = [(len(block) << 3 | (block is blocks[-1])).to_bytes(3, "little") for block in blocks]
    body = b"".join(head + block for head, block in zip(heads, blocks, strict=True))
    return b"\x28\xb5\x2f\xfd\x04\x58" + body + bytes(4)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('[{"text": "a"}, {"text": "b"}]', [(1, "a"), (1, "b")]),
        ('\ufeff[\n  {"text": "a",\n   "n": [1,\n 2]},\n  {"text": "]"}\n]\n', [(2, "a"), (5, "]")]),
        ('{"text": "one\\nobject"}', [(1, "one\nobject")]),
        ('{"text": "a"}\n{"text": "b"}\n', [(1, "a"), (2, "b")]),
        ("[]", []),
        ("", []),
        ('[{"text": "a"}, 7, [1], "s"]', [(1, "a"), (1, "number"), (1, "list"), (1, "string")]),
        ('[{"text": "a"}, {"text": "b"]', [(1, "a"), (1, "not JSON from here on: Expecting")]),
        ('[{"text": "a"}', [(1, "a"), (1, "not JSON from here on: Expecting ']'")]),
        ('[{"text": "a"}] 8', [(1, "a"), (1, "not JSON from here on: Extra data")]),
        ('[{"text": "a"} {"text": "b"}]', [(1, "a"), (1, "Expecting ','")]),
        ("[" * 50_000, [(1, "JSON nested too deep")]),
    ],
)
def test_a_json_file_is_an_array_or_objects(tmp_path: Path, content: str, expected: list[tuple[int, str]]) -> None:
    file = tmp_path / "in.json"
    file.write_text(content, encoding="utf-8")
    found = [(row.record.line, row.text if isinstance(row, Row) else row.reason) for row in rows_of(file, "json")]
    assert [line for line, _ in found] == [line for line, _ in expected]
    assert all(said in text for (_, text), (_, said) in zip(found, expected, strict=True))


@pytest.mark.parametrize("size", [10, 70_000, 300_000])
def test_elements_of_json_longer_than_a_read_come_out_as_they_were_written_on_one_line(
    tmp_path: Path, size: int
) -> None:
    rows = [{"text": "é" * size, "n": n, "nested": {"a": ["}", '"', "\\"]}} for n in range(5)]
    file = tmp_path / "in.json"
    file.write_text(json.dumps(rows, indent=2, ensure_ascii=False).replace("0,", "1.10,"), encoding="utf-8")
    found = written(rows_of(file, "json"))
    assert [json.loads(line) for line in found] == [rows[0] | {"n": 1.1}, *rows[1:]]
    assert '"n": 1.10' in found[0]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
@pytest.mark.parametrize(("file_format", "content"), [("csv", "id;text\n1;Käse\n"), ("jsonl", '{"text": "Käse"}\n')])
def test_text_in_other_encodings(tmp_path: Path, encoding: str, file_format: str, content: str) -> None:
    file = tmp_path / "in"
    file.write_bytes(content.encode(encoding))
    told = "utf-8" if encoding == "utf-16" else encoding  # its byte order mark shows it
    source = Source("in", file, file_format, told)
    (row,) = [parse(record, Fields()) for record in read_records(source, "text")]
    assert isinstance(row, Row)
    assert row.text == "Käse"


def test_bytes_that_are_not_in_the_encoding_reject_their_row(tmp_path: Path) -> None:
    file = tmp_path / "in"
    file.write_bytes(b'{"text": "a\x80"}\n{"text": "b\x81"}\n')
    good, bad = [parse(r, Fields()) for r in read_records(Source("in", file, "jsonl", "cp1252"), "text")]
    assert isinstance(good, Row)
    assert good.text == "a€"
    assert isinstance(bad, Rejected)


def test_views_and_dictionaries_of_arrow_are_read_and_written(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": pa.array(["a", "b"], pa.string_view()),
            "raw": pa.array([b"x", None], pa.binary_view()),
            "kind": pa.array(["k", "k"]).dictionary_encode(),
        }
    )
    parquet.write_table(table, tmp_path / "in.parquet")
    rows = rows_of(tmp_path / "in.parquet", "parquet")
    encoded = Parquet().encode([row for row in rows if isinstance(row, Row)], [{"label": "x"}] * 2)
    (tmp_path / "part").write_bytes(encoded.header + encoded.data)
    to_parquet(tmp_path / "part", tmp_path / "out.parquet")
    found = parquet.read_table(tmp_path / "out.parquet")
    assert found.to_pylist() == [{**row, "label": "x"} for row in table.to_pylist()]
    assert found.schema.field("text").type == pa.string()
    nested = pa.list_(pa.struct([("s", pa.string_view()), ("raw", pa.list_(pa.binary_view()))]))
    assert plain_type(nested) == pa.list_(pa.struct([("s", pa.string()), ("raw", pa.list_(pa.binary()))]))


def test_parquet_rows_come_out_as_json(tmp_path: Path) -> None:
    import datetime as dt
    import decimal

    row = {
        "text": "a", "big": 2**62, "x": 0.1, "none": None, "flags": [True, None], "s": {"a": 1},
        "day": dt.date(2026, 1, 2), "price": decimal.Decimal("1.10"), "raw": b"\xff",
    }  # fmt: skip
    parquet.write_table(pa.Table.from_pylist([row]), tmp_path / "in.parquet")
    (line,) = written(rows_of(tmp_path / "in.parquet", "parquet"))
    assert json.loads(line) == {**row, "day": "2026-01-02", "price": "1.10", "raw": "/w=="}


def test_a_parquet_string_that_is_not_utf8_rejects_its_row_alone(tmp_path: Path) -> None:
    values = pa.array([b"a", b"\xff", b"c"], pa.binary())
    raw = pa.Array.from_buffers(pa.string(), 3, values.buffers())
    parquet.write_table(pa.table({"text": raw}), tmp_path / "in.parquet")
    kinds = [type(row) for row in rows_of(tmp_path / "in.parquet", "parquet")]
    assert kinds == [Row, Rejected, Row]


@pytest.mark.fuzz
@given(st.lists(st.tuples(st.text(), st.text(min_size=1)), min_size=1, max_size=5), st.booleans())
def test_law_csv_in_is_csv_out(rows: list[tuple[str, str]], escape: bool) -> None:
    source = Source("in.csv", None, "csv")
    records = [Record(source, n, Cells(("note", "text"), list(cells), ""), 1) for n, cells in enumerate(rows)]
    parsed = [Row(record, record.raw.cells[1], "", "", {}) for record in records]
    encoded = Csv(escape_formulas=escape).encode(parsed, [{"label": "=x"}] * len(parsed))
    found = list(csv.reader(io.StringIO((encoded.header + encoded.data).decode("utf-8", "replace"), newline="")))
    assert found[0] == ["note", "text", "label"]
    if not escape:
        expected = [[*cells, "=x"] for cells in rows]
        assert [[c.encode("utf-8", "replace").decode() for c in row] for row in expected] == found[1:]
    else:
        assert all(not cell.startswith(("=", "@", "\t", "\r")) for row in found[1:] for cell in row)
