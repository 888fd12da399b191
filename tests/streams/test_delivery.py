"""An output has its name when it is whole; until then it can be continued, and nothing is twice or missing."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pyarrow import parquet

from copydesk.errors import ConfigError, CopydeskError, DataError, ResourceError
from copydesk.formats.readers import read_records
from copydesk.formats.rows import Fields, Row, Source
from copydesk.formats.writers import encoder_for, output_format
from copydesk.streams import delivery as delivering
from copydesk.streams.answers import answering
from copydesk.streams.chunks import in_chunks, in_order
from copydesk.streams.delivery import Delivery


def upper(rows: Sequence[Row]) -> list[Mapping[str, Any]]:
    return [{"loud": row.text.upper()} for row in rows]


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    path = tmp_path / "in.jsonl"
    lines = [json.dumps({"text": f"row {n}"}) if n % 7 else f"bad {n}" for n in range(100)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def recorded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivering, "CHECKPOINT_SECONDS", 0.0)


def deliver(
    inputs: Path,
    output: Path,
    rejects: Path | None = None,
    *,
    after: Callable[[int], None] = lambda n: None,
    rows: int = 9,
    jobs: int = 2,
    settings: Mapping[str, Any] = {},
    **options: bool,
) -> str:
    work = answering(upper, encoder_for(output_format(output)), Fields())
    with Delivery(output, rejects, {"inputs": [inputs.name], **settings}, **options) as delivery:
        records: Iterator[Any] = delivery.after_done(
            read_records(Source(inputs.name, inputs, inputs.suffix[1:]), "text")
        )
        for number, (chunk, answered) in enumerate(in_order(in_chunks(records, rows), work, jobs)):
            after(number)
            delivery.take(chunk, answered)
        return delivery.finish()


def stop_at(chunk: int, error: BaseException) -> Callable[[int], None]:
    def after(number: int) -> None:
        if number == chunk:
            raise error

    return after


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"in.jsonl"}


def test_rows_and_rejects_add_up_to_what_was_read(inputs: Path, tmp_path: Path) -> None:
    said = deliver(inputs, tmp_path / "out.jsonl", tmp_path / "bad.jsonl")
    assert said == "100 read = 85 written + 15 rejected"
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert found == [{"text": f"row {n}", "loud": f"ROW {n}"} for n in range(100) if n % 7]
    bad = [json.loads(line) for line in (tmp_path / "bad.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(each["line"], each["row"]) for each in bad] == [(n + 1, f"bad {n}") for n in range(0, 100, 7)]
    assert names(tmp_path) == {"out.jsonl", "bad.jsonl"}


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_threads_and_chunk_size_leave_no_trace(inputs: Path, tmp_path: Path, suffix: str) -> None:
    found = set()
    for jobs in (1, 2, 4):
        for rows in (1, 7, 1000):
            output, rejects = tmp_path / f"{jobs}-{rows}{suffix}", tmp_path / f"{jobs}-{rows}.bad"
            deliver(inputs, output, rejects, jobs=jobs, rows=rows)
            found.add((output.read_bytes(), rejects.read_bytes()))
    assert len(found) == 1


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
@pytest.mark.parametrize("chunk", [1, 5, 10])
def test_an_interrupted_output_is_continued_as_if_nothing_had_been(
    inputs: Path, tmp_path: Path, suffix: str, chunk: int
) -> None:
    whole, whole_bad = tmp_path / f"whole{suffix}", tmp_path / "whole.bad"
    deliver(inputs, whole, whole_bad)
    output, bad = tmp_path / f"out{suffix}", tmp_path / "out.bad"
    with pytest.raises(KeyboardInterrupt) as stopped:
        deliver(inputs, output, bad, after=stop_at(chunk, KeyboardInterrupt()))
    (note,) = stopped.value.__notes__
    assert re.fullmatch(rf"copydesk: interrupted; {chunk * 9} rows are done.*--resume continues", note)
    assert not output.exists()
    assert not bad.exists()
    with pytest.raises(ConfigError, match=r"unfinished run \(\d+ rows are done\); --resume continues it, --force"):
        deliver(inputs, output, bad)
    with pytest.raises(SystemExit):
        deliver(inputs, output, bad, resume=True, rows=2, after=stop_at(1, SystemExit(143)))
    assert deliver(inputs, output, bad, resume=True) == "100 read = 85 written + 15 rejected"
    assert output.read_bytes() == whole.read_bytes()
    assert bad.read_bytes() == whole_bad.read_bytes()
    assert names(tmp_path) == {whole.name, "whole.bad", output.name, "out.bad"}


def test_an_interruption_before_any_row_leaves_nothing(inputs: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt) as stopped:
        deliver(inputs, tmp_path / "out.jsonl", after=stop_at(0, KeyboardInterrupt()))
    assert stopped.value.__notes__ == ["copydesk: interrupted; nothing was done yet"]
    assert names(tmp_path) == set()


def test_another_model_other_options_and_other_input_are_not_continued(inputs: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    with pytest.raises(KeyboardInterrupt):
        deliver(inputs, output, settings={"model": "a" * 64}, after=stop_at(3, KeyboardInterrupt()))
    with pytest.raises(ConfigError, match=r"was begun with model .*aaaa.*bbb.*--force"):
        deliver(inputs, output, resume=True, settings={"model": "b" * 64})
    with pytest.raises(ConfigError, match="was begun with top_k null, not 3"):
        deliver(inputs, output, resume=True, settings={"model": "a" * 64, "top_k": 3})
    text = inputs.read_text(encoding="utf-8")
    inputs.write_text(text.replace("row 8", "row eight"), encoding="utf-8")
    with pytest.raises(ConfigError, match="the input differs from what the unfinished run read"):
        deliver(inputs, output, resume=True, settings={"model": "a" * 64})
    inputs.write_text(text + '{"text": "one more"}\n', encoding="utf-8")  # what was not read yet may change
    assert deliver(inputs, output, resume=True, settings={"model": "a" * 64}).startswith("101 read")


def test_what_is_there_is_replaced_only_on_demand(inputs: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("precious", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"out\.jsonl: already exists; --force replaces it"):
        deliver(inputs, output)
    with pytest.raises(ConfigError, match="already exists, and no unfinished run that --resume could continue"):
        deliver(inputs, output, resume=True)
    with pytest.raises(KeyboardInterrupt):
        deliver(inputs, output, force=True, after=stop_at(4, KeyboardInterrupt()))
    assert output.read_text(encoding="utf-8") == "precious"
    deliver(inputs, output, resume=True)  # it was begun with --force
    assert output.read_text(encoding="utf-8").count("\n") == 85
    (tmp_path / "other.jsonl.part").write_text("somebody's", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"other\.jsonl\.part: already exists, and belongs to no known run"):
        deliver(inputs, tmp_path / "other.jsonl")
    assert (tmp_path / "other.jsonl.part").read_text(encoding="utf-8") == "somebody's"


def test_a_run_killed_while_it_gives_names_is_ended_by_the_next(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole.jsonl"
    deliver(inputs, whole, tmp_path / "whole.bad")
    done = delivering.finish_part
    for step in range(3):
        output, bad = tmp_path / f"{step}.jsonl", tmp_path / f"{step}.bad"
        left = [step]

        def dying(part: Path, path: Path, left: list[int] = left) -> None:
            if not left[0]:
                raise OSError(5, "killed")
            left[0] -= 1
            done(part, path)

        monkeypatch.setattr(delivering, "finish_part", dying)
        if step < 2:
            with pytest.raises(ResourceError, match="--resume"):
                deliver(inputs, output, bad)
            monkeypatch.setattr(delivering, "finish_part", done)
            deliver(inputs, output, bad, resume=True)
        else:
            deliver(inputs, output, bad)
        assert output.read_bytes() == whole.read_bytes()
        assert bad.read_bytes() == (tmp_path / "whole.bad").read_bytes()
    assert not [path for path in tmp_path.iterdir() if ".part" in path.name]


def test_two_runs_never_write_one_output(inputs: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"

    def meanwhile(number: int) -> None:
        for options in ({}, {"resume": True}, {"force": True}):
            with pytest.raises(ConfigError, match=r"another process is writing it|unfinished run"):
                deliver(inputs, output, **options)

    assert deliver(inputs, output, after=meanwhile, rows=40).startswith("100 read")


def test_strict_stops_at_the_first_bad_row_and_goes_on_when_it_is_mended(inputs: Path, tmp_path: Path) -> None:
    output = tmp_path / "out.jsonl"
    text = inputs.read_text(encoding="utf-8").replace("bad 0\n", "")
    inputs.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"in\.jsonl:7: rejected: not JSON.*\(--strict\)"):
        deliver(inputs, output, strict=True, rows=2)
    assert not output.exists()
    inputs.write_text("".join(line + "\n" for line in text.splitlines() if "bad" not in line), encoding="utf-8")
    assert deliver(inputs, output, strict=True, resume=True) == "85 read = 85 written + 0 rejected"


def test_inputs_of_different_columns_do_not_meet_in_one_table(tmp_path: Path) -> None:
    for name, content in (("a.csv", "text\na\n"), ("b.csv", "text,id\na,1\n"), ("c.jsonl", '{"text": "a"}\n')):
        (tmp_path / name).write_text(content, encoding="utf-8")
    work = answering(upper, encoder_for("csv"), Fields())
    for names_of in (("a.csv", "b.csv"), ("a.csv", "c.jsonl")):
        sources = [Source(name, tmp_path / name, name.rpartition(".")[2]) for name in names_of]
        records = [record for source in sources for record in read_records(source, "text")]
        with Delivery(tmp_path / "out.csv", None, {}, force=True) as delivery:
            *chunks, last = in_chunks(records, 1)
            for chunk in chunks:
                delivery.take(chunk, work(chunk))
            with pytest.raises(DataError, match="differ in their columns"):
                delivery.take(last, work(last))


@pytest.mark.parametrize("rows", [1, 2, 1000])
@pytest.mark.parametrize(("suffix", "delimiter"), [(".csv", ","), (".tsv", "\t")])
def test_json_lines_become_a_table_of_all_their_columns(tmp_path: Path, rows: int, suffix: str, delimiter: str) -> None:
    lines = [
        {"text": "a, b", "n": 1, "nested": {"x": ["é", None]}},
        {"flag": True, "text": 'say "a"\nb', "n": None},
        {"text": "c", "id": "007", "lone": "\ud800"},
    ]
    path = tmp_path / "in.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    output = tmp_path / f"out{suffix}"
    assert deliver(path, output, rows=rows) == "3 read = 3 written + 0 rejected"
    with output.open(encoding="utf-8", newline="") as file:
        found = list(csv.reader(file, delimiter=delimiter))
    assert found == [
        ["text", "n", "nested", "loud", "flag", "id", "lone"],
        ["a, b", "1", '{"x": ["\\u00e9", null]}', "A, B", "", "", ""],
        ['say "a"\nb', "", "", 'SAY "A"\nB', "true", "", ""],
        ["c", "", "", "C", "", "007", "?"],
    ]
    assert names(tmp_path) == {output.name}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "a", "deep": ' + "[" * 900 + "]" * 900 + "}", "JSON nested more than 200 deep in the field 'deep'"),
        ('{"text": "a", "\\ud800": 1}', "the field name '\\\\ud800' is not valid Unicode, which Parquet needs"),
    ],
)
def test_what_parquet_cannot_hold_is_rejected(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(line + '\n{"text": "b"}\n', encoding="utf-8")
    said = deliver(path, tmp_path / "out.parquet", tmp_path / "bad")
    assert said == "2 read = 1 written + 1 rejected"
    assert reason in (tmp_path / "bad").read_text(encoding="utf-8")
    assert names(tmp_path) == {"out.parquet", "bad"}


@pytest.mark.parametrize("number", ["1e" + "9" * 5000, "1e-" + "9" * 5000, "1." + "0" * 5000, "9" * 5000])
def test_numbers_without_measure_are_text_in_parquet(tmp_path: Path, number: str) -> None:
    path = tmp_path / "in.jsonl"
    path.write_text(f'{{"text": "a", "n": {number}}}\n{{"text": "b", "n": [1, [2]]}}\n', encoding="utf-8")
    deliver(path, tmp_path / "out.parquet")
    assert parquet.read_table(tmp_path / "out.parquet").column("n").to_pylist() == [number, "[1, [2]]"]


def test_a_prefix_that_is_not_unicode_rejects_every_row(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    path.write_text("text\na\n", encoding="utf-8")
    record, *_ = read_records(Source("in.csv", path, "csv"), "text")
    for file_format, written in (("csv", 0), ("parquet", 0), ("jsonl", 1)):
        work = answering(lambda rows: [{"\udcffloud": 1} for _ in rows], encoder_for(file_format), Fields())
        answered = work(next(in_chunks([record])))
        assert (answered.written, len(answered.rejected)) == (written, 1 - written)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(inputs: Path, tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(ResourceError, match="closed"):
        deliver(inputs, tmp_path / "closed" / "out.jsonl")


def test_a_folder_that_is_not_there_is_named(inputs: Path, tmp_path: Path) -> None:
    with pytest.raises(CopydeskError, match=r"nowhere/out\.jsonl\.part: No such file"):
        deliver(inputs, tmp_path / "nowhere" / "out.jsonl")
