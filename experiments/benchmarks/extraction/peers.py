"""Extractors that see the HTML; each returns the text of a page's article."""

from __future__ import annotations

from functools import cache

# Names of jusText's lists of stop words by language.
STOPLISTS = {
    "ar": "Arabic", "cs": "Czech", "da": "Danish", "de": "German", "en": "English", "es": "Spanish", "fi": "Finnish",
    "fr": "French", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "lt": "Lithuanian", "nl": "Dutch",
    "no": "Norwegian_Bokmal", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish",
    "tr": "Turkish", "uk": "Ukrainian",
}  # fmt: skip


@cache
def stop_words(language: str) -> frozenset[str]:
    """Return jusText's stop words of a language; of all languages where it has none."""
    import justext

    name = STOPLISTS.get(language)
    if name in justext.get_stoplists():
        return frozenset(justext.get_stoplist(name))
    return frozenset(word for each in justext.get_stoplists() for word in justext.get_stoplist(each))


def trafilatura(html: str, language: str, **options: bool) -> str:
    from trafilatura import extract

    return extract(html, include_comments=False, **options) or ""


def trafilatura_fast(html: str, language: str) -> str:
    return trafilatura(html, language, fast=True)


def trafilatura_precision(html: str, language: str) -> str:
    return trafilatura(html, language, favor_precision=True)


def trafilatura_recall(html: str, language: str) -> str:
    return trafilatura(html, language, favor_recall=True)


def newspaper4k(html: str, language: str) -> str:
    import newspaper

    article = newspaper.Article("https://example.org/", language=language, fetch_images=False)
    article.download(input_html=html)
    article.parse()
    return str(article.text)


def goose3(html: str, language: str) -> str:
    import goose3 as library

    with library.Goose({"enable_image_fetching": False, "use_meta_language": True}) as goose:
        return str(goose.extract(raw_html=html).cleaned_text)


def news_please(html: str, language: str) -> str:
    from newsplease import NewsPlease

    return NewsPlease.from_html(html, url="https://example.org/", fetch_images=False).maintext or ""


def magic_html(html: str, language: str) -> str:
    from magic_html import GeneralExtractor

    from copydesk.text.html import page_text

    return page_text(GeneralExtractor().extract(html, base_url="https://example.org/")["html"])


def justext(html: str, language: str) -> str:
    import justext as library

    found = library.justext(html.encode(), stop_words(language), encoding="utf-8")
    return "\n".join(paragraph.text for paragraph in found if not paragraph.is_boilerplate)


def boilerpy3(html: str, language: str) -> str:
    from boilerpy3.extractors import ArticleExtractor

    return str(ArticleExtractor(raise_on_failure=False).get_content(html))


def readability(html: str, language: str) -> str:
    from readability import Document

    from copydesk.text.html import read_page

    return "\n".join(block.text for block in read_page(Document(html).summary()).blocks)


def resiliparse(html: str, language: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(html, main_content=True))


EXTRACTORS = {
    "trafilatura": trafilatura,
    "readability-lxml": readability,
    "resiliparse": resiliparse,
    "boilerpy3": boilerpy3,
    "jusText": justext,
}
# Those and more, for the comparison of extractors.
ALL = {
    **EXTRACTORS,
    "trafilatura, fast": trafilatura_fast,
    "trafilatura, favor_precision": trafilatura_precision,
    "trafilatura, favor_recall": trafilatura_recall,
    "newspaper4k": newspaper4k,
    "goose3": goose3,
    "news-please": news_please,
    "magic-html": magic_html,
}
# The distribution that each is of.
DISTRIBUTIONS = {name: name.partition(",")[0].lower() for name in ALL}


def extract(name: str, html: str, language: str) -> str:
    """Return a peer's text of a page; "" if it fails."""
    try:
        return ALL[name](html, language)
    except ImportError as error:
        raise SystemExit(f"{name} is not installed ({error}); leave it out of --extractors") from None
    except Exception as error:  # each has exceptions of its own for pages that it can't read
        print(f"{name}: {type(error).__name__} {error}"[:120])
        return ""
