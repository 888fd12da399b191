"""An output that is an input is refused before anything is opened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copydesk.cli import main
from copydesk.errors import ConfigError
from copydesk.streams.conflicts import check_output
from helpers import little_topics


def link_hard(path: Path) -> None:
    path.hardlink_to("in.jsonl")


def link_symbolic(path: Path) -> None:
    path.symlink_to(Path("in.jsonl").absolute())


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("in.jsonl").write_text('{"text": "a"}\n', encoding="utf-8")
    Path("sub").mkdir()
    Path("sub", "more.jsonl").write_text('{"text": "b"}\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("output", "inputs", "found"),
    [
        ("in.jsonl", ["in.jsonl"], "is the input in.jsonl"),
        ("./sub/../in.jsonl", ["sub", "in.jsonl"], "is the input in.jsonl"),
        ("new.jsonl", ["."], "is in the input folder ."),
        ("sub/deep/new.jsonl", ["sub"], "is in the input folder sub"),
        ("sub", ["sub"], "is the input folder"),
        ("new.jsonl", ["*.jsonl"], "matches the input pattern *.jsonl"),
        ("sub/a/new.jsonl", ["**/*.jsonl"], "matches the input pattern **/*.jsonl"),
        ("sub/new.csv", ["s*"], "matches the input pattern s*"),
        ("old", ["old.part"], "its old.part is the input old.part"),
    ],
)
def test_an_output_among_the_inputs_is_named_with_the_input(output: str, inputs: list[str], found: str) -> None:
    Path("old.part").touch()
    with pytest.raises(ConfigError) as refused:
        check_output("--output", Path(output), inputs)
    assert str(refused.value) == f"--output {Path(output)}: {found}; give another name"


@pytest.mark.parametrize("link", [link_hard, link_symbolic])
@pytest.mark.parametrize("inputs", [["in.jsonl"], ["in*.jsonl"]])
def test_links_are_followed(link: Callable[[Path], None], inputs: list[str]) -> None:
    link(Path("sub", "out.jsonl"))
    with pytest.raises(ConfigError, match=r"is the input in\.jsonl|matches the input pattern in\*\.jsonl"):
        check_output("--output", Path("sub", "out.jsonl"), inputs)


def test_a_folder_behind_a_link_holds_its_files() -> None:
    Path("alias").symlink_to("sub")
    with pytest.raises(ConfigError, match="is in the input folder sub"):
        check_output("--output", Path("alias", "new.jsonl"), ["sub"])


@pytest.mark.parametrize(
    ("output", "inputs"),
    [
        ("out.jsonl", ["in.jsonl"]),
        ("out.jsonl", ["sub", "i*.jsonl"]),
        ("sub/x/new.jsonl", ["sub/*.jsonl"]),
        ("out.jsonl", ["-"]),
    ],
)
def test_other_outputs_pass(output: str, inputs: list[str]) -> None:
    check_output("--output", Path(output), inputs)


@pytest.mark.parametrize("option", ["-o", "--rejects"])
def test_force_does_not_overwrite_the_input(option: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = little_topics.save(folder / "model")
    before = Path("in.jsonl").read_bytes()
    assert main(["predict", "--model", model, "in.jsonl", option, "in.jsonl", "--force"]) == 2
    assert "in.jsonl: is the input in.jsonl; give another name\n" in capsys.readouterr().err
    assert Path("in.jsonl").read_bytes() == before
    assert {path.name for path in folder.iterdir()} == {"in.jsonl", "model", "sub"}


def test_force_keeps_an_output_where_no_row_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = little_topics.save(folder / "model")
    Path("bad.jsonl").write_text("no row\n", encoding="utf-8")
    for name in ("out.jsonl", "out.parquet", "bad"):
        Path(name).write_text("precious", encoding="utf-8")
    for name in ("out.jsonl", "out.parquet"):
        words = ["predict", "--model", model, "bad.jsonl", "-o", name, "--rejects", "bad", "--force"]
        assert main(words) == 3
        assert f"{name}: stays as it was, as no row was written (1 read = 0 written" in capsys.readouterr().err
        assert Path(name).read_text(encoding="utf-8") == "precious"
    assert "no row" in Path("bad").read_text(encoding="utf-8")
    assert not list(folder.glob("*.part*"))


def test_rows_that_have_an_added_field_are_refused_before_the_first(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = little_topics.save(folder / "model")
    Path("had.csv").write_text("text,label\na,b\n" * 1 + "c,d\n" * 50, encoding="utf-8")
    assert main(["predict", "--model", model, "had.csv", "-o", "out.csv"]) == 2
    assert capsys.readouterr().err == (
        "copydesk: had.csv: rows already have the field 'label'; --prefix TEXT gives the added fields other names, "
        "such as --prefix new_ for 'new_label'\n"
    )
    assert not list(folder.glob("out*"))
    assert main(["predict", "--model", model, "had.csv", "-o", "out.csv", "--prefix", "new_"]) == 0
    assert Path("out.csv").read_text(encoding="utf-8").startswith("text,label,new_label,new_confidence\n")
    Path("later.jsonl").write_text('{"text": "a"}\n{"text": "b", "label": 1}\n', encoding="utf-8")
    assert main(["predict", "--model", model, "later.jsonl", "-o", "later-out.jsonl"]) == 3
    assert "1 written + 1 rejected" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["-o", "nodir/out.csv"], "--output nodir/out.csv: the folder nodir does not exist; make it first"),
        (["--rejects", "nodir/bad"], "--rejects nodir/bad: the folder nodir does not exist; make it first"),
        (["-o", "taken.jsonl"], "taken.jsonl.part: is a folder; move it, or give the output another name"),
        (["-o", "state.jsonl", "--resume"], "state.jsonl.part.json: is a folder; move it, or give"),
        (["-o", "deep.jsonl", "--resume"], "deep.jsonl.part.json: not a state that this copydesk can continue"),
        (["-o", "odd.jsonl", "--resume"], "odd.jsonl.part.json: not a state that this copydesk can continue"),
        (["--jobs", "9" * 5000], "argument --jobs: '999999999999999999…': a whole number from 1 of at most 9 digits"),
        (["--chunk-size", "9" * 5000], "--chunk-size: '999999999999999999…': a whole number from 1"),
        (["--top-k", "9" * 5000], "argument --top-k: invalid int value: '999"),
        (["--forse"], "no option --forse; did you mean --force"),
    ],
)
def test_a_mistake_in_options_is_one_short_line(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str], named: str
) -> None:
    model = little_topics.save(folder / "model")
    for name in ("taken.jsonl.part", "state.jsonl.part.json"):
        Path(name).mkdir()
    nested = '{"version": 1, "settings": ' + '{"a": ' * 100_000 + "1" + "}" * 100_001
    Path("deep.jsonl.part.json").write_text(nested, encoding="utf-8")
    Path("odd.jsonl.part.json").write_text('{"version": 1, "settings": 3, "read": "x"}', encoding="utf-8")
    assert main(["predict", "--model", model, "in.jsonl", *words]) == 2
    err = capsys.readouterr().err
    assert named in err
    assert err.count("\n") == 1
    assert len(err) < 1000
