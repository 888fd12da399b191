"""Titles of texts, and families that read them alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.features.ngrams.titles import title_of, title_span
from copydesk.features.places import ngram_places
from copydesk.features.tfidf import TfidfFeatures

MESSAGE = "From: a@b.org\nReceived: by relay\n\tat night\nSUBJECT: Re: spare wheels\nLines: 2\n\nbody of text\n"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Council votes\n\nThe council voted.", "Council votes"),
        ("One line", "One line"),
        ("", ""),
        (MESSAGE, "Re: spare wheels"),
        ("Subject: first of all\nFrom: a@b.org\n", "first of all"),
        ("Opinion\nSubject: not in a header", "Opinion"),
        ("From: a@b.org\n\nSubject: after the header", "From: a@b.org"),
        ("Subject:\nFrom: a@b.org", ""),
    ],
)
def test_title_is_the_subject_of_a_message_or_else_the_first_line(text, title):
    assert title_of(text) == title


@given(st.text(alphabet="aS:u \t\nbject", max_size=60))
def test_title_is_part_of_one_line(text):
    start, end = title_span(text)
    assert 0 <= start <= end <= len(text)
    assert "\n" not in text[start:end]


def test_a_long_header_without_a_subject_is_read_once():
    assert title_of("name: value\n" * 200_000) == "name: value"


@pytest.mark.parametrize("options", [{}, {"analyzer": "char_wb", "ngram_range": (2, 4)}, {"token_pattern": "[a-z]+"}])
@pytest.mark.filterwarnings("ignore:token_pattern")
def test_features_of_titles_are_features_of_the_titles_alone(options):
    texts = [MESSAGE, "Council votes\n\nThe council voted.", "One line"]
    titles = TfidfFeatures(part="title", **options).fit_transform(texts)
    alone = TfidfFeatures(**options).fit_transform([title_of(text) for text in texts])
    assert (titles != alone).nnz == 0


def test_places_are_those_in_the_whole_text():
    options = TfidfFeatures(part="title").family_options()[0]
    places = ngram_places(MESSAGE, options, lowercase=True, strip_accents=None)
    assert {MESSAGE[a:b] for spans in places.values() for a, b in spans} == {"Re", "spare", "wheels"}
