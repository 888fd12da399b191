"""Pages in the benchmark's layout become labelled paragraphs, wherever they lie; what is wrong is named."""

from __future__ import annotations

import gzip
import hashlib
import json
import tarfile
import threading
import zipfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("resiliparse", reason="needs the extra html")

from copydesk.datasets import fetch as sources
from copydesk.datasets.web.ground_truth import site_name
from copydesk.datasets.web_pages import Pages
from copydesk.errors import ConfigError, DataError
from helpers.little_archive import packed, response

FIRST = "The council said on Tuesday that the old bridge would stay closed until the spring."
SECOND = "Residents of the northern bank now have to drive twelve miles to the next crossing."
HTML = f"""<html><head><title>Bridge closed</title></head><body>
<nav><a href="/">Home</a> <a href="/sport">Sport</a></nav>
<main><article><h1>Bridge closed</h1><p>{FIRST}</p><div>Share this</div><p>{SECOND}</p></article></main>
<footer>Copyright notice</footer></body></html>"""
RECORD = {
    "page_id": "a",
    "url": "https://news.example.co.uk/a",
    "title": "Bridge closed",
    "plaintext": f"{FIRST}\n\n{SECOND}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "pages"
    write(root, "one", [RECORD, RECORD | {"page_id": "b", "plaintext": ""}])
    return root


def write(root: Path, source: str, records: list[Any], html: str = HTML) -> None:
    (root / "html" / source).mkdir(parents=True)
    (root / "ground-truth").mkdir(exist_ok=True)
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    (root / "ground-truth" / f"{source}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for record in records:
        if isinstance(record, dict):
            (root / "html" / source / f"{record.get('page_id')}.html").write_text(html, encoding="utf-8")


def rows(path: Any, **options: Any) -> list[tuple[str, str]]:
    frame = Pages(str(path), **({"wrapped": 0} | options)).load().frame
    return list(zip(frame["text"], frame["label"], strict=True))


def test_every_block_of_a_page_is_labelled(folder: Path) -> None:
    assert rows(folder, view="page") == [
        ("Home Sport", "boilerplate"),
        ("Bridge closed", "content"),
        (FIRST, "content"),
        ("Share this", "boilerplate"),
        (SECOND, "content"),
        ("Copyright notice", "boilerplate"),
    ]


def test_a_headline_that_the_gold_leaves_out_is_content(tmp_path: Path) -> None:
    write(tmp_path, "one", [RECORD | {"title": ""}])
    frame = Pages(str(tmp_path), view="page", wrapped=0).load().frame
    assert frame.set_index("text")["weight"].to_dict() == {
        "Home Sport": 1, "Bridge closed": 1, FIRST: 1, "Share this": 1, SECOND: 1, "Copyright notice": 1,
    }  # fmt: skip


def test_an_extract_is_what_stands_in_the_element_that_holds_the_article(folder: Path) -> None:
    assert [text for text, _ in rows(folder, view="extract")] == ["Bridge closed", FIRST, "Share this", SECOND]


def test_both_views_of_a_page_are_documents_of_one_site(folder: Path) -> None:
    examples = Pages(str(folder), wrapped=0).load()
    assert examples.frame["document"].unique().tolist() == ["one/a#page", "one/a#extract"]
    assert examples.frame["group"].unique().tolist() == ["example"]
    assert examples.frame["position"].tolist() == [*range(6), *range(4)]
    assert examples.notes["pages"] == 1
    assert examples.notes["pages_without_main_text"] == 1
    assert (examples.notes["blocks_content"], examples.notes["blocks_boilerplate"]) == (3, 3)


def test_a_doubtful_block_has_no_weight_and_is_counted(tmp_path: Path) -> None:
    write(tmp_path, "one", [RECORD], HTML.replace("Share this", SECOND))  # one of the two is a repetition
    examples = Pages(str(tmp_path), view="page", wrapped=0).load()
    assert examples.notes["blocks_doubtful"] == 1
    assert sorted(examples.frame["weight"]) == [0, 1, 1, 1, 1, 1]
    extracts = Pages(str(tmp_path), view="extract", extract_weight=2.5, wrapped=0).load()
    assert sorted(extracts.frame["weight"]) == [0, 2.5, 2.5, 2.5]


def test_sources_left_out_are_not_read_whether_or_not_they_exist(folder: Path) -> None:
    write(folder, "two", [RECORD])
    frame = Pages(str(folder), without=["two", "three"], wrapped=0).load().frame
    assert set(frame["document"].str.split("/").str[0]) == {"one"}


def test_views_are_named_and_composed_pages_have_none(folder: Path) -> None:
    frame = Pages(str(folder)).load().frame
    kind = frame["document"].str.split("#").str[1]
    assert set(kind[frame["view"] == ""]) == {"wrapped", "short", "bare"}
    assert (frame["view"] == kind)[frame["view"] != ""].all()


def test_silver_is_trained_on_by_its_weight_and_never_judged(folder: Path) -> None:
    write(folder, "two", [RECORD])
    frame = Pages(str(folder), view="page", silver=["two"], silver_weight=0.25, wrapped=0).load().frame
    assert frame["weight"].tolist() == [1] * 6 + [0.25] * 6
    assert frame["judged"].tolist() == [True] * 6 + [False] * 6


def test_pages_of_snippets_alone_are_labelled_where_these_stand_and_never_judged(folder: Path) -> None:
    snippets = {"with": [FIRST[:30]], "without": ["Share this", "Copyright"]}
    write(folder, "two", [RECORD | snippets | {"plaintext": None, "url": "https://other.example/b"}])
    examples = Pages(str(folder), sources=["two"], snippets=0.5).load()
    page = examples.frame[examples.frame["document"] == "two/a#page"]
    assert page["label"].tolist() == ["boilerplate", "boilerplate", "content", *["boilerplate"] * 3]
    assert page["weight"].tolist() == [0, 0, 0.5, 0.5, 0, 0.5]
    extract = examples.frame[examples.frame["document"] == "two/a#extract"]
    assert extract["weight"].tolist() == [
        1.0
    ]  # the element that holds the article is this paragraph, as far as is known
    assert not examples.frame["judged"].any()
    assert examples.notes["pages_with_snippets_alone"] == 1
    with pytest.raises(DataError, match="no page with a main text"):
        Pages(str(folder), sources=["two"], snippets=0).load()


def test_snippets_weigh_more_than_an_extractor_and_less_than_a_main_text(folder: Path) -> None:
    snippets = {"with": ["Residents of the"], "without": [FIRST]}
    write(folder, "two", [RECORD | snippets])
    options = {"sources": ["two"], "view": "page", "wrapped": 0}
    silver = Pages(str(folder), silver=["two"], **options).load().frame
    assert silver["label"].tolist() == [
        "boilerplate",
        "content",
        "boilerplate",
        "boilerplate",
        "content",
        "boilerplate",
    ]
    assert silver["weight"].tolist() == [0.3, 0.3, 1, 0.3, 1, 0.3]
    gold = Pages(str(folder), **options).load().frame
    assert gold["label"].tolist()[2] == "content"
    assert set(gold["weight"]) == {1}


def test_main_texts_are_wrapped_in_leftovers_and_not_judged(folder: Path) -> None:
    write(folder, "two", [RECORD | {"url": "https://other.example/b"}])
    frame = Pages(str(folder), silver=["two"], wrapped=0.5).load().frame
    views = frame[frame["document"].str.endswith(("#wrapped", "#short", "#bare"))]
    assert views["document"].unique().tolist() == ["one/a#wrapped", "one/a#short", "one/a#bare"]
    bare = views["document"] == "one/a#bare"
    assert set(views.loc[~bare, "weight"]) == {0.5}
    assert set(views.loc[bare, "weight"]) == {0.05}
    assert set(views.loc[bare, "label"]) == {"boilerplate"}
    assert not views["judged"].any()
    assert set(views["group"]) == {"example"}
    assert " ".join(views.loc[views["label"] == "content", "text"]).count(FIRST) == 2


def test_windows_are_runs_of_the_page_around_the_article_and_not_judged(folder: Path) -> None:
    frame = Pages(str(folder), windows=6).load().frame
    page = frame.loc[frame["document"] == "one/a#page", "text"].tolist()
    windows = frame[frame["document"].str.contains("#window")]
    assert not windows["judged"].any()
    assert windows["document"].nunique() == 6
    for _, window in windows.groupby("document"):
        lines = window["text"].tolist()
        start = page.index(lines[0])
        assert page[start : start + len(lines)] == lines
        assert SECOND in lines
    assert windows["text"].tolist() == Pages(str(folder), windows=6).load().frame.loc[windows.index, "text"].tolist()


def test_the_title_is_given_only_where_asked_for(folder: Path) -> None:
    assert set(Pages(str(folder)).load().frame["title"]) == {""}
    assert set(Pages(str(folder), titles=True).load().frame["title"]) == {"Bridge closed"}


def test_compressed_pages_are_read_too(folder: Path) -> None:
    plain = rows(folder)
    page = folder / "html" / "one" / "a.html"
    page.with_name("a.html.gz").write_bytes(gzip.compress(page.read_bytes()))
    page.unlink()
    assert rows(folder) == plain


def test_a_page_that_lacks_its_main_text_is_left_out_and_counted(tmp_path: Path) -> None:
    write(
        tmp_path,
        "one",
        [RECORD, RECORD | {"page_id": "c", "plaintext": "Nothing of this stands anywhere in the page."}],
    )
    assert Pages(str(tmp_path)).load().notes["pages_left_out"] == 1


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_an_archive_is_as_good_as_its_folder(
    folder: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path / "cache")
    archive = pack(folder, tmp_path / f"pages.{kind}")
    assert rows(archive) == rows(folder)
    assert rows(archive) == rows(folder)  # and once more, from where it was unpacked to


def pack(folder: Path, archive: Path) -> Path:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as packed:
            for path in files:
                packed.write(path, path.relative_to(folder.parent))
    else:
        with tarfile.open(archive, "w:gz") as packed_tar:
            packed_tar.add(folder, folder.name)
    return archive


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


def test_an_archive_is_fetched_checked_and_kept(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path / "cache")
    archive = pack(folder, tmp_path / "pages.zip")
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *args: Quiet(*args, directory=str(tmp_path)))  # type: ignore[arg-type]
    url = f"http://127.0.0.1:{server.server_port}/pages.zip"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        assert rows(url, sha256=sha256) == rows(folder)
        with pytest.raises(DataError, match="needs the file's SHA-256"):
            Pages(url).load()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert rows(url, sha256=sha256) == rows(folder)  # offline now
    with pytest.raises(DataError, match=r"can't be fetched.*without a network"):
        Pages(url, sha256="0" * 64).load()


def test_an_archive_that_leads_outside_or_is_none_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path / "cache")
    (tmp_path / "x.tar").write_bytes(b"no archive")
    with pytest.raises(DataError, match=r"x\.tar: can't be unpacked"):
        Pages(str(tmp_path / "x.tar")).load()
    (tmp_path / "secret").write_text("s", encoding="utf-8")
    with tarfile.open(tmp_path / "out.tar", "w") as packed:
        packed.add(tmp_path / "secret", "../../escaped")
    with pytest.raises(DataError, match="can't be unpacked"):
        Pages(str(tmp_path / "out.tar")).load()
    assert not list(tmp_path.rglob("escaped"))


