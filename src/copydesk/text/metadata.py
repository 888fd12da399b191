"""Metadata that a page states of itself: JSON-LD, OpenGraph, ``<meta>``, microdata and ``<time>``. Nothing is guessed.

Small, and on the same kind of tree as the page's text, which ``Cleaner.clean_html`` parses once for both: extruct, the
library for it, brings lxml, rdflib and five more packages, and always parses a page again.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from copydesk.text.blocks import collapse
from copydesk.text.html import own_url, parse_tree
from copydesk.text.json_ld import Node, read_scripts, stated_names, types_of

if TYPE_CHECKING:
    from resiliparse.parse.html import HTMLTree

ARTICLE = re.compile(r"(?:Article|Posting|Report)$")
PAGE_KINDS = ("WebPage", "ItemPage")
# Names of <meta> elements, the best first.
META_TITLES = ("og:title", "twitter:title", "dc.title", "dcterms.title")
AUTHORS = (
    "author",
    "article:author",
    "og:article:author",
    "dc.creator",
    "dcterms.creator",
    "parsely-author",
    "sailthru.author",
    "byl",
)
DATES = (
    "article:published_time", "og:article:published_time", "datepublished", "dc.date.issued", "dcterms.issued",
    "dcterms.created", "dc.date", "parsely-pub-date", "sailthru.date", "pubdate", "publishdate", "publish-date", "date",
)  # fmt: skip
SITE_NAMES = ("og:site_name", "application-name", "dc.publisher")
LANGUAGES = ("og:locale", "content-language", "language", "dc.language")
LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
ADDRESS = re.compile(r"(?:https?:)?//|@[\w.]+$|www\.", re.IGNORECASE)
MOST_ELEMENTS = 2_000  # of a kind that is searched
LONGEST_VALUE = 1_000  # characters


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page states of itself; "" where it states nothing.

    Attributes
    ----------
    title, author, site_name : str
        Several authors are separated by commas.
    date : str
        Of publication, as it is written.
    language : str
        Such as ``en`` or ``pt-BR``.
    url : str
        The address that the page gives as its own.
    """

    title: str = ""
    author: str = ""
    date: str = ""
    site_name: str = ""
    language: str = ""
    url: str = ""


def read_metadata(page: bytes | str) -> Metadata:
    """Return what a page of HTML states of itself; see ``parse_tree``."""
    return metadata_of_tree(parse_tree(page))


def metadata_of_tree(tree: HTMLTree) -> Metadata:
    """Return what a parsed page states of itself."""
    metas = meta_values(tree)
    nodes = read_scripts([node.text for node in elements(tree, "script") if is_json_ld(node)])
    by_id = {str(node["@id"]): node for node in nodes if "@id" in node and len(node) > 1}
    articles = [node for node in nodes if any(map(ARTICLE.search, types_of(node)))]
    described = articles[:1] + [node for node in nodes if set(types_of(node)) & set(PAGE_KINDS)][:1]
    return Metadata(
        title=first_of(
            stated(described[: len(articles[:1])], "headline"), values_in(metas, META_TITLES), [tree.title or ""]
        ),
        author=author_of(tree, metas, described, by_id),
        date=first_of(stated(described, "datePublished"), values_in(metas, DATES), times(tree)),
        site_name=site_name_of(metas, nodes, described, by_id),
        language=language_of(tree, metas, described),
        url=own_url(tree),
    )


def elements(tree: Any, selector: str) -> Iterator[Any]:
    """Yield the elements of a page that a selector finds, the first of very many."""
    if tree.document is not None:
        yield from islice(iter(tree.document.query_selector_all(selector)), MOST_ELEMENTS)


def is_json_ld(script: Any) -> bool:
    """Return whether a ``<script>`` holds JSON-LD."""
    return (script.getattr("type") or "").partition(";")[0].strip().lower() == "application/ld+json"


def meta_values(tree: Any) -> dict[str, list[str]]:
    """Return the contents of the ``<meta>`` elements by their names in lower case."""
    found: dict[str, list[str]] = {}
    for node in elements(tree, "meta"):
        content = collapse(node.getattr("content") or "")
        for attribute in ("property", "name", "itemprop", "http-equiv"):
            name = (node.getattr(attribute) or "").strip().lower()
            if name and content:
                found.setdefault(name, []).append(content)
    return found


def values_in(metas: dict[str, list[str]], names: Sequence[str]) -> Iterator[str]:
    """Yield the contents of ``<meta>`` elements of certain names."""
    for name in names:
        yield from metas.get(name, [])[:1]


def stated(nodes: Sequence[Node], key: str) -> Iterator[str]:
    """Yield the strings that objects of JSON-LD have under a key."""
    for node in nodes:
        value = node.get(key)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield each


def first_of(*sources: Iterator[str] | Sequence[str]) -> str:
    """Return the first value that is not blank, its white space collapsed and entities resolved; "" if none is."""
    for source in sources:
        for value in source:
            plain = collapse(html.unescape(value))
            if plain:
                return plain[:LONGEST_VALUE]
    return ""


def author_of(tree: Any, metas: dict[str, list[str]], nodes: Sequence[Node], by_id: dict[str, Node]) -> str:
    """Return the authors; addresses of profiles are none."""
    stated_by = (stated_names(node.get("author"), by_id) for node in nodes)
    by_meta = (metas.get(name, []) for name in AUTHORS)
    marked = ([collapse(node.text)] for node in elements(tree, '[itemprop="author"] [itemprop="name"], [rel="author"]'))
    for names in (*stated_by, *by_meta, *marked):
        plain = [first_of([name]) for name in names]
        authors = list(dict.fromkeys(name for name in plain if name and not ADDRESS.search(name)))
        if authors:
            return ", ".join(authors)
    return ""


def times(tree: Any) -> list[str]:
    """Return the date that an element marks as that of publication, or the only one on the page."""
    for selector in ('[itemprop="datePublished"]', "time[pubdate]"):
        for node in elements(tree, selector):
            value = node.getattr("datetime") or node.getattr("content") or node.text
            if value and value.strip():
                return [value]
    dates = {(node.getattr("datetime") or "").strip() for node in elements(tree, "time[datetime]")} - {""}
    return list(dates) if len(dates) == 1 else []


def site_name_of(
    metas: dict[str, list[str]], nodes: Sequence[Node], described: Sequence[Node], by_id: dict[str, Node]
) -> str:
    """Return the name of the site or, where no element gives it, that of the publisher."""
    publishers = [name for node in described for name in stated_names(node.get("publisher"), by_id)]
    sites = [name for node in nodes if "WebSite" in types_of(node) for name in stated_names(node, by_id)]
    return first_of(values_in(metas, SITE_NAMES[:1]), sites, publishers, values_in(metas, SITE_NAMES[1:]))


def language_of(tree: Any, metas: dict[str, list[str]], nodes: Sequence[Node]) -> str:
    """Return the language, its parts separated by hyphens."""
    roots = [node.getattr("lang") or node.getattr("xml:lang") or "" for node in islice(elements(tree, "html"), 1)]
    for value in (*roots, *values_in(metas, LANGUAGES), *stated(nodes, "inLanguage")):
        found = LANGUAGE_TAG.fullmatch(value.strip())
        if found:
            return found[0].replace("_", "-")
    return ""
