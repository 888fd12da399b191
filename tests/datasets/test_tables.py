"""A user's file is read as it is, or the row that can't be is named."""

from __future__ import annotations

import gzip
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.datasets.audit import audit
from copydesk.datasets.tables import Table
from copydesk.errors import ConfigError, DataError
from copydesk.formats import jsonl

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


@pytest.mark.fuzz
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


def test_files_of_one_name_are_not_one_document(tmp_path: Path) -> None:
    for site in ("north", "south"):
        (tmp_path / site).mkdir()
        write(tmp_path / site / "t.jsonl", [{**row, "text": f"{site}: {row['text']}"} for row in ROWS])
    frame = Table(str(tmp_path / "*" / "t.jsonl")).load().frame
    assert frame["document"].tolist()[2:4] == ["north/t.jsonl:3", "south/t.jsonl:1"]
    assert audit(frame).facts["documents"] == 6


def test_several_folders_per_label_keep_their_documents_apart(tmp_path: Path) -> None:
    for part in ("one", "two"):
        (tmp_path / part / "sport").mkdir(parents=True)
        (tmp_path / part / "sport" / "1.txt").write_text(f"about {part}", encoding="utf-8")
    frame = Table([str(tmp_path / "one"), str(tmp_path / "two")]).load().frame
    assert frame["document"].tolist() == ["one/sport/1.txt", "two/sport/1.txt"]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ({"label": 3}, {"label": "3"}, "label is a number at t.jsonl:1 and a string at t.jsonl:2"),
        ({"part": "train"}, {"part": "validation"}, r"t.jsonl:2: part: 'validation'; valid: train, test"),
        ({"site": "x"}, {"label": ["a", "b"]}, "t.jsonl:2: label: 2 labels; one label per document"),
        ({"label": 1.0}, {"label": True}, "label: float, expected a string"),
    ],
)
def test_what_cannot_be_one_label_or_part_is_named(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], said: str
) -> None:
    base = {"text": "t", "label": "a", "site": "", "part": "test"}
    path = write(tmp_path / "t.jsonl", [{**base, **first}, {**base, **second}])
    with pytest.raises(DataError, match=said) as refusal:
        Table(str(path), group="site", split="part", max_bad=0.0).load()
    assert "\n" not in str(refusal.value)


def test_names_of_files_keep_a_message_on_one_line(tmp_path: Path) -> None:
    file = write(tmp_path / "a\nb.jsonl", [{"text": "", "label": "x"}, {"text": "y", "label": "x"}])
    with pytest.raises(DataError, match=r"\(a\\nb\.jsonl:1: text: empty\)"):
        Table(str(tmp_path / "*.jsonl"), max_bad=0.1).load()
    (tmp_path / "other").mkdir()
    write(tmp_path / "other" / file.name, [{"text": "y", "label": 3}])
    with pytest.raises(DataError, match=r"number at other/a\\nb\.jsonl:1 and a string at a\\nb\.jsonl:2"):
        Table([str(file), str(tmp_path / "other" / file.name)], max_bad=1).load()


def test_whole_numbers_and_lists_of_one_are_labels(tmp_path: Path) -> None:
    rows = [{"text": "a", "label": 0}, {"text": "b", "label": [12]}]
    assert Table(str(write(tmp_path / "t.jsonl", rows))).load().frame["label"].tolist() == ["0", "12"]


@pytest.mark.parametrize("option", ["text", "label", "group", "title", "split"])
def test_a_field_that_no_json_line_has_is_refused(tmp_path: Path, option: str) -> None:
    path = write(tmp_path / "t.jsonl", ROWS)
    with pytest.raises(DataError, match="no row has a field 'sites'; did you mean site"):
        Table(**{"path": str(path), option: "sites"}).load()


