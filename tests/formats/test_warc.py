"""Web archives: pages are read with their addresses, other records counted, damaged ones rejected with their offset."""

from __future__ import annotations

import gzip
import zlib
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.formats import gzip_members, warc
from copydesk.formats.gzip_members import GzipMembers
from copydesk.formats.readers import parse, read_records
from copydesk.formats.rows import Fields, Rejected, Row, Source
from helpers.little_archive import archive, packed, page, record, response

PAGES = 4


def read(path: Path, data: bytes) -> tuple[list[Row | Rejected], Counter[str]]:
    path.write_bytes(data)
    source = Source(path.name, path, "warc")
    return [parse(each, Fields(site="site")) for each in read_records(source, "text")], source.passed_over


def urls(rows: list[Row | Rejected]) -> list[str]:
    return [row.record.raw.url for row in rows if isinstance(row, Row)]


def reasons(rows: list[Row | Rejected]) -> list[str]:
    return [row.reason for row in rows if isinstance(row, Rejected)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("warc") / "crawl.warc"


@pytest.mark.parametrize("pack", [b"".join, packed, lambda records: gzip.compress(b"".join(records))])
def test_a_page_has_its_address_site_time_and_text(path: Path, pack: object) -> None:
    rows, passed_over = read(path, pack(archive(PAGES)))  # type: ignore[operator]
    first = rows[0]
    assert isinstance(first, Row)
    assert [member.partition(": ")[2] for member in first.members.values()][:4] == [
        '"crawl.warc"', '"http://www.example.com/0"', '"example.com"', '"2026-01-02T03:04:05Z"',
    ]  # fmt: skip
    assert list(first.members) == ["file", "id", "site", "crawled", "text"]
    assert (first.site, first.headline, first.record.line, first.record.place) == (
        "example.com", "Page 0", 1, "crawl.warc:1",
    )  # fmt: skip
    assert first.text.startswith("Page 0\n\nParagraph 0-0")
    assert first.page is not None
    assert first.page.text == first.text
    assert urls(rows) == [f"http://www.example.com/{number}" for number in range(PAGES)]
    assert passed_over == {"request": PAGES}


def test_what_is_no_page_is_counted_by_kind(path: Path) -> None:
    records = [
        record("warcinfo", "", "application/warc-fields", b"software: x"),
        record("metadata", "http://e.com", "application/warc-fields", b"x: y"),
        response("http://e.com/image", b"\x89PNG", content_type="image/png"),
        response("http://e.com/gone", "<p>gone</p>", status="404 Not Found"),
        response("http://e.com/moved", "<p>moved</p>", status="301 Moved"),
        response("http://e.com/none", "<p>none</p>", content_type=None),
        record("response", "dns:e.com", "text/dns", b"e.com 1"),
        record("resource", "http://e.com/r.css", "text/css", b"p {}"),
        record("revisit", "http://e.com", "application/http", b"HTTP/1.1 200 OK\r\n\r\n"),
    ]
    rows, passed_over = read(path, packed(records))
    assert not rows
    assert passed_over == dict.fromkeys(
        ["warcinfo", "metadata", "image/png", "HTTP status 404", "HTTP status 301", "no type of content", "text/dns",
         "text/css", "revisit"], 1,
    )  # fmt: skip


def test_pages_are_html_xhtml_and_texts_of_wet_files(path: Path) -> None:
    records = [
        response("http://e.com/x", "<p>xhtml</p>", content_type="Application/XHTML+XML; charset=utf-8"),
        record("resource", "<http://e.com/r>", "text/html", b"<p>resource</p>"),
        record("conversion", "http://e.com/wet", "text/plain", "Über uns\nSecond line".encode()),
        response("http://e.com/n", "<p>named by the crawler</p>", content_type=None).replace(
            b"WARC-Date", b"WARC-Identified-Payload-Type: text/html\r\nWARC-Date"
        ),
    ]
    rows, _ = read(path, b"".join(records))
    assert [row.text for row in rows if isinstance(row, Row)] == [
        "xhtml", "resource", "Über uns\nSecond line", "named by the crawler",
    ]  # fmt: skip
    assert urls(rows)[1] == "http://e.com/r"
    assert [row.page is None for row in rows if isinstance(row, Row)] == [False, False, True, False]


HTML = b"<p>The ferry sails again.</p>"
CHUNKED = b"%x\r\n%s\r\n0\r\n\r\n" % (len(HTML), HTML)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (gzip.compress(HTML, mtime=0), ["Content-Encoding: gzip"]),
        (zlib.compress(HTML), ["Content-Encoding: deflate"]),
        (CHUNKED, ["Transfer-Encoding: chunked"]),
        (HTML, ["Transfer-Encoding: chunked"]),  # crawlers keep the headers of what they have decoded
        (HTML, ["Content-Encoding: gzip"]),
        (HTML, ["Content-Encoding: utf-8"]),
        (CHUNKED, ["Transfer-Encoding: chunked", "Content-Encoding: gzip"]),
        (HTML, ["Content-Encoding: br", "Transfer-Encoding: chunked"]),
    ],
)
def test_a_body_is_decoded_where_it_is_encoded(path: Path, body: bytes, headers: list[str]) -> None:
    (row,), _ = read(path, response("http://e.com", body, *headers))
    assert isinstance(row, Row)
    assert row.text == "The ferry sails again."


