from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.datasets.composed_crawl import ComposedCrawl, page_rows, render
from copydesk.datasets.crawls.grammar import FILLED, LEFTOVER_PLACES, Grammar, choose, fill, repeat
from copydesk.datasets.crawls.grammar_files import load_grammar
from copydesk.datasets.crawls.sentences import split_sentences
from copydesk.datasets.crawls.sites import CrawlPage, Site
from copydesk.datasets.crawls.stories import SPARE_SENTENCES
from copydesk.datasets.crawls.story_blocks import story_block
from copydesk.datasets.examples import Examples
from copydesk.errors import DataError
from copydesk.resources import shipped
from copydesk.tasks import TOPIC_TASK
from copydesk.text.paragraphs import split_paragraphs

SHIPPED = shipped("data/boilerplate")
LANGUAGES = set("en de fr es it pt nl ru zh ja ko th hi bn ar fa he ur vi id".split())
SCRIPTS = {
    "zh": "\u4e00-\u9fff", "ja": "\u3040-\u30ff\u4e00-\u9fff", "ko": "\uac00-\ud7a3", "th": "\u0e00-\u0e7f",
    "hi": "\u0900-\u097f", "bn": "\u0980-\u09ff", "ar": "\u0600-\u06ff", "fa": "\u0600-\u06ff",
    "he": "\u0590-\u05ff", "ru": "\u0400-\u04ff",
}  # fmt: skip
WITH_BLOCKS = {
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "ru",
    "tr",
    "pl",
    "sv",
    "cs",
    "uk",
    "el",
    "ro",
    "hu",
    "da",
    "no",
    "fi",
}
SUBJECTS = ("ferry", "bridge", "library", "orchard", "tunnel", "harbour", "museum", "stadium", "bakery", "railway")


@dataclass
class Articles:
    """Articles whose sentences are all different, so that each can be found again."""

    number: int = 60

    def load(self) -> Examples:
        texts = [self.text(at) for at in range(self.number)]
        frame = pd.DataFrame({"text": texts}).assign(label="x", group="", split="", position=0, title="")
        return Examples(frame.assign(document=[str(at) for at in range(self.number)]), TOPIC_TASK, "written")

    def text(self, at: int) -> str:
        subject = f"{SUBJECTS[at % 10]} {at:03d}"
        paragraphs = [
            f"The {subject} reopened in part {part} of town. Mary Ann Lee of the council said it took {part} years."
            f' "We never gave up on plan {at}-{part}," she said. Some {at + part} residents came.'
            for part in range(1, 7)
        ]
        return f"Town reopens the {subject}\n\n" + "\n\n".join(paragraphs)


@dataclass
class Given:
    """Articles as given."""

    texts: list[str]

    def load(self) -> Examples:
        return Examples(pd.DataFrame({"text": self.texts}), TOPIC_TASK, "given")


@pytest.fixture(scope="module")
def grammar() -> Grammar:
    return load_grammar(SHIPPED)


@pytest.fixture(scope="module")
def crawls() -> pd.DataFrame:
    return ComposedCrawl(Articles(400), languages=["en"], seed=1).load().frame


def test_frame_is_the_one_table_with_pages_in_order(crawls: pd.DataFrame) -> None:
    assert list(crawls) == ["text", "label", "group", "split", "document", "position", "title"]
    assert set(crawls["label"]) == {"content", "boilerplate"}
    assert (crawls["text"].str.strip() != "").all()
    for _, page in crawls.groupby("document", sort=False):
        assert page["position"].tolist() == list(range(len(page)))
        assert page["title"].iloc[0] in page.loc[page["label"] == "content", "text"].tolist()
    change = crawls["document"].ne(crawls["document"].shift())
    assert change.sum() == crawls["document"].nunique() == 400


def test_sites_articles_and_styles_do_not_straddle_train_and_test(crawls: pd.DataFrame, grammar: Grammar) -> None:
    train, test = (crawls[crawls["split"] == part] for part in ("train", "test"))
    assert not set(train["group"]) & set(test["group"])
    assert not set(train["title"]) & set(test["title"])
    assert not set(train["document"]) & set(test["document"])
    test_titles = set(test["title"])
    assert not any(title in text for text in train["text"] for title in test_titles)
    assert {style.part for style in grammar.styles.values()} == {"train", "test"}
    assert sum(style.part == "train" for style in grammar.styles.values()) >= 20


