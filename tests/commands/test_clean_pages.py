"""``copydesk clean`` on web archives, archives of pages, and fields of HTML."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from copydesk.bundle import save_bundle
from copydesk.cli import main
from copydesk.errors import ResourceError
from helpers import little_desk
from helpers.little_archive import archive, packed, page, record, response

Clean = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("desk") / "model"
    desk = little_desk.desk()
    save_bundle(path, desk.estimator, desk.manifest)
    return str(path)


@pytest.fixture
def clean(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, model: str, tmp_path: Path) -> Clean:
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["clean", "--model", model, *words])
        found = capsys.readouterr()
        return code, found.out, found.err

    return run


def rows_of(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_pages_of_a_web_archive_are_cleaned_and_other_records_counted(clean: Clean) -> None:
    others = [response("http://e.com/i", b"x", content_type="image/png"), record("metadata", "", "text/plain", b"x")]
    Path("crawl.warc.gz").write_bytes(packed([*archive(3), *others]))
    code, out, err = clean("crawl.warc.gz", "--site-field", "site")
    rows = rows_of(out)
    assert code == 0
    assert [list(row) for row in rows] == [["file", "id", "site", "crawled", "text", "paragraphs"]] * 3
    assert [row["id"] for row in rows] == [f"http://www.example.com/{number}" for number in range(3)]
    assert rows[1]["paragraphs"][0]["text"] == "Page 1"
    assert rows[1]["paragraphs"][0]["headline"] is True
    assert err.splitlines() == [
        "copydesk: 3 read = 3 written + 0 rejected",
        "copydesk: 5 records of web archives skipped, which are no pages: 3 request, 1 image/png, 1 metadata",
    ]


def test_many_kinds_of_records_stay_on_one_line(clean: Clean) -> None:
    others = [response(f"http://e.com/{n}", b"x", content_type=f"x/{n}\x1b") for n in range(9)]
    Path("crawl.warc").write_bytes(b"".join([*archive(1), *others]))
    _, _, err = clean("crawl.warc")
    assert err.splitlines()[1].startswith("copydesk: 10 records of web archives skipped, which are no pages: 1 ")
    assert err.splitlines()[1].endswith(", 4 others")
    assert "\x1b" not in err


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_threads_leave_no_trace(clean: Clean, jobs: str) -> None:
    Path("crawl.warc.gz").write_bytes(packed(archive(30)))
    whole = clean("crawl.warc.gz", "--jobs", "2")[1]
    assert len(rows_of(whole)) == 30
    assert clean("crawl.warc.gz", "--jobs", jobs, "--chunk-size", "4")[1] == whole


def test_damaged_records_are_rejected_with_their_offset_and_the_rest_is_cleaned(clean: Clean) -> None:
    parts = [packed([each]) for each in archive(4)]
    at = sum(map(len, parts[:3]))
    damaged = bytearray(b"".join(parts))
    damaged[at + 40] ^= 4
    Path("crawl.warc.gz").write_bytes(damaged)
    code, out, err = clean("crawl.warc.gz", "--rejects", "bad.jsonl")
    (bad,) = rows_of(Path("bad.jsonl").read_text(encoding="utf-8"))
    assert code == 3
    assert [row["id"][-1] for row in rows_of(out)] == ["0", "2", "3"]
    assert bad["line"] == 2
    assert bad["reason"].startswith(f"record at byte {at:,}: damaged (")
    assert "4 read = 3 written + 1 rejected" in err


def test_an_interrupted_output_of_an_archive_is_resumed(clean: Clean, monkeypatch: pytest.MonkeyPatch) -> None:
    from copydesk.streams.delivery import Delivery

    Path("crawl.warc.gz").write_bytes(packed(archive(12)))
    whole = clean("crawl.warc.gz", "-q")[1]
    take, taken = Delivery.take, []

    def stop_at_third(self: Delivery, *chunk: Any) -> None:
        taken.append(1)
        if len(taken) == 3:
            raise ResourceError("stopped")
        take(self, *chunk)

    with monkeypatch.context() as patched:
        patched.setattr(Delivery, "take", stop_at_third)
        code, _, _ = clean("crawl.warc.gz", "-o", "out.jsonl", "--chunk-size", "3")
    assert code == 5
    assert clean("crawl.warc.gz", "-o", "out.jsonl", "--chunk-size", "3", "--resume")[0] == 0
    assert Path("out.jsonl").read_text(encoding="utf-8") == whole


def test_an_archive_comes_by_standard_input(clean: Clean, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Path("crawl.warc.gz").write_bytes(packed(archive(2)))
    with (tmp_path / "crawl.warc.gz").open("rb") as stream:
        monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": stream})())
        code, out, _ = clean("--format", "warc", "-")
    assert code == 0
    assert [row["file"] for row in rows_of(out)] == ["-", "-"]


def test_an_archive_without_the_extra_says_what_to_install(clean: Clean, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("crawl.warc").write_bytes(b"".join(archive(1)))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    code, _, err = clean("crawl.warc")
    assert (code, err) == (
        2, "copydesk: crawl.warc: to read web archives an extra is needed: pip install 'copydesk[html]'\n",
    )  # fmt: skip


# --- archives of pages ---------------------------------------------------------------------------------------------


def zipped(path: str, **files: bytes | str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as pages:
        for name, content in files.items():
            pages.writestr(name, content)


def test_files_of_a_zip_are_read_as_those_of_a_folder(clean: Clean) -> None:
    lines = "".join(json.dumps({"text": f"Line {number} of a table"}) + "\n" for number in range(2))
    zipped("pages.zip", **{
        "b.html": page(2), "a/1.htm": page(1), "c.md": "no page", ".hidden.html": page(3), "__MACOSX/b.html": "x",
        "rows.jsonl.gz": gzip.compress(lines.encode()), "crawl.warc.gz": packed(archive(1)),
    })  # fmt: skip
    code, out, err = clean("pages.zip")
    rows = rows_of(out)
    assert code == 0
    assert [row.get("file", "") for row in rows] == [
        "pages.zip/a/1.htm", "pages.zip/b.html", "pages.zip/crawl.warc.gz", "", "",
    ]  # fmt: skip
    assert rows[0]["paragraphs"][0]["text"] == "Page 1"
    assert "1 file of folders skipped: 1 .md (such as pages.zip/c.md)" in err


def test_texts_of_a_zip_go_to_files_of_their_own(clean: Clean) -> None:
    zipped("pages.zip", **{"a/1.html": page(1), "b.html": page(2)})
    Path("out").mkdir()
    assert clean("pages.zip", "--text", "-o", "out/")[0] == 0
    assert sorted(str(path) for path in Path("out").rglob("*.*")) == ["out/a/1.html.txt", "out/b.html.txt"]
    assert "==> pages.zip/a/1.html <==" in clean("pages.zip", "--text")[1]


@pytest.mark.parametrize("name", ["../out.html", "/out.html", "a/../../out.html", "a\\..\\..\\out.html"])
def test_a_name_that_leads_out_of_a_zip_is_refused(clean: Clean, name: str) -> None:
    zipped("pages.zip", **{name: page(1)})
    code, _, err = clean("pages.zip")
    assert code == 3
    assert err.startswith("copydesk: pages.zip: holds '")
    assert err.endswith("', which leads out of it; pack it again\n")


def test_a_zip_that_is_none_is_refused(clean: Clean) -> None:
    Path("pages.zip").write_bytes(b"no zip")
    code, _, err = clean("pages.zip")
    assert (code, err) == (
        3, "copydesk: pages.zip: can't be read: no zip archive, or damaged: File is not a zip file\n",
    )  # fmt: skip


def test_a_damaged_file_of_a_zip_is_rejected_and_the_others_are_read(clean: Clean) -> None:
    zipped("pages.zip", **{"a.html": page(1), "b.html": page(2)})
    data = bytearray(Path("pages.zip").read_bytes())
    data[60] ^= 255
    Path("pages.zip").write_bytes(data)
    code, out, err = clean("pages.zip")
    assert code == 3
    assert [row["file"] for row in rows_of(out)] == ["pages.zip/b.html"]
    assert "pages.zip/a.html:1: rejected: can't be read from here on: damaged or cut off: " in err


# --- fields of HTML ------------------------------------------------------------------------------------------------


def test_a_field_of_html_is_cleaned_and_kept(clean: Clean) -> None:
    Path("in.jsonl").write_text(
        "".join(json.dumps({"n": number, "html": page(number)}) + "\n" for number in range(2)), encoding="utf-8"
    )
    code, out, _ = clean("in.jsonl", "--html-field", "html")
    rows = rows_of(out)
    assert code == 0
    assert [list(row) for row in rows] == [["n", "html", "text", "paragraphs"]] * 2
    assert rows[1]["html"] == page(1)
    assert rows[1]["paragraphs"][0] == {**rows[1]["paragraphs"][0], "text": "Page 1", "headline": True}


def test_html_in_csv_and_parquet(clean: Clean) -> None:
    with Path("in.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["n", "body"], ["1", page(1)]])
    latin = page(1).replace("Paragraph", "Äußerung").encode("latin-1")
    parquet.write_table(pa.table({"body": [latin, page(1).encode()]}), "in.parquet")
    (row,) = rows_of(clean("in.csv", "--html-field", "body")[1])
    assert row["paragraphs"][1]["text"].startswith("Paragraph 1-0")
    first, second = rows_of(clean("in.parquet", "--html-field", "body")[1])
    assert first["paragraphs"][1]["text"].startswith("Äußerung 1-0")
    assert second["paragraphs"] == row["paragraphs"]


@pytest.mark.parametrize(
    ("row", "words", "said"),
    [
        ({"html": "<p>a</p>", "text": "mine"}, [], "rows already have the field 'text'; --prefix TEXT gives"),
        ({"html": "<p>a</p>"}, ["--html-field", "body"], "--html-field body: no row has this field; valid: html"),
        ({"html": "<p>a</p>", "title": "x"}, ["--metadata"], "rows already have the field 'title'; --prefix TEXT"),
    ],
)
def test_fields_that_would_be_lost_or_are_not_there_are_refused(
    clean: Clean, row: dict[str, str], words: list[str], said: str
) -> None:
    Path("in.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    code, _, err = clean("in.jsonl", "--html-field", "html", *words)
    assert code == 2
    assert said in err
    assert len(err.splitlines()) == 1


def test_a_prefix_names_the_text_of_a_row_that_has_one(clean: Clean) -> None:
    Path("in.jsonl").write_text(json.dumps({"html": page(1), "text": "mine"}) + "\n", encoding="utf-8")
    (row,) = rows_of(clean("in.jsonl", "--html-field", "html", "--prefix", "new_")[1])
    assert list(row) == ["html", "text", "new_text", "new_paragraphs"]
    assert row["text"] == "mine"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "expected a string in the field 'html', found null"),
        (7, "expected a string in the field 'html', found a number"),
        ("<script>x</script>", "nothing but white space in the field 'html'"),
        ("", "nothing but white space in the field 'html'"),
    ],
)
def test_a_field_that_holds_no_html_is_rejected(clean: Clean, value: Any, reason: str) -> None:
    lines = [{"html": page(1)}, {"html": value}, {"other": 1}]
    Path("in.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    code, _, err = clean("in.jsonl", "--html-field", "html")
    assert code == 3
    assert f"in.jsonl:2: rejected: {reason}" in err
    assert "in.jsonl:3: rejected: expected a string in the field 'html', found nothing; see --html-field" in err


# --- what pages state ----------------------------------------------------------------------------------------------


def test_metadata_are_added_where_asked_for(clean: Clean) -> None:
    html = page(1).replace(
        "<head>", '<head><meta name="author" content="Ann Lee"><meta property="og:locale" content="en">'
    )
    Path("a.html").write_text(html, encoding="utf-8")
    Path("b.txt").write_text("Only a text.", encoding="utf-8")
    first, second = rows_of(clean("a.html", "b.txt", "--metadata")[1])
    names = ["title", "author", "date", "site_name", "language", "url"]
    assert list(first) == list(second) == ["file", "text", "paragraphs", *names]
    assert [first[name] for name in names] == ["Page 1", "Ann Lee", "", "", "en", ""]
    assert [second[name] for name in names] == [""] * 6


@pytest.mark.parametrize("form", ["--text", "--markdown", "--diff"])
def test_metadata_need_rows(clean: Clean, form: str) -> None:
    Path("a.html").write_text(page(1), encoding="utf-8")
    code, _, err = clean("a.html", form, "--metadata")
    assert (code, err) == (
        2, f"copydesk: {form} --metadata: only rows have room for metadata; leave out {form}\n",
    )  # fmt: skip


def test_html_can_be_cleaned_as_text(clean: Clean) -> None:
    Path("a.html").write_text(page(1), encoding="utf-8")
    (as_page,), (as_text,) = rows_of(clean("a.html")[1]), rows_of(clean("a.html", "--as-text")[1])
    assert [p["text"] for p in as_page["paragraphs"]] == [p["text"] for p in as_text["paragraphs"]]


@pytest.mark.parametrize("words", [[], ["--as-text"]])
def test_reasons_are_given_for_pages(clean: Clean, words: list[str]) -> None:
    Path("a.html").write_text(page(1), encoding="utf-8")
    (row,) = rows_of(clean("a.html", "--explain", *words)[1])
    for paragraph in row["paragraphs"]:
        why = paragraph["why"]
        assert why["start"] + sum(why["groups"].values()) == pytest.approx(why["score"], abs=1e-3)


# --- pages of all sorts --------------------------------------------------------------------------------------------

ODD_PAGES = {
    "deep": "<div>" * 20_000 + "The ferry sails again." + "</div>" * 20_000,
    "inline": "<b>" * 20_000 + "The ferry sails again.",
    "unclosed": "<p>One<p>Two<table><td>Three<ul><li>Four<i>Five",
    "no body": "<html><head><title>x</title></head></html>",
    "frames": '<html><frameset><frame src="a.html"><noframes>No frames</noframes></frameset></html>',
    "amp": "<html ⚡><style amp-custom>p {}</style><body><amp-sidebar>Menu</amp-sidebar><p>Text</p></body>",
    "entities": "<p>&amp;&#x2014;&nosuch;&#0;&#xD800;&#99999999;</p>",
    "attributes": "<p " + " ".join(f"data-{number}='{number}'" for number in range(5_000)) + ">Text</p>",
    "null bytes": "<p>a\x00b</p>",
    "script alone": "<script>document.write('x')</script>",
    "nothing": "",
    "pdf": "%PDF-1.4\n%\x00\x01",
    "comment": "<!-- " + "x" * 100_000,
    "wrong charset": '<meta charset="utf-16"><p>Text</p>',
    "svg": "<svg><foreignObject><p>in svg</p></foreignObject></svg><math><mi>x</mi></math><p>Text</p>",
}


@pytest.mark.parametrize("name", ODD_PAGES)
def test_any_page_is_answered_or_rejected(clean: Clean, name: str) -> None:
    Path("a.html").write_bytes(ODD_PAGES[name].encode())
    Path("crawl.warc.gz").write_bytes(packed([response("http://e.com", ODD_PAGES[name])]))
    code, out, err = clean("a.html", "crawl.warc.gz", "--metadata")
    assert len(rows_of(out)) + err.count(": rejected: ") == 2
    assert code == (3 if "rejected: " in err.splitlines()[0] else 0)
    assert "Traceback" not in err
