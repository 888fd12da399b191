"""Decode a page's bytes: byte order mark, UTF-8, declared charset, then detection.

Charset labels are those of the WHATWG Encoding Standard. The order departs from a browser's in one point: bytes that
are UTF-8 beyond chance are read as UTF-8 whatever the page declares. A browser learns from the HTTP header that such
a declaration is wrong; crawled files have lost that header.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# Python's codec for each encoding of the standard, and its labels. Where the two differ, the nearest codec:
# - Big5 is read with the Hong Kong supplement, EUC-JP as its superset of 2004, ISO-2022-JP with half-width katakana;
# - ISO-8859-8-I is ISO-8859-8: the two differ in how text is displayed;
# - ISO-2022-KR and HZ, which browsers refuse for safety, are decoded. ISO-2022-CN has no codec: it is detected.
CODEC_LABELS = {
    "utf-8": "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8",
    "cp866": "866 cp866 csibm866 ibm866",
    "iso8859-2": "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
    "iso8859-3": "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
    "iso8859-4": "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
    "iso8859-5": "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988",
    "iso8859-6": "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e "
    "iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987",
    "iso8859-7": "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 iso_8859-7 "
    "iso_8859-7:1987 sun_eu_greek",
    "iso8859-8": "csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-ir-138 iso8859-8 iso88598 "
    "iso_8859-8 iso_8859-8:1988 visual csiso88598i iso-8859-8-i logical",
    "iso8859-10": "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6",
    "iso8859-13": "iso-8859-13 iso8859-13 iso885913",
    "iso8859-14": "iso-8859-14 iso8859-14 iso885914",
    "iso8859-15": "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9",
    "iso8859-16": "iso-8859-16",
    "koi8-r": "cskoi8r koi koi8 koi8-r koi8_r",
    "koi8-u": "koi8-ru koi8-u",
    "mac-roman": "csmacintosh mac macintosh x-mac-roman",
    "cp874": "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874",
    "cp1250": "cp1250 windows-1250 x-cp1250",
    "cp1251": "cp1251 windows-1251 x-cp1251",
    "cp1252": "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 "
    "iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252",
    "cp1253": "cp1253 windows-1253 x-cp1253",
    "cp1254": "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 "
    "windows-1254 x-cp1254",
    "cp1255": "cp1255 windows-1255 x-cp1255",
    "cp1256": "cp1256 windows-1256 x-cp1256",
    "cp1257": "cp1257 windows-1257 x-cp1257",
    "cp1258": "cp1258 windows-1258 x-cp1258",
    "mac-cyrillic": "x-mac-cyrillic x-mac-ukrainian",
    "gb18030": "chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk gb18030",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "euc_jis_2004": "cseucpkdfmtjapanese euc-jp x-euc-jp",
    "iso2022_jp_ext": "csiso2022jp iso-2022-jp",
    "cp932": "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis",
    "cp949": "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 "
    "windows-949",
    "iso2022_kr": "csiso2022kr iso-2022-kr",
    "hz": "hz-gb-2312",
    "utf-16-be": "unicodefffe utf-16be",
    "utf-16-le": "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le",
    "x-user-defined": "x-user-defined",
}
CODECS = {label: codec for codec, labels in CODEC_LABELS.items() for label in labels.split()}
# A page that could be scanned for this declaration as ASCII is in neither; the standard replaces them so.
REPLACED = {"utf-16-le": "utf-8", "utf-16-be": "utf-8", "x-user-defined": "cp1252"}

_BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
SEVEN_BIT = frozenset({"iso2022_jp_ext", "iso2022_kr", "hz"})  # their bytes are ASCII, and so valid UTF-8
ESCAPE = b"\x1b$"  # of ISO-2022
DOUBLE_BYTE = frozenset({"gb18030", "big5hkscs", "euc_jis_2004", "cp932", "cp949"})
# Fewer characters in a double-byte encoding may all be valid UTF-8 by chance.
BY_CHANCE = 10
# Bytes searched for a declaration: browsers read 1,024, but pages declare late.
SEARCHED = 1 << 20
NEAR_START = 2_048  # bytes in which a page that is not ASCII at all shows zero bytes

# Comments and scripts are passed over whole; an unclosed one reaches to the end, as in a browser.
TAG = re.compile(
    rb"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1|\Z)|<(?P<meta>meta[\s/][^<>]{0,1000})>", re.DOTALL | re.IGNORECASE
)
ATTRIBUTE = re.compile(rb"""[\s"'/]([^\s"'>/=]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([^\s"';]+)""", re.IGNORECASE)
CUT = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{0,2}\Z")  # the beginning of a character, at a page's end
XML = re.compile(rb"""\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([^"'>]{1,40})["']""")
LANGUAGE = re.compile(rb"""<html\b[^<>]{0,1000}?\blang\s*=\s*["']?([A-Za-z]+)""", re.IGNORECASE)
WESTERN = frozenset("af br ca da de en es eu fi fo fr fy ga gl is it lb nb nl nn no oc pt sv".split())
# What the detector takes short Western texts for: encodings that hardly any page is in, and those of Eastern Europe.
RULED_OUT = frozenset(
    "utf-8 utf-16-le utf-16-be x-user-defined iso8859-3 iso8859-4 iso8859-10 iso8859-14 iso8859-16".split()
)
EASTERN = frozenset("cp1250 cp1257 cp1258 iso8859-2 iso8859-13".split())


def decode(html: bytes, charset: str | None = None) -> str:
    """Decode a page's bytes; what its encoding can't hold becomes U+FFFD.

    Parameters
    ----------
    html : bytes
    charset : str, optional
        Label of the encoding in the HTTP header; one that is not known is passed over.

    Returns
    -------
    str
        Without a byte order mark.
    """
    for mark, codec in _BYTE_ORDER_MARKS:
        if html.startswith(mark):
            return html[len(mark) :].decode(codec, "replace")
    return html.decode(codec_of(html, charset), "replace")


def codec_of(html: bytes, charset: str | None = None) -> str:
    """Return Python's name of the encoding of a page without a byte order mark."""
    wide = wide_codec(html)
    if wide is not None:
        return wide
    declared = CODECS.get((charset or "").strip().lower()) or declared_codec(html)
    if html.isascii():
        if declared in SEVEN_BIT:
            return str(declared)
        return detected_codec(html) if declared is None and ESCAPE in html else "utf-8"
    if is_utf8(html, declared):
        return "utf-8"
    return detected_codec(html) if declared in (None, "utf-8") else str(declared)


def declared_codec(html: bytes) -> str | None:
    """Return Python's name of the encoding that a page declares; None without a valid declaration."""
    for label in declared_labels(html):
        codec = CODECS.get(label.decode("ascii", "replace").strip().lower())
        if codec is not None:
            return REPLACED.get(codec, codec)
    return None


def declared_labels(html: bytes) -> Iterator[bytes]:
    """Yield the charset labels of a page's XML declaration and ``<meta>`` elements."""
    xml = XML.match(html)
    if xml:
        yield xml[1]
    for tag in TAG.finditer(html, 0, SEARCHED):
        if tag["meta"]:
            yield meta_charset(tag["meta"])


def wide_codec(html: bytes) -> str | None:
    """Return which UTF-16 a page is in by the zero bytes of its ASCII characters; None for no UTF-16."""
    start = html[:NEAR_START]
    for codec, zeros, others in (("utf-16-le", start[1::2], start[::2]), ("utf-16-be", start[::2], start[1::2])):
        if len(zeros) > 1 and zeros.count(0) > 0.7 * len(zeros) and others.count(0) < 0.1 * len(others):
            return codec
    return None


def meta_charset(tag: bytes) -> bytes:
    """Return the label that a ``<meta>`` element declares, b"" where it declares none."""
    attributes: dict[bytes, bytes] = {name.lower(): a or b or c for name, a, b, c in ATTRIBUTE.findall(tag)}
    if b"charset" in attributes:
        return attributes[b"charset"]
    if attributes.get(b"http-equiv", b"").strip().lower() == b"content-type":
        return b"".join(CHARSET.findall(attributes.get(b"content", b""))[:1])
    return b""


def is_utf8(html: bytes, declared: str | None) -> bool:
    """Return whether bytes that are not all ASCII are UTF-8.

    A page with stray bytes of another encoding, or cut within a character, stays UTF-8: more of its characters beyond
    ASCII must be whole than not. In any other encoding few are, by chance.
    """
    if declared not in DOUBLE_BYTE and is_strict_utf8(html):
        return True
    cut = CUT.search(html, max(0, len(html) - 3))
    text = (html[: cut.start()] if cut else html).decode("utf-8", "replace")
    faults = text.count("\ufffd") - html.count("\ufffd".encode())
    whole = len(text) - len(text.encode("ascii", "ignore")) - text.count("\ufffd")
    return whole > faults and (declared not in DOUBLE_BYTE or whole >= BY_CHANCE)


def is_strict_utf8(html: bytes) -> bool:
    """Return whether bytes are UTF-8 without a fault."""
    try:
        html.decode()
    except UnicodeDecodeError:
        return False
    return True


def detected_codec(html: bytes) -> str:
    """Guess the encoding of bytes that are not UTF-8; Windows-1252 where nothing speaks for another."""
    from resiliparse.parse.encoding import detect_encoding

    name = (detect_encoding(html, max_len=0, html5_compatible=False) or "").lower()
    label = name.replace("_", "-").replace("iso2022", "iso-2022")  # the detector's names are Python's
    codec = CODECS.get(label, name)
    if codec not in CODEC_LABELS or codec in RULED_OUT:
        return "cp1252"
    language = LANGUAGE.search(html, 0, SEARCHED)
    is_western = language is not None and language[1].decode().lower() in WESTERN
    return "cp1252" if is_western and codec in EASTERN else codec