def test_labels_are_exact(crawls: pd.DataFrame) -> None:
    quotes = crawls["text"].str.contains("We never gave up on plan")
    assert set(crawls.loc[quotes, "label"]) == {"content"}
    own_title = crawls["text"] == crawls["title"]
    assert crawls[own_title & (crawls["label"] == "content")].groupby("document").size().eq(1).all()
    for phrase in ("Please enter your comment!", "Advertisement", "Privacy Policy"):
        assert set(crawls.loc[crawls["text"] == phrase, "label"]) == {"boilerplate"}


def test_a_page_keeps_its_article_but_for_the_sentences_under_its_pictures(crawls: pd.DataFrame) -> None:
    articles = Articles()
    for title, page in crawls.groupby("title"):
        at = int(str(title).split()[-1])
        content = " ".join(page.loc[page["label"] == "content", "text"]).lower()
        sentences = [
            sentence for paragraph in articles.text(at).split("\n\n")[1:] for sentence in split_sentences(paragraph)
        ]
        missing = [sentence for sentence in sentences if sentence.rstrip(".").lower() not in content]
        # A list breaks a sentence at its commas.
        missing = [one for one in missing if any(part.lower() not in content for part in one.rstrip(".").split(", "))]
        assert len(missing) <= SPARE_SENTENCES


@pytest.mark.parametrize(
    "phrase",
    ["Please enter your comment!", "Please enter your name here", "Previous article", "Next article"],
)
def test_training_holds_the_phrases_of_the_commonest_theme(crawls: pd.DataFrame, phrase: str) -> None:
    texts = crawls.loc[(crawls["split"] == "train") & (crawls["label"] == "boilerplate"), "text"]
    assert texts.str.startswith(phrase).any()


def test_links_to_other_articles_run_together_with_their_label(crawls: pd.DataFrame) -> None:
    texts = crawls.loc[crawls["label"] == "boilerplate", "text"]
    assert texts.str.contains(r"^Previous article[A-Z]").any()


def test_short_paragraphs_are_content_too(crawls: pd.DataFrame) -> None:
    content = crawls.loc[crawls["label"] == "content", "text"]
    assert (content.str.len() < 40).mean() > 0.03


def test_a_site_repeats_its_forms_on_all_pages(crawls: pd.DataFrame) -> None:
    repeated = 0
    for _, site in crawls[crawls["label"] == "boilerplate"].groupby("group"):
        pages = site.groupby("text")["document"].nunique()
        repeated += pages.max() >= min(3, site["document"].nunique())
    assert repeated > 0.7 * crawls["group"].nunique()


