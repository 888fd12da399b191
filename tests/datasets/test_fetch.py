"""A file is found where it is said to be, or fetched, checked and kept."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from copydesk.datasets import fetch as sources
from copydesk.datasets.fetch import fetch, package_folder, resolve
from copydesk.datasets.tables import Table
from copydesk.errors import DataError, ResourceError

CONTENT = b"".join(b'{"text": "story %d", "label": "%s"}\n' % (n, b"ab"[n % 2 : n % 2 + 1]) for n in range(5000))
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves ``CONTENT`` as /news.jsonl, as badly as it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.asked: list[str | None] = []  # the Range header of each request
        self.cuts = 0  # so many answers break off in the middle
        self.knows_ranges = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/news.jsonl"


class Answers(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.path != "/news.jsonl":
            self.send_error(404)
            return
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.server.knows_ranges else 0
        if start >= len(CONTENT):
            self.send_error(416)
            return
        body = CONTENT[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        self.end_headers()
        if self.server.cuts:
            self.server.cuts -= 1
            body = body[: len(body) // 2]
            self.close_connection = True
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def test_a_file_is_fetched_once_and_then_found(server: Server, tmp_path: Path) -> None:
    first = fetch(server.url, SHA256.upper(), tmp_path)
    assert first.read_bytes() == CONTENT
    assert first.suffix == ".jsonl"
    assert fetch(server.url, SHA256, tmp_path) == first
    assert server.asked == [None]


def test_a_broken_download_goes_on_where_it_stopped(server: Server, tmp_path: Path) -> None:
    server.cuts = 2
    assert fetch(server.url, SHA256, tmp_path).read_bytes() == CONTENT
    half = len(CONTENT) // 2
    assert server.asked == [None, f"bytes={half}-", f"bytes={half + (len(CONTENT) - half) // 2}-"]


def test_the_next_call_takes_up_what_the_last_one_left(server: Server, tmp_path: Path) -> None:
    (tmp_path / f"{SHA256}.part").write_bytes(CONTENT[:1000])
    assert fetch(server.url, SHA256, tmp_path).read_bytes() == CONTENT
    assert server.asked == ["bytes=1000-"]
    assert not list(tmp_path.glob("*.part"))


def test_a_server_without_ranges_sends_the_whole_again(server: Server, tmp_path: Path) -> None:
    server.cuts, server.knows_ranges = 1, False
    assert fetch(server.url, SHA256, tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("stale", [b"of another file", CONTENT + b"more", CONTENT], ids=["foreign", "long", "whole"])
def test_a_part_that_does_not_fit_is_thrown_away(server: Server, tmp_path: Path, stale: bytes) -> None:
    (tmp_path / f"{SHA256}.part").write_bytes(stale)
    assert fetch(server.url, SHA256, tmp_path).read_bytes() == CONTENT


def test_another_file_than_the_checksum_names_is_refused_and_not_kept(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="check address and checksum"):
        fetch(server.url, "0" * 64, tmp_path)
    assert server.asked == [None]
    assert not [path for path in tmp_path.iterdir() if path.suffix != ".lock"]


def test_a_url_needs_a_checksum(tmp_path: Path) -> None:
    for sha256 in (None, "", "12ab", "g" * 64):
        with pytest.raises(DataError, match=r"dataset\.sha256=.*64 hexadecimal"):
            fetch("http://127.0.0.1:1/news.jsonl", sha256, tmp_path)


def test_a_file_that_is_not_there_is_named_with_the_servers_answer(server: Server, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.csv: the server answers 404"):
        fetch(server.url.replace("news.jsonl", "nothing.csv"), SHA256, tmp_path)


def test_without_a_network_one_line_says_the_way_round(server: Server, tmp_path: Path) -> None:
    url = server.url
    server.server_close()
    with pytest.raises(DataError, match=r"without a network.*set dataset\.path") as refusal:
        fetch(url, SHA256, tmp_path)
    assert "\n" not in str(refusal.value)


def test_a_cache_that_cannot_be_written_is_named(server: Server, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file stands here", encoding="utf-8")
    with pytest.raises(ResourceError, match="can't keep"):
        fetch(server.url, SHA256, tmp_path / "cache")


def test_a_table_is_read_from_a_url(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "cache_folder", lambda: tmp_path)
    frame = Table(server.url, sha256=SHA256).load().frame
    assert len(frame) == 5000
    assert frame["text"].iloc[-1] == "story 4999"


def test_paths_and_patterns_give_each_file_once_in_order(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv", "[odd].csv"):
        (tmp_path / name).touch()
    one = str(tmp_path / "b.csv")
    assert [file.name for file in resolve([one, str(tmp_path / "?.csv"), one])] == ["b.csv", "a.csv"]
    assert [file.name for file in resolve(str(tmp_path / "[odd].csv"))] == ["[odd].csv"]


def test_a_name_that_begins_like_a_home_is_a_name_where_no_such_user_exists(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "~nobody-here.csv").touch()
    monkeypatch.chdir(tmp_path)
    assert resolve("~nobody-here.csv") == [Path("~nobody-here.csv")]
    with pytest.raises(DataError, match="no such file or folder"):
        resolve("~nobody-here/news.csv")


def test_a_packages_data_is_found_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "unimportable" / "data").mkdir(parents=True)
    (tmp_path / "unimportable" / "__init__.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert package_folder("unimportable", "data", extra="demo") == tmp_path / "unimportable" / "data"
    with pytest.raises(DataError, match=r"unimportable.*has no folder more.*pip install copydesk\[demo\]"):
        package_folder("unimportable", "more", extra="demo")
    with pytest.raises(DataError, match=r"is not installed; pip install copydesk\[demo\]"):
        package_folder("nowhere_installed", "data", extra="demo")
