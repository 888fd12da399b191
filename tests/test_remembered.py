"""What a trained model remembers of its data: the fields that it was read from, and the rows that it has seen."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from copydesk.bundle import read_manifest
from copydesk.cli import main
from helpers.command import copydesk
from helpers.little_articles import TOPICS

WORDS_OF_ALL = "today yesterday people said city new first week year time".split()


def articles(n: int, seed: int) -> list[dict[str, str]]:
    """Return articles whose headline names their topic and whose body does not."""
    draw = random.Random(seed)
    return [
        {"key": f"{seed}-{at}", "headline": " ".join(draw.choices(TOPICS[topic], k=3)), "outlet": f"s{at % 7}",
         "body": f"{' '.join(draw.choices(WORDS_OF_ALL, k=25))} {seed}.{at}", "topic": topic}
        for at, topic in enumerate(sorted(TOPICS)[k % 3] for k in range(n))
    ]  # fmt: skip


def written(path: Path, rows: Iterable[Mapping[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def trained(folder: Path, *words: str) -> Path:
    """Train on 60 articles, one of them without text; return the run's folder."""
    path = written(folder / "news.jsonl", [*articles(60, seed=1), {"key": "none", "body": "", "topic": "x"}])
    named = ["dataset.text=body", "dataset.label=topic", "dataset.title=headline", "dataset.group=outlet"]
    named += ["dataset.id=key"]
    done = copydesk("train", "experiment=topics", f"dataset.path={path}", *named, *words, cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout, encoding="utf-8")
    return folder / "experiments" / "runs" / "topics" / "latest"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("remembered"))