@pytest.mark.parametrize("charset", ["windows-1251", "koi8-r"])
def test_the_charset_of_the_header_goes_before_that_of_the_page(path: Path, charset: str) -> None:
    html = '<meta charset="iso-8859-5"><p>Паром снова ходит</p>'.encode(charset)
    (row,), _ = read(path, response("http://e.com", html, content_type=f"text/html; charset={charset}"))
    assert isinstance(row, Row)
    assert row.text == "Паром снова ходит"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"%PDF-1.4\x00\x01\x02\x03" * 50, "binary data, not HTML"),
        (gzip.compress(page(1).encode(), mtime=0)[:-40] + b"\0" * 40, "binary data, not HTML"),
        (b"<html><script>1</script></html>", "nothing but white space in the field 'text'"),
    ],
)
def test_a_body_that_is_no_page_is_rejected_and_the_next_one_read(path: Path, body: bytes, reason: str) -> None:
    damaged = response("http://e.com", body, "Content-Encoding: br")
    (bad, good), _ = read(path, damaged + response("http://e.com/2", page(2)))
    assert isinstance(bad, Rejected)
    assert bad.reason.removeprefix("record at byte 0: ") == reason
    assert isinstance(good, Row)


def test_utf_16_is_no_binary_data(path: Path) -> None:
    (row,), _ = read(path, response("http://e.com", page(1).encode("utf-16")))
    assert isinstance(row, Row)
    assert row.headline == "Page 1"


def test_records_that_hold_no_http_are_rejected(path: Path) -> None:
    bad = record("response", "http://e.com", "application/http", b"no header at all")
    rows, _ = read(path, bad + response("http://e.com/2", page(2)))
    assert reasons(rows) == ["record at byte 0: no HTTP response"]
    assert urls(rows) == ["http://e.com/2"]


def test_a_digest_tells_that_bytes_have_changed(path: Path) -> None:
    first, *others = (response(f"http://e.com/{number}", page(number), digest=True) for number in range(3))
    rows, _ = read(path, first + others[0].replace(b"Paragraph 1-4", b"Paragraph 1-5") + others[1])
    assert urls(rows) == ["http://e.com/0", "http://e.com/2"]
    assert reasons(rows) == [
        f"record at byte {len(first):,}: its bytes do not have the digest that its header gives"
    ]  # fmt: skip


def test_a_digest_of_another_kind_is_passed_over(path: Path) -> None:
    data = response("http://e.com", page(1), digest=True).replace(b"sha1:", b"blake3:")
    assert urls(read(path, data)[0]) == ["http://e.com"]


def test_a_page_that_is_too_long_is_rejected(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc, "MAX_ROW", 1000)
    long = response("http://e.com", gzip.compress(b"<p>" + b"x" * 5000), "Content-Encoding: gzip")
    longer = response("http://e.com", b"<p>" + b"x" * 5000)
    rows, _ = read(path, long + longer + response("http://e.com/2", "<p>short</p>"))
    assert reasons(rows) == [
        "record at byte 0: page of more than 1,000 bytes",
        f"record at byte {len(long)}: 5,047 bytes, more than 1,000",
    ]
    assert urls(rows) == ["http://e.com/2"]


@pytest.mark.parametrize("data", [b"hello", b"<html>" * 5000, b"\x1f\x8b\x08 no gzip", packed([b"hello"])])
def test_what_is_no_archive_is_rejected_as_a_whole(path: Path, data: bytes) -> None:
    (row,), _ = read(path, data)
    assert isinstance(row, Rejected)
    assert row.reason.startswith("no web archive, or damaged in its first record: ")


def test_an_empty_archive_has_no_pages(path: Path) -> None:
    assert read(path, b"") == ([], Counter())