def test_same_seed_same_crawls_whatever_the_hash_seed() -> None:
    program = (
        "import hashlib, sys; sys.path.insert(0, sys.argv[1])\n"
        "from copydesk.datasets.composed_crawl import ComposedCrawl\n"
        "from test_composed_crawl import Articles\n"
        "frame = ComposedCrawl(Articles(24), foreign_share=0.5, seed=3).load().frame\n"
        "print(hashlib.sha256(frame.to_csv().encode()).hexdigest())\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program, str(Path(__file__).parent)],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(found) == 1


def test_another_seed_other_crawls() -> None:
    first, second = (ComposedCrawl(Articles(24), seed=seed).load().frame["text"].tolist() for seed in (0, 1))
    assert first != second


def test_every_language_has_every_family_and_enough_productions(grammar: Grammar) -> None:
    assert set(grammar.languages) >= LANGUAGES
    placed = {family for style in grammar.styles.values() for family in style.families}
    for language in grammar.languages.values():
        assert placed <= set(language.families), language.name
        assert sum(map(len, language.families.values())) >= (300 if language.name == "en" else 110)
        assert {"titles", "sentences", "subheads", "lines"} == set(language.story)
        assert len(language.story["sentences"]) >= 14


def test_every_production_expands_without_slots_or_brackets_left(grammar: Grammar) -> None:
    draw = random.Random(0)
    values = dict.fromkeys(FILLED, "x") | {"author2": "y", "other2": "z"}
    for language in grammar.languages.values():
        lines = [line for found in language.families.values() for production in found for line in production]
        lines += [line for found in language.story.values() for line in found]
        lines += [line for block in language.blocks for line in block]
        for line in lines:
            for _ in range(3):
                for _, text in repeat([choose(line, draw)], draw):
                    text = fill(text, values, language, draw).replace("[…]", "")
                    assert not set("{}[]\x00") & set(text), (language.name, line)


def test_every_block_is_printed_without_slots_or_brackets_left(grammar: Grammar) -> None:
    draw = random.Random(0)
    languages = [language for language in grammar.languages.values() if language.blocks]
    assert {language.name for language in languages} >= WITH_BLOCKS
    for language in languages:
        for block in language.blocks:
            text = story_block(replace(language, blocks=[block]), ["Mary Lee"], draw)
            assert text.strip()
            assert not set("{}[]\x00") & set(text), (language.name, block)


def test_every_style_makes_pages_with_its_families(grammar: Grammar) -> None:
    page = CrawlPage("Title", ["One.", "Two."], ["A scene at the harbour"], ["Mary Lee"])
    for style in grammar.styles.values():
        site = Site("Site key", grammar.languages["en"], style, ["Other"], ["Teaser."], random.Random(0))
        site.dropped = set()
        for place in LEFTOVER_PLACES:
            for family in getattr(style, place):
                assert any(site.lines(family, 1, page)), (style.name, family)


def test_foreign_sites_have_stories_in_their_own_language() -> None:
    frame = ComposedCrawl(Articles(60), languages=["en", "ru"], foreign_share=1.0).load().frame
    content = frame.loc[frame["label"] == "content", "text"]
    assert content.str.contains("[а-яё]").mean() > 0.9


def test_a_share_of_the_training_sites_is_in_an_unknown_script() -> None:
    plain = ComposedCrawl(Articles(80), languages=["en"], pages_per_site=1).load().frame
    frame = ComposedCrawl(Articles(80), languages=["en"], pages_per_site=1, unknown_script_share=0.5).load().frame
    same = (frame["text"] == plain["text"]).groupby([frame["split"], frame["document"]]).mean()
    assert frame["label"].equals(plain["label"])
    assert same["test"].min() == 1.0
    respelt = frame[frame["document"].isin(same["train"].index[same["train"] < 0.5]) & (frame["split"] == "train")]
    assert 0.3 < respelt["document"].nunique() / len(same["train"]) < 0.7
    assert not respelt["text"].str.contains("[A-Za-z]").any()
    assert not respelt["title"].str.contains("[A-Za-z]").any()


def test_languages_other_than_the_first_are_drawn_as_often_as_each_other() -> None:
    dataset = ComposedCrawl(Articles(400), foreign_share=0.5, pages_per_site=1, documents=400)
    grammar = load_grammar(SHIPPED)
    languages = dataset._languages(grammar)
    drawn = dataset._drawn(languages)
    names = [next(drawn).name for _ in range(40 * len(languages))]
    counts = {language.name: names.count(language.name) for language in languages}
    assert 0.4 < counts.pop("en") / len(names) < 0.6
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("name", sorted(LANGUAGES))
def test_pages_of_every_language_print_nothing_of_the_notation(grammar: Grammar, name: str) -> None:
    language, styles = grammar.languages[name], list(grammar.styles.values())
    for number in range(12):
        site = ComposedCrawl(seed=number)._site(f"{name}{number}", styles, language, True, [])
        rows = page_rows(site, site.page(""), document="page", split="")
        for row in rows:
            assert not re.search(r"[{}\x00]|\d-\dx ", row["text"]), row["text"]
        taken = "caption" in site.style.families  # a paragraph of one sentence may stand under a picture
        assert sum(row["label"] == "content" for row in rows) >= 6 - taken
        letters = "".join(row["text"] for row in rows if row["label"] == "content")
        if name in SCRIPTS:
            assert len(re.findall(f"[{SCRIPTS[name]}]", letters)) > 0.6 * len(re.findall(r"[^\W\d_]", letters))


def test_own_language_wraps_own_articles() -> None:
    frame = ComposedCrawl(Articles(60), languages=["de"]).load().frame
    assert frame.loc[frame["label"] == "boilerplate", "text"].str.contains("Anzeige|Kommentar|Teilen").any()
    assert frame["title"].str.startswith("Town reopens").all()


@pytest.mark.parametrize("end", ["single", "blank"])
def test_paragraphs_are_found_again_in_the_rendered_page(crawls: pd.DataFrame, end: str) -> None:
    found = total = 0
    for _, page in crawls.groupby("document"):
        lines = [" ".join(text.split()) for text in page["text"]]
        again = {" ".join(paragraph.text.split()) for paragraph in split_paragraphs(render(page, end=end))}
        found += sum(line in again for line in lines)
        total += len(lines)
    assert found / total > 0.97


@given(
    bodies=st.lists(st.text("aB .,-…!?\"'“”\n\t\u200bЯ中", max_size=60), min_size=12, max_size=12),
    seed=st.integers(0, 9),
)
@settings(max_examples=25, deadline=None)
def test_any_article_becomes_a_page_without_empty_paragraphs(bodies: list[str], seed: int) -> None:
    texts = [f"Title {at}\n\nBody {body}" for at, body in enumerate(bodies)]
    frame = ComposedCrawl(Given(texts), languages=["en"], seed=seed).load().frame
    assert (frame["text"].str.strip() != "").all()
    assert frame["document"].nunique() == 12


def write_grammar(folder: Path, styles: str, language: str) -> Path:
    (folder / "styles.yaml").write_text(styles, encoding="utf-8")
    (folder / "xx.yaml").write_text(language, encoding="utf-8")
    return folder


SLOTS = "slots: {first: [A], last: [B], city: [C], section: [D], month: [E], agency: [F]}\n"
STYLES = "styles: {one: {part: train, after: {share: [1, 1]}}, two: {part: test, after: {share: [1, 1]}}}\n"
LANGUAGE = SLOTS + "families: {share: [Share this]}\n"


def test_a_folder_of_ones_own_replaces_the_grammar(tmp_path: Path) -> None:
    frame = ComposedCrawl(Articles(40), grammar=str(write_grammar(tmp_path, STYLES, LANGUAGE))).load().frame
    assert set(frame.loc[frame["label"] == "boilerplate", "text"]) == {"Share this"}


def test_a_file_of_ones_own_adds_a_language_or_productions(tmp_path: Path) -> None:
    (tmp_path / "xx.yaml").write_text(LANGUAGE, encoding="utf-8")
    (tmp_path / "en.yaml").write_text("slots: {dog: [Rex]}\nfamilies: {share: ['Walk {dog}']}\n", encoding="utf-8")
    assert "xx" in load_grammar(SHIPPED, tmp_path / "xx.yaml").languages
    english = load_grammar(SHIPPED, tmp_path / "en.yaml").languages["en"]
    assert english.families["share"][-1] == ("Walk {dog}",)
    assert english.slots["dog"] == ["Rex"]


@pytest.mark.parametrize(
    ("styles", "language", "said"),
    [
        (STYLES, SLOTS + "families: {share: ['{nothing}']}", r"xx\.yaml: family share: '\{nothing\}': slot 'nothing'"),
        (STYLES, SLOTS + "families: {share: ['[a|b']}", r"xx\.yaml: family share: .*brackets do not match"),
        (STYLES, SLOTS + "families: {share: ['a } b']}", r"xx\.yaml: family share: .*brace"),
        (STYLES, SLOTS + "families: {share: [No]}", r"xx\.yaml: family share: False is not a text; put it in quotes"),
        (STYLES, SLOTS + "families: {share: Share}", r"xx\.yaml: family share: 'Share' is no list"),
        (STYLES, LANGUAGE + "conventions: {digit: [a]}", r"xx\.yaml: conventions: key 'digit' .*did you mean digits"),
        (STYLES, LANGUAGE + "conventions: {digits: ['123']}", r"xx\.yaml: conventions digits: '123'; expected the ten"),
        (STYLES, LANGUAGE + "conventions: {name: ['']}", r"xx\.yaml: conventions name: '' is not a text"),
        (STYLES, LANGUAGE + "conventions: {name: ['{lost}']}", r"xx\.yaml: conventions name: '\{lost\}': slot 'lost'"),
        (STYLES, LANGUAGE + "story: {lines: ['{site}']}", r"xx\.yaml: story lines: '\{site\}': slot 'site' is unknown"),
        (STYLES, LANGUAGE + "story: {blocks: []}", r"xx\.yaml: story blocks: \[\] is no list of entries"),
        (STYLES, LANGUAGE + "story: {blocks: [['{nothing}']]}", r"xx\.yaml: story blocks: .*slot 'nothing' is unknown"),
        (STYLES, LANGUAGE + "story: {blocks: [['[a|b']]}", r"xx\.yaml: story blocks: .*brackets do not match"),
        (STYLES, LANGUAGE + "storey: {}", r"xx\.yaml: key 'storey' is unknown; did you mean story"),
        (STYLES, "slots: {first: [A]}\nfamilies: {share: [a]}", r"xx\.yaml: slots: no 'last'"),
        (STYLES, "[]", r"xx\.yaml: list instead of a mapping"),
        (STYLES, "a: &x [1]\nb: *x", r"xx\.yaml: YAML aliases"),
        (STYLES, "a: !!python/name:os.system x", r"xx\.yaml: not valid YAML"),
        (STYLES, "a: [", r"xx\.yaml: not valid YAML"),
        ("styles: {one: {part: dev}}", LANGUAGE, r"styles\.yaml: style one: part is 'dev'; valid: train, test"),
        ("styles: {one: {}}", LANGUAGE, r"styles\.yaml: style one: part is None"),
        ("styles: {one: {part: train, over: {}}}", LANGUAGE, r"style one: key 'over' is unknown"),
        ("styles: {one: {part: train, top: {shar: [0, 1]}}}", LANGUAGE, r"top: key .shar.+did you mean share"),
        ("styles: {one: {part: train, top: {share: [2, 1]}}}", LANGUAGE, r"style one: top: share is \[2, 1\]"),
        ("styles: {one: {part: train, inside: {share: 2}}}", LANGUAGE, r"inside: share is 2; valid: a chance"),
        ("styles: {one: {part: train, glue: yes}}", LANGUAGE, r"style one: glue is True"),
        ("styles: {one: []}", LANGUAGE, r"style one: \[\] is no mapping"),
        ("style: {}", LANGUAGE, r"styles\.yaml: styles: missing"),
    ],
)  # fmt: skip
def test_a_fault_in_the_grammar_is_named_with_its_place(tmp_path: Path, styles: str, language: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load_grammar(SHIPPED, write_grammar(tmp_path, styles, language))


def test_a_file_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="over 1,000,000 bytes"):
        load_grammar(SHIPPED, write_grammar(tmp_path, STYLES, LANGUAGE + "#" * 1_000_001))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"languages": ["xx"]}, r"dataset\.languages: no grammar for 'xx'; valid: .*de, .*en"),
        ({"test_styles": ["tabloit"]}, r"dataset\.test_styles: no style 'tabloit'; did you mean tabloid"),
        ({"styles": ["blog"], "test_styles": ["blog"]}, r"train and test crawls need styles of their own"),
        ({"documents": 1}, r"leave no train or no test crawls"),
        ({"grammar": "nowhere.yaml"}, r"nowhere\.yaml: No such file"),
    ],
)
def test_options_that_fit_nothing_are_refused(options: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        ComposedCrawl(Articles(20), **options).load()


def test_named_styles_are_kept_for_test() -> None:
    frame = ComposedCrawl(Articles(40), languages=["en"], styles=["clean"], test_styles=["blog"]).load().frame
    leftovers = frame[frame["label"] == "boilerplate"]
    assert set(leftovers["split"]) == {"test"}