def test_what_is_wrong_is_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"dataset.path: must be given"):
        Pages().load()
    with pytest.raises(ConfigError, match=r"dataset.view=pag.*page"):
        Pages(str(folder), view="pag").load()
    with pytest.raises(ConfigError, match=r"no source 'on'.*one"):
        Pages(str(folder), sources=["on"]).load()
    with pytest.raises(DataError, match=r"no ground-truth"):
        Pages(str(folder / "html")).load()
    (folder / "html" / "one" / "a.html").unlink()
    with pytest.raises(DataError, match=r"html/one/a\.html: no such file"):
        Pages(str(folder)).load()


@pytest.mark.parametrize("line", ["{", "[]", '{"page_id": 3}', '{"page_id": "a", "with": "x"}'])
def test_a_malformed_record_is_named_by_file_and_line(tmp_path: Path, line: str) -> None:
    write(tmp_path, "one", [RECORD, line])
    with pytest.raises(DataError, match=r"one\.jsonl line 2"):
        Pages(str(tmp_path)).load()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.bbc.co.uk/news/1", "bbc"),
        ("http://news.bbc.com", "bbc"),
        ("spiegel.de", "spiegel"),
        ("DerStandard", "derstandard"),
        ("https://a.b.com.au:80/x", "b"),
        ("localhost", "localhost"),
        ("", ""),
    ],
)
def test_a_site_is_what_is_registered_without_its_country(url: str, name: str) -> None:
    assert site_name(url) == name


@pytest.mark.parametrize("suffix", [".warc", ".warc.gz"])
def test_pages_may_stand_in_a_web_archive(folder: Path, suffix: str) -> None:
    expected = rows(folder, view="page")
    page = folder / "html" / "one" / "a.html"
    records = [response("http://other.example", "<p>other"), response(RECORD["url"], page.read_bytes())]
    (folder / "html" / f"one{suffix}").write_bytes(packed(records) if suffix == ".warc.gz" else b"".join(records))
    page.unlink()
    assert rows(folder, view="page") == expected


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        (
            packed([response("http://other.example", "<p>other")]),
            "no sound page 'https://news.example.co.uk/a', though",
        ),
        (b"no archive", "can't be read (no web archive, or damaged in its first record: "),
        (
            packed([response(RECORD["url"], "<p>x")])[:-9],
            "can't be read (no web archive, or damaged in its first record",
        ),
    ],
)
def test_a_page_that_a_web_archive_lacks_is_named(folder: Path, archive: bytes, said: str) -> None:
    (folder / "html" / "one.warc.gz").write_bytes(archive)
    with pytest.raises(DataError) as error:
        rows(folder)
    assert str(error.value).startswith(f"html/one.warc.gz: {said}")