# --- damage --------------------------------------------------------------------------------------------------------


def boundaries(parts: list[bytes]) -> list[int]:
    return [sum(map(len, parts[:number])) for number in range(len(parts) + 1)]


@pytest.mark.fuzz
@pytest.mark.parametrize("is_packed", [True, False])
@given(share=st.floats(0, 1))
def test_a_cut_archive_gives_all_whole_pages_and_the_offset_of_the_rest(
    path: Path, share: float, is_packed: bool
) -> None:
    parts = [packed([each]) for each in archive(PAGES)] if is_packed else archive(PAGES)
    data, ends = b"".join(parts), boundaries(parts)
    cut = int(share * len(data))
    if not is_packed:  # line ends that follow a record may be missing
        cut = next((end for end in ends if end - 4 <= cut < end), cut)
    whole = sum(end <= cut for end in ends[2::2])
    rows, _ = read(path, data[:cut])
    assert urls(rows) == [f"http://www.example.com/{number}" for number in range(whole)]
    if cut in ends:
        assert not reasons(rows)
    else:
        (reason,) = reasons(rows)
        starts = [end for end in ends if end <= cut]
        if "no record follows it" in reason:  # not even the version of the next record is whole
            del starts[-1]
        assert f"at byte {starts[-1]:,}: " in reason or reason.startswith("no web archive")


@pytest.mark.fuzz
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_costs_one_record_of_a_packed_archive(path: Path, share: float, bit: int) -> None:
    parts = [packed([each]) for each in archive(PAGES)]
    data, ends = bytearray(b"".join(parts)), boundaries(parts)
    at = int(share * len(data))
    data[at] ^= 1 << bit
    hit = sum(end <= at for end in ends[1:])
    wanted = [f"http://www.example.com/{number}" for number in range(PAGES) if 2 * number + 1 != hit]
    rows, _ = read(path, bytes(data))
    found = urls(rows)
    if not reasons(rows):  # a field of the gzip header that says nothing of the content
        wanted = [f"http://www.example.com/{number}" for number in range(PAGES)]
    assert found == wanted
    assert all(f"at byte {ends[hit]:,}: " in reason for reason in reasons(rows))
    assert all(row.text.startswith("Page ") for row in rows if isinstance(row, Row))


@pytest.mark.fuzz
@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_of_a_plain_archive_leaves_all_pages_before_it(path: Path, share: float, bit: int) -> None:
    parts = archive(PAGES, digest=True)
    data, ends = bytearray(b"".join(parts)), boundaries(parts)
    at = int(share * len(data))
    data[at] ^= 1 << bit
    rows, _ = read(path, bytes(data))
    before = sum(end <= at for end in ends[2::2])
    assert urls(rows)[:before] == [f"http://www.example.com/{number}" for number in range(before)]
    texts = [row.text for row in rows if isinstance(row, Row)]
    assert all(text.endswith(f"island {text.split()[1]}.") for text in texts)  # none is half of one


@pytest.mark.fuzz
@given(data=st.binary(max_size=200), at=st.integers(0, 2000))
def test_any_bytes_in_the_midst_give_rows_or_reasons(path: Path, data: bytes, at: int) -> None:
    for whole in (b"".join(archive(2)), packed(archive(2))):
        rows, _ = read(path, whole[:at] + data + whole[at:])
        assert all(isinstance(row, Row | Rejected) for row in rows)
        assert [row.record.line for row in rows] == list(range(1, len(rows) + 1))


def test_a_member_is_checked_before_any_of_it_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = gzip.compress(b"good"), bytearray(gzip.compress(b"bad"))
    bad[-8] ^= 1  # of the checksum
    path = tmp_path / "members.gz"
    path.write_bytes(good + bytes(bad) + b"\0" * 9 + gzip.compress(b"other") + gzip.compress(b"WARC/last"))
    with path.open("rb") as raw:
        members = GzipMembers(raw)
        assert members.read(100) == b"good"
        with pytest.raises(zlib.error, match="incorrect data check"):
            members.read(100)
        assert members.offset == len(good)
        assert members.skip_damaged(b"WARC/")
        assert members.read(5) + members.read(100) == b"WARC/last"
        assert members.read(100) == b""
        assert not members.skip_damaged(b"WARC/")
    monkeypatch.setattr(gzip_members, "WHOLE_BYTES", 1)  # a longer one is passed on in pieces
    with path.open("rb") as raw:
        assert GzipMembers(raw).read(100) == b"good"
