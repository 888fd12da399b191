"""Names on a command line become sources, and a name in a message stays on its line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from copydesk.errors import ConfigError, DataError
from copydesk.formats.rows import Record, Rejected, Source
from copydesk.formats.sources import find_sources
from copydesk.streams.rejects import reject_message


def test_suffixes_say_the_format(tmp_path: Path) -> None:
    for name in (
        "a.txt",
        "b.htm",
        "c.JSON",
        "d.csv.gz",
        "e.tab",
        "f.parquet",
        "g.ndjson.zst",
        "h.unknown",
        ".hidden.txt",
    ):
        (tmp_path / name).touch()
    found = {Path(source.name).name: source.format for source in find_sources([str(tmp_path)])}
    assert found == {
        "a.txt": "text", "b.htm": "html", "c.JSON": "json", "d.csv.gz": "csv", "e.tab": "tsv", "f.parquet": "parquet",
        "g.ndjson.zst": "jsonl",
    }  # fmt: skip
    assert [source.format for source in find_sources([str(tmp_path / "h.unknown"), "-"])] == ["text", "text"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"encoding": "utf-9"}, "--encoding utf-9: Python knows no such encoding"),
        ({"encoding": "base64"}, "--encoding base64"),
        ({"encoding": "a\0b"}, "--encoding"),
        ({"delimiter": ""}, "--delimiter : one character"),
        ({"delimiter": "ab"}, "--delimiter ab: one character"),
        ({"delimiter": '"'}, "one character"),
    ],
)
def test_an_option_that_is_not_valid_is_refused(options: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        find_sources(["-"], **options)


@pytest.mark.parametrize("delimiter", ["\t", "\\t", "tab"])
def test_a_tab_has_names(delimiter: str) -> None:
    (source,) = find_sources(["-"], "csv", delimiter=delimiter)
    assert source.delimiter == "\t"


def test_names_with_line_breaks_and_bad_bytes_stay_on_one_line() -> None:
    name = os.fsdecode(b"a\nb\xff\x1b2J.txt")
    with pytest.raises(DataError) as caught:
        find_sources([name])
    assert str(caught.value) == "a\\nb\\udcff\\x1b2J.txt: no such file"
    line = reject_message(Rejected(Record(Source(name, Path(name), "text"), 1, b"", 0), "not UTF-8"))
    assert line == "a\\nb\\udcff\\x1b2J.txt:1: rejected: not UTF-8"
