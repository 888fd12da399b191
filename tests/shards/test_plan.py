"""However a file is cut, its parts together hold each row once, in order."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from zipfile import ZipFile

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from copydesk.errors import ConfigError
from copydesk.formats.readers import read_records
from copydesk.formats.rows import Source
from copydesk.formats.sources import find_sources
from copydesk.shards.plan import Shard, plan_shards


def planned(*paths: Path, size: int = 100) -> list[Shard]:
    return plan_shards(find_sources([str(path) for path in paths]), Path("out"), size)


def rows_of(source: Source) -> list[bytes]:
    return [record.raw for record in read_records(source, "text")]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from([b"{}", b"", b"a" * 37, b"\xff", b'{"text": "x\\n"}', b"  "]), max_size=30),
    st.booleans(),
    st.integers(1, 60),
)
def test_law_ranges_of_bytes_share_no_line_and_leave_none_out(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], ends: bool, size: int
) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.jsonl"
    path.write_bytes(b"\n".join(lines) + b"\n" * ends)
    whole = rows_of(next(find_sources([str(path)])))
    assert [row for shard in planned(path, size=size) for row in rows_of(shard.source)] == whole


def test_parquet_is_cut_at_row_groups_and_rows_keep_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts = [f"text {n}" for n in range(50)]
    parquet.write_table(pa.table({"text": texts}), path, row_group_size=7)
    shards = planned(path, size=200)
    assert len(shards) > 3
    records = [record for shard in shards for record in read_records(shard.source, "text")]
    assert [record.line for record in records] == list(range(1, 51))
    assert [record.raw.batch.rows[record.raw.at]["text"] for record in records] == texts
    assert shards[0].name == f"a-00001-of-{len(shards):05}.parquet"


def test_what_can_not_be_read_from_the_middle_is_one_shard(tmp_path: Path) -> None:
    rows = "".join(json.dumps({"text": f"{n} ü"}) + "\n" for n in range(50))
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(rows.encode()))
    (tmp_path / "b.csv").write_text("text\n" + "word\n" * 200, encoding="utf-8")
    (tmp_path / "c.jsonl").write_text(rows, encoding="utf-16")
    (tmp_path / "d.json").write_text(json.dumps([{"text": "x" * 500}]), encoding="utf-8")
    (tmp_path / "e.parquet").write_bytes(b"PAR1" + b"x" * 500)
    shards = planned(tmp_path)
    assert [shard.name for shard in shards] == ["a.jsonl", "b.csv", "c.jsonl", "d.jsonl", "e.parquet"]
    assert all(shard.source.span is None for shard in shards)


def test_small_files_are_not_cut(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "x"}\n' * 10, encoding="utf-8")
    assert [shard.name for shard in planned(tmp_path, size=100)] == ["a.jsonl"]


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["x/a.jsonl", "y/a.jsonl"], "a.jsonl would hold both"),
        (["a.txt"], "a folder of parts is made of tables"),
        (["_a.jsonl"], "would be hidden"),
    ],
)
def test_refused(tmp_path: Path, names: list[str], wanted: str) -> None:
    paths = [tmp_path / name for name in names]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_text('{"text": "x"}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=wanted):
        planned(*paths)


def test_standard_input_has_no_name() -> None:
    with pytest.raises(ConfigError, match="standard input has no name"):
        plan_shards(find_sources(["-"], "jsonl"), Path("out"))


def test_a_web_archive_gets_a_part_and_an_archive_of_files_none(tmp_path: Path) -> None:
    (tmp_path / "crawl.warc.gz").write_bytes(b"")
    assert [shard.name for shard in planned(tmp_path / "crawl.warc.gz")] == ["crawl.jsonl"]
    with ZipFile(tmp_path / "pages.zip", "w") as archive:
        archive.writestr("a.jsonl", '{"text": "x"}\n')
    with pytest.raises(ConfigError, match="is in an archive, and gets no part"):
        planned(tmp_path / "pages.zip")
