"""Bytes of a page become text by byte order mark, UTF-8, declared charset or detection, in this order."""

from __future__ import annotations

import codecs

import pytest

pytest.importorskip("resiliparse", reason="needs the extra html")

from hypothesis import given
from hypothesis import strategies as st

from copydesk.text.decoding import CODEC_LABELS, CODECS, codec_of, decode

SAMPLES = {
    "cp949": "항구의 등대가 다시 켜졌다고 시청이 밝혔다",
    "cp932": "港の灯台が三年ぶりに点灯しました①",
    "euc_jis_2004": "港の灯台が三年ぶりに点灯しました①",
    "iso2022_jp_ext": "港の灯台が三年ぶりに点灯しました",
    "iso2022_kr": "항구의 등대가 다시 켜졌다",
    "hz": "港口的灯塔重新点亮",
    "gb18030": "港口的灯塔重新点亮，朱镕基",
    "big5hkscs": "港口的燈塔重新點亮，市政府表示，嘅",
    "cp1251": "Маяк в порту снова зажгли",
    "koi8-u": "Маяк у порту знову світить",
    "iso8859-7": "Ο φάρος ανάβει ξανά",
    "cp1255": "המגדלור נדלק מחדש",
    "cp874": "ประภาคารสว่างอีกครั้ง",
    "cp1252": "Le phare d’été s’allume – enfin",
    "mac-roman": "Le phare d’été s’allume",
    "iso8859-16": "Farul din port lumineaza din nou și țara",
}


def page(text: str, codec: str, head: str = "") -> bytes:
    return f"<html><head>{head}</head><body><p>{text}</p>".encode(codec)


@pytest.mark.parametrize("label", sorted(CODECS))
def test_every_label_of_the_standard_names_a_codec(label: str) -> None:
    codec = CODECS[label]
    assert codec == "x-user-defined" or codecs.lookup(codec)
    assert len(CODECS) == sum(len(labels.split()) for labels in CODEC_LABELS.values())  # no label twice


@pytest.mark.parametrize("codec", SAMPLES)
@pytest.mark.parametrize(
    "form",
    [
        "<meta charset={}>",
        "<META CHARSET = ' {} '>",
        '<meta content="text/html; charset={}" http-equiv=Content-Type>',
        "<!-- <meta charset=koi8-r> --><script>'<meta charset=koi8-r>'</script><meta charset={}>",
        "<meta name=description content='charset=koi8-r'><meta charset=no-such><meta charset={}>",
    ],
)  # fmt: skip
def test_a_declared_charset_is_used_by_any_of_its_labels(codec: str, form: str) -> None:
    for label in CODEC_LABELS[codec].split():
        assert SAMPLES[codec] in decode(page(SAMPLES[codec], codec, form.format(label.upper())))


def test_a_charset_is_found_however_late_it_is_declared() -> None:
    late = "<script>" + "x = 1; " * 10_000 + "</script><meta charset=big5>"
    assert SAMPLES["big5hkscs"] in decode(page(SAMPLES["big5hkscs"], "big5hkscs", late))
    assert "Маяк" in decode(b'<?xml version="1.0" encoding="windows-1251"?>' + page("Маяк", "cp1251"))


@pytest.mark.parametrize(
    "codec", ["cp949", "cp932", "euc_jis_2004", "iso2022_jp_ext", "iso2022_kr", "gb18030", "big5hkscs", "cp1251",
              "iso8859-7", "cp1255", "cp874", "cp1252"],
)  # fmt: skip
def test_an_undeclared_charset_is_detected(codec: str) -> None:
    assert SAMPLES[codec] in decode(page(SAMPLES[codec], codec))


@pytest.mark.parametrize("head", ["", "<meta charset=utf-8>", "<meta charset=iso-8859-1>", "<meta charset=utf-16>"])
def test_utf8_with_stray_bytes_or_cut_within_a_character_stays_utf8(head: str) -> None:
    whole = page("Der Fährmann grüßt höflich, Öl läuft über", "utf-8", head)
    assert decode(whole + b" \x96 \xbb") == whole.decode() + " \ufffd \ufffd"
    assert decode(whole + "ü".encode()[:1]) == whole.decode() + "\ufffd"
    assert decode(whole + "橋".encode()[:2]) == whole.decode() + "\ufffd"


def test_a_page_declared_as_utf8_that_is_not_is_detected() -> None:
    assert "Fährmann grüßt" in decode(page("Der Fährmann grüßt höflich", "cp1252", "<meta charset=utf-8>"))


def test_a_western_page_is_not_taken_for_an_eastern_one() -> None:
    text = "La niña volvió ayer, señora, ¿verdad?"
    assert text in decode(page(text, "cp1252", "").replace(b"<html>", b"<html lang=es>"))


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_byte_order_mark_or_zero_bytes_show_unicode(codec: str) -> None:
    text = "<html><head><meta charset=koi8-r></head><p>Fährmann"
    data = text.encode(codec)
    assert decode(data) == text
    assert decode(b"\xfe\xff" + text.encode("utf-16-be")) == text


@pytest.mark.parametrize(("label", "codec"), [("utf-16le", "utf-8"), ("x-user-defined", "cp1252")])
def test_declarations_that_can_not_be_true_are_replaced_as_the_standard_says(label: str, codec: str) -> None:
    assert "Fährmann" in decode(page("Fährmann", codec, f"<meta charset={label}>"))


def test_few_characters_that_are_valid_in_both_are_read_as_declared() -> None:
    assert "联通" in decode(page("联通", "gb18030", "<meta charset=gbk>"))
    assert "联通" in decode(page("联通", "utf-8", "<meta charset=utf-8>"))


def test_an_escape_in_plain_text_changes_nothing() -> None:
    assert codec_of(b"<p>\x1b[0m") == "utf-8"
    assert codec_of("<meta charset=iso-2022-jp><p>Fährmann".encode()) == "utf-8"


@given(st.binary(max_size=60), st.sampled_from(sorted(CODECS)), st.booleans())
def test_law_any_bytes_under_any_charset_are_text(data: bytes, label: str, declared: bool) -> None:
    text = decode((f"<meta charset={label}>".encode() if declared else b"") + data)
    assert text.encode("utf-8", "surrogatepass").decode() == text