@pytest.fixture
def model(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    return str(run / "model")


def said_by(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(list(words))
    said = capsys.readouterr()
    return code, said.out, said.err


def right(out: str) -> int:
    return sum(row["label"] == row["topic"] for row in map(json.loads, out.splitlines()))


# --- fields --------------------------------------------------------------------------------------------------------


def test_the_manifest_holds_the_fields(model: str) -> None:
    assert read_manifest(Path(model))["fields"] == {"text": "body", "title": "headline", "site": "outlet"}


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_predict_reads_the_fields_of_the_training_data(
    model: str, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(written(Path("new.jsonl"), articles(30, seed=2)))
    if suffix == "csv":
        import pandas as pd

        path = Path("new.csv")
        pd.read_json("new.jsonl", lines=True, dtype=False).to_csv(path, index=False)
    code, out, err = said_by(capsys, "predict", "--model", model, str(path))
    assert (code, right(out)) == (0, 30)
    assert err == "copydesk: 30 read = 30 written + 0 rejected\n"


def test_an_empty_title_field_reads_none(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(Path("new.jsonl"), articles(30, seed=2))
    code, out, err = said_by(capsys, "predict", "--model", model, "--title-field", "", path)
    assert (code, len(out.splitlines())) == (0, 30)
    assert right(out) < 30
    assert "title" not in err


@pytest.mark.parametrize("verb", ["predict", "explain", "evaluate"])
@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_a_misspelt_title_field_is_an_error_that_names_those_there_are(
    model: str, verb: str, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import pandas as pd

    frame = pd.DataFrame(articles(30, seed=2))
    path = f"new.{suffix}"
    {"jsonl": lambda: written(Path(path), frame.to_dict("records")),
     "csv": lambda: frame.to_csv(path, index=False),
     "parquet": lambda: frame.to_parquet(path)}[suffix]()  # fmt: skip
    more = ["--label-field", "topic"] if verb == "evaluate" else []
    code, out, err = said_by(capsys, verb, "--model", model, "--title-field", "hedline", *more, path)
    assert (code, out) == (3 if verb == "evaluate" else 2, "")
    assert "hedline" in err
    assert "did you mean headline? Valid: body, headline, key, outlet, topic" in err
    assert len(err.splitlines()) == 1


def test_a_misspelt_field_leaves_no_output_and_the_one_before_as_it_was(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(Path("new.jsonl"), articles(30, seed=2))
    Path("out.jsonl").write_text("before\n", encoding="utf-8")
    code, _, _ = said_by(
        capsys, "predict", "--model", model, "--site-field", "outle", path, "-o", "out.jsonl", "--force"
    )
    assert code == 2
    assert Path("out.jsonl").read_text(encoding="utf-8") == "before\n"
    assert sorted(each.name for each in Path().iterdir()) == ["new.jsonl", "out.jsonl"]


def test_a_title_that_only_some_rows_or_one_file_have_is_read(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    rows = articles(30, seed=2)
    without = [{name: value for name, value in row.items() if name != "headline"} for row in rows] * 40
    first, second = written(Path("a.jsonl"), without), written(Path("b.jsonl"), rows)
    code, out, err = said_by(capsys, "predict", "--model", model, "--title-field", "headline", first, second)
    assert (code, len(out.splitlines())) == (0, 1230)
    assert "title" not in err


def test_a_title_field_of_the_model_that_no_row_has_is_warned_of_once(
    model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"body": row["body"], "topic": row["topic"]} for row in articles(30, seed=2)]
    path = written(Path("new.jsonl"), rows)
    for verb, more in (("predict", []), ("explain", []), ("evaluate", ["--label-field", "topic"])):
        code, _, err = said_by(capsys, verb, "--model", model, *more, path)
        assert code == 0
        assert err.count("in the field 'headline', which no row has") == 1


def test_text_files_have_their_title_in_the_text(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.txt").write_text("ferry harbour\n\nNothing said.\n", encoding="utf-8")
    code, _, err = said_by(capsys, "predict", "--model", model, "new.txt")
    assert (code, err) == (0, "copydesk: 1 read = 1 written + 0 rejected\n")


def test_training_tells_of_a_title_field_that_no_key_names(tmp_path: Path) -> None:
    path = written(tmp_path / "news.jsonl", articles(60, seed=1))
    done = copydesk("train", "experiment=topics", f"dataset.path={path}", "dataset.text=body", "dataset.label=topic",
                    cwd=tmp_path)  # fmt: skip
    assert done.returncode == 0
    assert done.stderr.count("a field 'headline', which is not read; dataset.title=headline") == 1


# --- rows seen in training -----------------------------------------------------------------------------------------


def evaluated(capsys: pytest.CaptureFixture[str], model: str, *words: str) -> tuple[int, str, str]:
    return said_by(capsys, "evaluate", "--model", model, "--label-field", "topic", "--id-field", "key", *words)


def metrics() -> dict[str, Any]:
    path = Path("experiments", "evaluations", "topics", "latest", "metrics.json")
    return dict(json.loads(path.read_text(encoding="utf-8")))


def test_rows_seen_in_training_are_counted_and_left_out(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    seen = [row | {"body": row["body"].replace(" ", "  \t")} for row in articles(20, seed=1)]
    path = written(Path("mixed.jsonl"), [*seen, *articles(30, seed=2)])
    code, out, _ = evaluated(capsys, model, path)
    assert code == 0
    assert "judged on 30 texts of 30 documents, none seen in training; 20 texts of 20 documents were seen" in out
    assert metrics()["n"] == 30


def test_rows_seen_in_training_are_judged_on_demand(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(Path("mixed.jsonl"), [*articles(20, seed=1), *articles(30, seed=2)])
    code, out, err = evaluated(capsys, model, "--include-seen", path)
    assert code == 0
    assert "judged on 50 texts of 50 documents, 20 of them seen in training" in out
    assert "the model was trained on 20 of these 50 texts" in err
    assert metrics()["n"] == 50


def test_nothing_but_seen_rows_can_not_be_judged(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = evaluated(capsys, model, written(Path("seen.jsonl"), articles(60, seed=1)))
    assert (code, out) == (3, "")
    assert "trained on all 60 texts" in err
    assert "--include-seen" in err


def test_rows_held_out_of_a_split_were_not_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = trained(tmp_path, "split=stratified")
    said = (tmp_path / "said.txt").read_text(encoding="utf-8")
    assert "judged on 12 texts not seen in training\n" in said
    path = written(tmp_path / "all.jsonl", articles(60, seed=1))
    code, out, _ = evaluated(capsys, str(found / "model"), path, "-o", str(tmp_path / "judged"))
    assert code == 0
    assert "judged on 12 texts of 12 documents, none seen in training; 48 texts of 48 documents were seen" in out


def test_the_summary_of_folds_says_that_the_saved_model_has_seen_all(run: Path) -> None:
    said = (run.parents[3] / "said.txt").read_text(encoding="utf-8")
    assert "judged on 60 texts not seen in training, in 5 folds; the saved model is fitted on all" in said


# --- what is left out, and names of rows ---------------------------------------------------------------------------


def test_rows_left_out_are_counted_on_screen_and_all_kept(run: Path) -> None:
    said = (run.parents[3] / "said.txt").read_text(encoding="utf-8")
    assert "left out 1 of 61 rows (1.6%), such as news.jsonl:61: body: empty; all: " in said
    lines = (run / "left_out.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [{"where": "news.jsonl:61", "reason": "body: empty"}]


def test_ids_name_the_rows_of_predictions(run: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    import pandas as pd

    found = pd.read_parquet(run / "predictions.parquet")
    assert set(found["document"]) == {f"1-{at}" for at in range(60)}
    assert evaluated(capsys, model, written(Path("new.jsonl"), articles(9, seed=2)))[0] == 0
    judged = pd.read_parquet(Path("experiments", "evaluations", "topics", "latest", "predictions.parquet"))
    assert set(judged["document"]) == {f"2-{at}" for at in range(9)}


def test_skipped_files_of_a_folder_are_counted_by_suffix(model: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path("crawl")
    folder.mkdir()
    for name in ("a.txt", "b.md", "c.md", "pages.tar.gz", ".hidden"):
        (folder / name).write_text("ferry", encoding="utf-8")
    code, _, err = said_by(capsys, "predict", "--model", model, str(folder))
    assert code == 0
    assert err.splitlines()[1] == (
        "copydesk: 3 files of folders skipped: 2 .md (such as crawl/b.md), 1 .tar.gz (such as crawl/pages.tar.gz); "
        "named by a pattern, such as 'crawl/*.md', they are read as text"
    )
