"""``copydesk clean``: its own options, its inputs, and what people are shown."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from copydesk.bundle import save_bundle
from copydesk.cli import main
from copydesk.commands.diff import diff_text
from copydesk.commands.terminal import printable
from helpers import little_desk


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("desk") / "model"
    desk = little_desk.desk()
    save_bundle(path, desk.estimator, desk.manifest)
    return str(path)


@pytest.fixture(scope="module")
def with_modes(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("desk") / "modes"
    desk = little_desk.desk(modes=True)
    save_bundle(path, desk.estimator, desk.manifest)
    return str(path)


@pytest.fixture
def article(tmp_path: Path) -> Path:
    path = tmp_path / "article.txt"
    path.write_text(little_desk.article() + "\n", encoding="utf-8")
    return path


def clean(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    code = main(["clean", "--quiet", *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_json_carries_what_is_kept_and_what_is_cut(
    capsys: pytest.CaptureFixture[str], model: str, article: Path
) -> None:
    code, out, _ = clean(capsys, "--model", model, str(article))
    row = json.loads(out)
    cleaned = little_desk.desk().clean(article.read_text(encoding="utf-8"))
    assert code == 0
    assert row["text"] == cleaned.text
    assert [(p["text"], p["label"]) for p in row["paragraphs"]] == [(p.text, p.label) for p in cleaned.paragraphs]
    assert {"content", "boilerplate"} == {p["label"] for p in row["paragraphs"]}


def test_what_clean_writes_can_be_trained_on(
    capsys: pytest.CaptureFixture[str], model: str, article: Path, tmp_path: Path
) -> None:
    from copydesk.datasets.labelled_paragraphs import Paragraphs

    _, out, _ = clean(capsys, "--model", model, str(article))
    (tmp_path / "cleaned.jsonl").write_text(out, encoding="utf-8")
    frame = Paragraphs(str(tmp_path / "cleaned.jsonl")).load().frame
    cleaned = little_desk.desk().clean(article.read_text(encoding="utf-8"))
    assert frame["text"].tolist() == [p.text for p in cleaned.paragraphs]
    assert frame["label"].tolist() == [p.label for p in cleaned.paragraphs]


def test_the_promise_can_be_changed(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    files = [tmp_path / f"{seed}.txt" for seed in range(95, 105)]  # many score alike; some pages have a doubtful line
    for seed, file in enumerate(files, start=95):
        file.write_text(little_desk.article(seed), encoding="utf-8")
    found = {}
    for keep in ("1", "0.000001"):
        _, out, _ = clean(capsys, "--model", model, "--keep", keep, *map(str, files))
        found[keep] = [len(json.loads(line)["text"]) for line in out.splitlines()]
    assert len(found["1"]) == len(files)
    assert all(few <= many for few, many in zip(found["0.000001"], found["1"], strict=True))
    assert sum(found["0.000001"]) < sum(found["1"])


def test_json_says_which_mode_was_taken(
    capsys: pytest.CaptureFixture[str], model: str, with_modes: str, article: Path, tmp_path: Path
) -> None:
    desk, text = little_desk.desk(modes=True), article.read_text(encoding="utf-8")
    for words, mode in (([], "page"), (["--mode", "extract"], "extract"), (["--mode", "auto", "--keep", "1"], "page")):
        code, out, _ = clean(capsys, "--model", with_modes, *words, str(article))
        assert (code, json.loads(out)["mode"]) == (0, mode)
        if "--keep" not in words:
            assert json.loads(out)["text"] == desk.clean(text, mode=mode).text
    assert "mode" not in json.loads(clean(capsys, "--model", model, str(article))[1])
    named = tmp_path / "named.jsonl"
    named.write_text(json.dumps({"text": text, "mode": "mine"}) + "\n", encoding="utf-8")
    _, out, _ = clean(capsys, "--model", with_modes, "--prefix", "my_", str(named))
    assert (json.loads(out)["mode"], json.loads(out)["my_mode"]) == ("mine", "page")


def test_a_model_without_modes_is_named(capsys: pytest.CaptureFixture[str], model: str, article: Path) -> None:
    code, _, err = clean(capsys, "--model", model, "--mode", "page", str(article))
    assert code == 4
    assert "mode=page: decision Keep has no modes; train the model with decision=modes" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--keep", "2"], "--keep=2.0: a share above 0 and at most 1"),
        (["--keep", "0"], "--keep=0.0: a share"),
        (["--text", "--explain"], "use --diff --explain"),
    ],
)
def test_options_that_mean_nothing_are_refused(
    capsys: pytest.CaptureFixture[str], model: str, article: Path, words: list[str], said: str
) -> None:
    code, out, err = clean(capsys, "--model", model, *words, str(article))
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_reasons_sum_to_the_score(capsys: pytest.CaptureFixture[str], model: str, article: Path) -> None:
    _, out, _ = clean(capsys, "--model", model, "--explain", str(article))
    for paragraph in json.loads(out)["paragraphs"]:
        why = paragraph["why"]
        assert why["start"] + sum(why["groups"].values()) == pytest.approx(why["score"], abs=1e-3)
        assert (paragraph["label"] == "content") == (why["score"] >= why["threshold"])
        words = {word for named, _ in why["ngrams"] for word in named.replace(" | ", " ").split()}
        assert all(word in paragraph["text"].lower() for word in words)


def test_a_diff_shows_every_paragraph_with_its_mark(
    capsys: pytest.CaptureFixture[str], model: str, article: Path
) -> None:
    _, out, _ = clean(capsys, "--model", model, "--diff", "--explain", str(article))
    cleaned = little_desk.desk().clean(article.read_text(encoding="utf-8"))
    lines = out.splitlines()
    assert lines[0].startswith(f"= {article}: ")
    shown = [line for line in lines if line[0] in "+-"]
    assert [line[0] for line in shown] == ["+" if p.kept else "-" for p in cleaned.paragraphs]
    assert [line[8:] for line in shown] == [p.text for p in cleaned.paragraphs]
    assert sum("score" in line and "n-grams" in line for line in lines) == len(shown)


def test_a_text_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[2Jb\x9b\u202ec") == "a�[2Jb��c"
    assert "\x1b" in diff_text([("+", "kept"), ("-", "cut")], colour=True)


PAGE = """<html><head><title>T</title><style>p {color: red}</style></head><body>
<nav><a href=/>Home</a> | <a href=/n>News</a> | <a>Sport</a></nav>
<h1>The council in brief</h1><p>The council said on <b>Tuesday</b> that the old bridge would stay closed until spring.
A court denied that prices rose by three per cent.</p><div>Share this:</div><p>Caf\u00e9 \u00fcber</p></body></html>"""


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_html_is_read_as_its_text(
    capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path, encoding: str
) -> None:
    pytest.importorskip("resiliparse")
    path = tmp_path / "page.html"
    path.write_bytes(PAGE.encode(encoding))
    code, out, _ = clean(capsys, "--model", model, str(path))
    assert code == 0
    assert [p["text"] for p in json.loads(out)["paragraphs"]] == [
        "Home | News | Sport",
        "The council in brief",
        "The council said on Tuesday that the old bridge would stay closed until spring. A court denied that prices "
        "rose by three per cent.",
        "Share this:",
        "Café über",
    ]


def test_the_headline_of_a_web_page_stays_and_is_marked(
    capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path
) -> None:
    pytest.importorskip("resiliparse", reason="needs the extra html")
    path = tmp_path / "page.html"
    path.write_text(PAGE.replace("<title>T<", "<title>Share this: | The Echo<"), encoding="utf-8")
    _, out, _ = clean(capsys, "--model", model, str(path))
    row = json.loads(out)
    assert [each for each in row["paragraphs"] if "headline" in each] == [
        each | {"text": "Share this:", "label": "content", "headline": True}
        for each in row["paragraphs"]
        if each["text"] == "Share this:"
    ]
    assert "Share this:" in row["text"]
    assert list(row) == ["file", "text", "paragraphs"]
    _, out, _ = clean(capsys, "--model", model, "--diff", "--explain", str(path))
    assert out.count("; the page's headline, which always stays") == 1
    path.write_text(PAGE, encoding="utf-8")
    _, out, _ = clean(capsys, "--model", model, str(path))
    assert "Share this:" not in json.loads(out)["text"]


def test_the_headline_of_a_row_stays_where_its_title_field_is_named(
    capsys: pytest.CaptureFixture[str], model: str, article: Path, tmp_path: Path
) -> None:
    text = article.read_text(encoding="utf-8")
    cut = next(each.text for each in little_desk.desk().clean(text).paragraphs if not each.kept)
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"text": text, "title": f"{cut} - Echo"}) + "\n", encoding="utf-8")
    _, out, _ = clean(capsys, "--model", model, "--title-field", "title", str(path))
    assert [each["text"] for each in json.loads(out)["paragraphs"] if each.get("headline")] == [cut]


def test_html_without_the_extra_says_what_to_install(
    capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    monkeypatch.setitem(sys.modules, "resiliparse", None)
    code, out, err = clean(capsys, "--model", model, str(tmp_path / "page.html"))
    assert (code, out) == (2, "")
    assert err == f"copydesk: {tmp_path / 'page.html'}: to read HTML an extra is needed: pip install 'copydesk[html]'\n"


@pytest.mark.parametrize("field", [[], ["--site-field", "host"]])
def test_chunks_and_threads_leave_no_trace(
    capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path, field: list[str]
) -> None:
    rows = tmp_path / "rows.jsonl"
    texts = [{"text": little_desk.article(n), "host": f"h{n % 3}"} for n in range(30)]
    rows.write_text("".join(json.dumps(row) + "\n" for row in texts), encoding="utf-8")
    told = []
    for words in (["--jobs", "1"], ["--jobs", "3", "--chunk-size", "4"], ["--jobs", "2", "--chunk-size", "1"]):
        code, out, _ = clean(capsys, "--model", model, *field, *words, str(rows))
        assert code == 0
        told.append(out)
    assert told[0].count("\n") == 30
    assert told[0] == told[1] == told[2]


def process(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "copydesk.cli", "clean", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


def test_as_a_process_texts_of_jsonl_are_cleaned_and_other_fields_kept(model: str, tmp_path: Path) -> None:
    rows = [{"id": n, "body": little_desk.article(n), "host": f"h{n % 2}"} for n in range(6)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    done = process(
        "--model", model, "--format", "jsonl", "--text-field", "body", "--site-field", "host", "-", input=text
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in found] == list(range(6))
    assert all(len(row["body"]) < len(given["body"]) for row, given in zip(found, rows, strict=True))


def test_as_a_process_a_diff_is_plain_where_there_is_no_terminal(model: str, article: Path) -> None:
    done = process("--model", model, "--diff", str(article), env={**os.environ, "FORCE_COLOR": ""})
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert {line[0] for line in done.stdout.splitlines()} == set("=+-")


def test_as_a_process_a_diff_is_in_colour_on_a_terminal(model: str, article: Path) -> None:
    pty = pytest.importorskip("pty", reason="no terminals here")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "copydesk.cli", "clean", "-q", "--model", model, "--diff", str(article)]
    environment = {**os.environ, "TERM": "xterm-256color"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(command, stdout=theirs, stdin=subprocess.DEVNULL, env=environment) as child:
        os.close(theirs)
        shown = b""
        try:
            while some := os.read(ours, 1 << 16):
                shown += some
        except OSError:  # Linux says so that the other side is closed
            pass
        os.close(ours)
    assert child.returncode == 0
    lines = shown.decode().splitlines()
    assert any("\x1b[32m+ " in line for line in lines)  # green
    assert any(re.match(r"\x1b\[[0-9;]*31m- ", line) for line in lines)  # red


def test_texts_go_to_a_file_for_each_input_file(capsys: pytest.CaptureFixture[str], model: str, tmp_path: Path) -> None:
    crawl = tmp_path / "crawl"
    (crawl / "deep").mkdir(parents=True)
    text = little_desk.article()
    for name in ("a.txt", "deep/a.txt"):
        (crawl / name).write_text(text, encoding="utf-8")
    (crawl / "b.jsonl").write_text(json.dumps({"text": text}) + "\n", encoding="utf-8")
    (crawl / "empty.txt").write_text(" \n", encoding="utf-8")
    words = ["--model", model, "--text", str(crawl), "-o", f"{tmp_path / 'out'}/"]
    code, _, _ = clean(capsys, *words)
    assert code == 3  # of the empty one
    found = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == {"a.txt", "deep/a.txt", "b.jsonl.txt"}
    expected = little_desk.desk().clean(text).text + "\n"
    assert {(tmp_path / "out" / name).read_text(encoding="utf-8") for name in found} == {expected}
    code, _, err = clean(capsys, *words)
    assert code == 2
    assert "a.txt: already exists; --force replaces it, --resume leaves it out" in err
    (tmp_path / "out" / "a.txt").unlink()
    assert clean(capsys, *words, "--resume")[0] == 3
    assert (tmp_path / "out" / "a.txt").read_text(encoding="utf-8") == expected


def test_several_texts_in_one_stream_are_told_apart(
    capsys: pytest.CaptureFixture[str], model: str, article: Path, tmp_path: Path
) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"text": article.read_text(encoding="utf-8")}) + "\n", encoding="utf-8")
    cleaned = little_desk.desk().clean(article.read_text(encoding="utf-8")).text
    assert clean(capsys, "--model", model, "--text", str(article))[1] == f"{cleaned}\n"
    _, out, _ = clean(capsys, "--model", model, "--text", str(article), str(rows))
    assert out == f"==> {article} <==\n{cleaned}\n\n==> {rows}:1 <==\n{cleaned}\n\n"


@pytest.mark.parametrize("form", ["--text", "--diff"])
@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl"])
def test_text_is_not_written_under_the_name_of_a_table(
    capsys: pytest.CaptureFixture[str], model: str, article: Path, form: str, suffix: str
) -> None:
    code, _, err = clean(capsys, "--model", model, form, str(article), "-o", f"x{suffix}")
    assert code == 2
    assert f"{form} --output x{suffix}: {form} writes text, which is no {suffix}; name it .txt" in err
    assert err.count("\n") == 1


def test_a_name_that_can_not_be_written_is_refused_before_the_model_is_loaded(
    capsys: pytest.CaptureFixture[str], article: Path
) -> None:
    code, _, err = clean(capsys, "--model", "nowhere", str(article), "-o", "out.xyz")
    assert code == 2
    assert err.startswith("copydesk: --output out.xyz: the suffix of no format that can be written; valid: .csv, ")
    assert err.count("\n") == 1
