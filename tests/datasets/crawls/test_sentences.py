"""Sentences, words and names of every script; nothing is lost or reordered where a story is split and set."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.datasets.crawls.grammar import Language
from copydesk.datasets.crawls.sentences import (
    count_words,
    ends_plainly,
    first_words,
    join_sentences,
    list_items,
    proper_names,
    split_sentences,
)
from copydesk.datasets.crawls.stories import draw_typography, person, spare, typeset

SENTENCES = {
    "en": ["The bridge is shut.", "Is it safe?", '"Not yet," she said.', '"Ask again."', "It cost 3.5 million."],
    "ru": ["Мост закрыт.", "Что дальше?", "«Пока нет», — сказала она."],
    "el": ["Η γέφυρα έκλεισε.", "Τι θα γίνει;", "Κανείς δεν ξέρει."],
    "es": ["El puente está cerrado.", "¿Qué pasará?", "¡Nadie lo sabe!"],
    "zh": ["大桥已经关闭。", "接下来怎么办？", "他说：“还不清楚。”", "费用是3.5亿元！"],
    "ja": ["橋は閉鎖された。", "次は何か？", "「まだ分からない。」と市長は述べた。"],
    "ko": ["다리가 폐쇄됐다.", "언제 열리나?", "시장은 “아직 모른다.”고 말했다.", "비용은 3.5억 원이다."],
    "hi": ["पुल बंद है।", "आगे क्या होगा?", "मेयर ने कहा।"],
    "bn": ["সেতু বন্ধ।", "এরপর কী হবে?", "কেউ জানে না।"],
    "ar": ["أغلق الجسر.", "ماذا بعد؟", "قال العمدة: «لا نعرف»."],
    "fa": ["پل بسته شد.", "بعد چه می‌شود؟", "شهردار گفت: «نمی‌دانیم»."],
    "ur": ["پل بند ہے۔", "آگے کیا ہوگا؟", "کوئی نہیں جانتا۔"],
    "he": ["הגשר נסגר.", "מה הלאה?", "איש אינו יודע."],
    "am": ["ድልድዩ ተዘግቷል።", "ማንም አያውቅም።"],
    "hy": ["Կամուրջը փակ է։", "Ոչ ոք չգիտի։"],
    "th": ["สะพานถูกปิดตั้งแต่เมื่อวานนี้หลังจากพบรอยร้าวที่เสากลาง", "เจ้าหน้าที่กล่าวว่าจะใช้เวลาซ่อมแซมประมาณสามเดือนเต็ม"],
}  # fmt: skip
UNSPACED = {"zh", "ja"}


@pytest.mark.parametrize("language", SENTENCES)
def test_sentences_are_split_where_their_script_ends_them(language: str) -> None:
    sentences = SENTENCES[language]
    together = ("" if language in UNSPACED else " ").join(sentences)
    assert split_sentences(together) == sentences
    assert join_sentences(sentences) == together


@pytest.mark.parametrize("language", ["ur", "hi", "bn", "zh", "am"])
def test_marks_that_mean_nothing_else_end_a_sentence_without_a_space(language: str) -> None:
    sentences = [each for each in SENTENCES[language] if not each.endswith(("?", "؟"))]
    assert split_sentences("".join(sentences)) == sentences


@pytest.mark.parametrize(
    "text",
    [
        "at 3.5 per cent",
        "the U.S. economy",
        "version 2.0 is out",
        "he said. and left",
        "ดร. สมชาย",
        "“好。”，他说",
        "1.5亿",
    ],
)
def test_a_mark_within_a_sentence_does_not_end_it(text: str) -> None:
    assert split_sentences(text) == [text]


def test_thai_is_split_at_spaces_into_parts_of_some_length() -> None:
    clause = "นายกรัฐมนตรีกล่าวว่า"
    parts = split_sentences(" ".join([clause] * 9))
    assert len(parts) == 5
    assert all(len(part) >= 40 for part in parts[:-1])


PIECES = sorted(
    {sentence for found in SENTENCES.values() for sentence in found} | {" ", ".", "。", "”", '"', "「", "…", "؟"}
)
TEXTS = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(PIECES), max_size=12).map("".join))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@given(TEXTS)
def test_splitting_and_joining_loses_nothing_but_white_space(text: str) -> None:
    sentences = split_sentences(text)
    assert all(sentence and sentence == sentence.strip() for sentence in sentences)
    assert squeezed(join_sentences(sentences)) == squeezed(text)


@given(
    st.lists(
        st.sampled_from(sorted(SENTENCES)).flatmap(lambda one: st.permutations(SENTENCES[one])), min_size=1, max_size=6
    ),
    st.integers(0, 1000),
)
def test_typesetting_keeps_all_words_in_their_order(paragraphs: list[list[str]], seed: int) -> None:
    language = Language("xx", {}, {"first": ["A"], "last": ["B"], "city": ["C"], "agency": ["D"], "month": ["E"]})
    given_text = [join_sentences(sentences) for sentences in paragraphs]
    draw = random.Random(seed)
    printed = "".join(typeset(given_text, draw_typography(language, draw), language, [], draw)).lower()
    at = 0
    for word in re.findall(r"\w+", " ".join(given_text).lower()):
        assert word in printed[at:]
        at = printed.index(word, at) + len(word)


@given(st.lists(st.tuples(TEXTS.filter(str.strip), st.booleans()), max_size=5))
def test_list_items_keep_all_letters_in_their_order(found: list[tuple[str, bool]]) -> None:
    items = list_items([text for text, _ in found], [split for _, split in found])
    letters = ["".join(re.findall(r"\w", "".join(texts))) for texts in (items, [text for text, _ in found])]
    assert letters[0] == letters[1]


@pytest.mark.parametrize(
    "text", ["红的、黄的、蓝的。", "赤、黄、青。", "أحمر، أصفر، أزرق.", "red, yellow, blue.", "लाल, पीला, नीला।"]
)
def test_lists_are_made_of_the_parts_between_commas_of_any_script(text: str) -> None:
    assert len(list_items([text], [True])) == 3
    assert len(list_items([text], [False])) == 1


def test_words_are_counted_in_letters_where_no_space_separates_them() -> None:
    assert count_words("The old bridge is shut") == 5
    assert 5 <= count_words("大桥关闭后三个月内市政府将决定下一步怎么办。") <= 14
    assert 6 <= count_words("เจ้าหน้าที่กล่าวว่าจะใช้เวลาซ่อมแซมประมาณสามเดือน") <= 14
    assert count_words("पुल तीन महीने बंद रहेगा।") == 5


def test_captions_are_found_in_scripts_without_spaces_and_lose_their_full_stop() -> None:
    sentence = "市政府表示大桥将在三个月之内重新开放供市民使用。"
    story, scenes = spare(["开头。", sentence * 6], random.Random(0))
    assert scenes
    assert set(scenes) == {sentence[:-1]}
    assert join_sentences(story).count(sentence) == 6 - len(scenes)


def test_a_sentence_ends_plainly_with_its_scripts_full_stop() -> None:
    plain = {language: [ends_plainly(each) for each in found] for language, found in SENTENCES.items()}
    assert plain["zh"] == [True, False, False, False]
    assert plain["hi"] == [True, False, True]
    assert plain["th"] == [True, True]


def test_first_words_are_the_first_clause_where_no_space_separates_words() -> None:
    assert first_words("The old bridge is shut", 3) == "The old bridge"
    assert first_words("大桥关闭，市民不满。", 8) == "大桥关闭"
    assert first_words("「橋は閉鎖された」と市長", 8) == "橋は閉鎖された"
    assert first_words("สะพานถูกปิด ตั้งแต่เมื่อวาน", 1) == "สะพานถูกปิด"


def test_names_are_found_by_their_capitals_in_any_script_that_has_them() -> None:
    assert proper_names("so Mary Ann Lee and, Émile Zola met") == ["Mary Ann Lee", "Émile Zola"]
    assert proper_names("тогда Анна Громова и Şule") == ["Анна Громова"]
    assert proper_names("είπε ο Νίκος Παππάς χθες") == ["Νίκος Παππάς"]
    assert proper_names("张伟在北京表示。أعلن أحمد علي") == []


def test_people_are_named_in_the_order_of_their_language() -> None:
    slots = {"first": ["伟"], "last": ["王"]}
    assert person(Language("zh", {}, slots, {}, {"name": ["{last}{first}"]}), random.Random(0)) == "王伟"
    assert person(Language("xx", {}, slots), random.Random(0)) == "伟 王"


def test_lists_and_lines_are_numbered_in_the_sites_digits() -> None:
    slots = {"first": ["A"], "last": ["B"], "city": ["C"], "agency": ["D"], "month": ["E"]}
    forms = {"digits": ["۰۱۲۳۴۵۶۷۸۹"], "bullet": ["1. "]}
    language = Language("fa", {}, slots, {"lines": ["سال {year}"]}, forms)
    draw = random.Random(3)
    paragraphs = [" ".join(SENTENCES["fa"])] * 40
    printed = [
        line for _ in range(20) for line in typeset(paragraphs, draw_typography(language, draw), language, [], draw)
    ]
    assert any(line.startswith("۲. ") for line in printed)
    assert any(re.fullmatch("سال [۰-۹]{4}", line) for line in printed)
    assert not any(re.search("[0-9]", line) for line in printed)