def test_a_title_that_the_text_begins_with_is_not_repeated(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", [{"text": "Rain again\nIt rained.", "head": " Rain again", "label": "a"}])
    assert Table(str(path), title="head").load().frame["text"].tolist() == ["Rain again\nIt rained."]


def test_of_ten_thousand_rows_the_bad_ones_are_counted_exactly(tmp_path: Path) -> None:
    bad = ['{"text": "", "label": "a"}', '{"label": "a"}', '{"text": "t", "label": NaN}', "{", '"text"', "\x00", "nul"]
    lines = [bad[n // 100 % 7] if n % 100 < 7 else f'{{"text": "story {n}", "label": "a"}}' for n in range(10_000)]
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    examples = Table(str(path)).load()
    assert examples.notes["rows_left_out"] == 700
    assert examples.frame["document"].iloc[0] == "t.jsonl:8"
    assert len(examples.frame) == 9300


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_byte_order_marks_nul_and_line_separators_are_kept_or_dropped_as_they_must(
    tmp_path: Path, suffix: str, newline: str
) -> None:
    value = "one\u2028two\x85three\x1cfour\x00five"
    rows = (
        ["text,label", f"{value},a"]
        if suffix == "csv"
        else [json.dumps({"text": value, "label": "a"}, ensure_ascii=False)]
    )
    path = tmp_path / f"t.{suffix}"
    path.write_bytes(newline.join(rows).encode("utf-8-sig"))
    assert Table(str(path)).load().frame["text"].tolist() == [value]


def test_parquet_strings_that_are_not_utf_8_are_named_by_row(tmp_path: Path) -> None:
    offsets, data = pa.py_buffer(b"\0\0\0\0\2\0\0\0\3\0\0\0"), pa.py_buffer(b"a\xffb")
    texts = pa.Array.from_buffers(pa.string(), 2, [None, offsets, data])
    pq.write_table(pa.table({"text": texts, "label": ["a", "b"]}), tmp_path / "t.parquet")
    examples = Table(str(tmp_path / "t.parquet"), max_bad=0.5).load()
    assert examples.frame["text"].tolist() == ["b"]
    assert examples.notes["left_out"] == ["t.parquet:1: not UTF-8"]


@pytest.mark.parametrize("name", ["t.jsonl.gz", "t.jsonl.zst", "t.csv.gz", "t.parquet"])
def test_a_file_that_is_cut_off_is_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, ROWS * 500)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=name) as refusal:
        Table(str(path)).load()
    assert "\n" not in str(refusal.value)


def test_a_quote_that_is_never_closed_is_refused_where_it_opens(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('text,label\na,x\n"open,x\n' + "b,x\n" * 50, encoding="utf-8")
    with pytest.raises(DataError, match=r"t\.csv:3: a quoted field opens here and is not closed"):
        Table(str(path)).load()


def test_a_line_over_the_cap_is_left_out_and_the_next_one_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "MAX_ROW", 100)
    rows = [{"text": "short", "label": "a"}, {"text": "x" * 1000, "label": "a"}, {"text": "next", "label": "a"}]
    examples = Table(str(write(tmp_path / "t.jsonl", rows)), max_bad=0.5).load()
    assert examples.frame["text"].tolist() == ["short", "next"]
    assert examples.notes["left_out"] == ["t.jsonl:2: line of 1,027 bytes, more than 100"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_csv_of_other_countries(tmp_path: Path, delimiter: str, encoding: str) -> None:
    path = tmp_path / "t.csv"
    rows = f'text{delimiter}label\n"Brücke, 3;4|5\t€"{delimiter}Städte\n'
    path.write_bytes(rows.encode(encoding))
    told = {"encoding": encoding} if encoding == "cp1252" else {}
    frame = Table(str(path), **told).load().frame
    assert frame[["text", "label"]].to_numpy().tolist() == [["Brücke, 3;4|5\t€", "Städte"]]


def test_a_delimiter_is_given_where_none_is_found(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text:label\na,b:x\n", encoding="utf-8")
    assert Table(str(path), delimiter=":").load().frame["text"].tolist() == ["a,b"]
    with pytest.raises(DataError, match="no column 'text'"):
        Table(str(path)).load()
    with pytest.raises(ConfigError, match=r"dataset\.delimiter=::: one character"):
        Table(str(path), delimiter="::").load()


def test_an_array_of_json_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "t.json"
    path.write_text(json.dumps([*ROWS, {"text": 3, "label": "a"}], indent=1), encoding="utf-8")
    examples = Table(str(path), max_bad=0.5).load()
    assert examples.frame["label"].tolist() == ["NA", "00123", "None"]
    assert examples.notes["left_out"] == ["t.json:20: text: int, expected a string"]


@pytest.mark.parametrize("damage", ["checksum", "cut", "garbage"])
def test_a_file_damaged_at_its_end_is_refused_with_the_last_row_that_was_read(tmp_path: Path, damage: str) -> None:
    path = write(tmp_path / "t.jsonl.gz", ROWS * 500)
    data = path.read_bytes()
    changed = {"checksum": data[:-8] + bytes(4) + data[-4:], "cut": data[:-5], "garbage": data + b"garbage"}
    path.write_bytes(changed[damage])
    with pytest.raises(DataError, match=r"t\.jsonl\.gz: damaged or cut off after row 1500: "):
        Table(str(path)).load()


LINE = st.binary(max_size=60) | st.builds(
    lambda text, label: json.dumps({"text": text, "label": label}, ensure_ascii=False).encode("utf-8", "surrogatepass"),
    st.text(max_size=20),
    st.none() | st.text(max_size=3) | st.integers() | st.floats() | st.lists(st.text(max_size=2), max_size=2),
)


@pytest.mark.fuzz
@given(st.lists(LINE, max_size=10))
def test_law_whatever_the_bytes_a_row_is_exact_or_left_out(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    check_lines(tmp_path_factory.mktemp("law") / "t.jsonl", lines)


def check_lines(path: Path, lines: list[bytes]) -> None:
    """Each row that is read is what Python reads of its line; nothing but DataError comes out."""
    path.write_bytes(b"\n".join(lines))
    try:
        frame = Table(str(path), max_bad=1.0).load().frame
    except DataError:
        return
    written = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for document, text, label in zip(frame["document"], frame["text"], frame["label"], strict=True):
        row = json.loads(written[int(document.rpartition(":")[2]) - 1].decode("utf-8"))
        stated = row["label"][0] if isinstance(row["label"], list) else row["label"]
        assert (text, label) == (row["text"], str(stated))


@pytest.mark.slow
def test_a_million_damaged_lines_crash_nothing_and_change_nothing(tmp_path: Path) -> None:
    draw = random.Random(0)
    for chunk in range(20):
        lines = []
        for n in range(50_000):
            text = "".join(chr(draw.choice((9, 34, 92, 65, 233, 8232, 0x1F600))) for _ in range(8))
            line = bytearray(json.dumps({"text": f"{n} {text}", "label": "a"}, ensure_ascii=n % 2 == 0).encode())
            for _ in range(draw.choice((0, 0, 0, 1, 2))):
                line[draw.randrange(len(line))] = draw.randrange(256)
            lines.append(bytes(line).replace(b"\n", b" "))
        check_lines(tmp_path / f"{chunk}.jsonl", lines)


@pytest.mark.slow
def test_a_compressed_line_of_300_megabytes_takes_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'{"text": "')
        for _ in range(300):
            file.write(b"a" * 2**20)
        file.write(b'", "label": "a"}\n{"text": "t", "label": "a"}\n')
    script = (
        "import resource, sys; from copydesk.datasets.tables import Table; import pandas\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak(); rows = len(Table(sys.argv[1], max_bad=0.5).load().frame); print(rows, peak() - before)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    rows, kilobytes = map(int, done.stdout.split())
    assert rows == 1
    assert kilobytes < 400_000


def test_reuters_r52_is_read_with_its_titles_and_parts(shared_datasets: Path) -> None:
    path = shared_datasets / "topics" / "reuters_r52.jsonl.gz"
    frame = Table(str(path), title="title", split="split").load().frame
    assert frame["split"].value_counts().to_dict() == {"train": 6532, "test": 2568}
    assert frame["label"].nunique() == 52
    assert frame["text"].iloc[0].startswith("BAHIA COCOA REVIEW\n\n")
