"""The model in the box: there without being asked for, small, and right on what its user brings first."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

import copydesk as package
from copydesk.bundle import read_manifest
from copydesk.explanations.reasons import explain_paragraphs
from copydesk.models.paragraph_tables import page_table
from copydesk.resources import shipped
from copydesk.runs.run import versions
from helpers.command import copydesk
from helpers.sample import LEFTOVERS, SAMPLE, STORY

BOX = Path(package.__file__).parent / "box" / "boilerplate"
HTML_BOX = BOX.with_name("boilerplate-html")
ARTICLE = SAMPLE.read_text(encoding="utf-8")
CLEAN = ARTICLE[: ARTICLE.index("Share this:")].strip()


@pytest.fixture(scope="module")
def box() -> package.Cleaner:
    cleaner = package.load("boilerplate")
    assert isinstance(cleaner, package.Cleaner)
    return cleaner


def test_the_sample_article_keeps_all_of_its_article_and_nothing_else(box: package.Cleaner) -> None:
    assert box.clean(ARTICLE).text == CLEAN


def test_leftovers_go_and_the_title_and_every_sentence_stay(box: package.Cleaner) -> None:
    cleaned = box.clean(STORY + "\n" + "\n".join(LEFTOVERS))
    assert cleaned.text == STORY.strip()
    assert [p.text for p in cleaned.paragraphs if not p.kept] == LEFTOVERS


@pytest.mark.parametrize(
    "lines",
    [
        LEFTOVERS,
        ["LEAVE A REPLY"],
        ["Home", "News", "Sport", "Subscribe to our newsletter", "All rights reserved.", "Privacy policy"],
        ["Share this:FacebookTwitterWhatsApp", "RELATED ARTICLESMORE FROM AUTHOR", "Log in to leave a comment"],
    ],
)
def test_of_leftovers_alone_nothing_stays(box: package.Cleaner, lines: list[str]) -> None:
    assert box.clean("\n\n".join(lines)).text == ""


@pytest.mark.parametrize("text", ["", "   \n\n ", "One paragraph alone, in which something happened on Monday."])
def test_the_smallest_texts_get_sensible_answers(box: package.Cleaner, text: str) -> None:
    assert box.clean(text).text == text.strip()


@pytest.mark.parametrize(
    "paragraph",
    [
        "የከተማው ምክር ቤት ድልድዩ እስከ ጸደይ ድረስ ተዘግቶ እንደሚቆይ ማክሰኞ አስታወቀ፤ ነዋሪዎች ግን በውሳኔው ደስተኛ አይደሉም።",
        "ქალაქის საბჭომ სამშაბათს განაცხადა, რომ ძველი ხიდი გაზაფხულამდე დაკეტილი დარჩება, მოსახლეობა კი უკმაყოფილოა.",
        "නගර සභාව අඟහරුවාදා පැවසුවේ පැරණි පාලම වසන්තය දක්වා වසා තබන බවයි, නමුත් පදිංචිකරුවෝ ඊට එකඟ නොවෙති.",
    ],
)
def test_an_article_in_a_script_never_seen_stays(box: package.Cleaner, paragraph: str) -> None:
    text = "\n\n".join([paragraph] * 3)
    assert box.clean(text).text == text


def test_a_text_of_a_hundred_thousand_paragraphs_is_cleaned_like_any_other(box: package.Cleaner) -> None:
    body = CLEAN.split("\n\n")[1:]
    paragraphs = [f"{paragraph} {number}" for number, paragraph in zip(range(100_000), body * 20_000, strict=False)]
    cleaned = box.clean("\n\n".join(paragraphs))
    assert [p.text for p in cleaned.paragraphs] == paragraphs
    assert sum(p.kept for p in cleaned.paragraphs) > 0.99 * len(paragraphs)


def test_the_command_needs_no_model() -> None:
    done = copydesk("clean", "--text", str(SAMPLE), cwd=SAMPLE.parent)
    assert (done.returncode, done.stdout.strip()) == (0, CLEAN)


def test_reasons_sum_to_scores_and_a_diff_shows_both(box: package.Cleaner) -> None:
    done = copydesk("clean", "--explain", str(SAMPLE), cwd=SAMPLE.parent)
    assert done.returncode == 0, done.stderr
    for paragraph in json.loads(done.stdout)["paragraphs"]:
        why = paragraph["why"]
        assert why["start"] + sum(why["groups"].values()) == pytest.approx(why["score"], abs=1e-2)
        assert (why["score"] >= why["threshold"]) == (paragraph["label"] == "content")
    done = copydesk("clean", "--diff", str(SAMPLE), cwd=SAMPLE.parent)
    marks = [line[0] for line in done.stdout.splitlines() if line[:1] in "+-"]
    assert (marks.count("+"), marks.count("-")) == (6, 6)


def test_another_promise_cuts_more_or_less(box: package.Cleaner) -> None:
    def kept(promise: float) -> int:
        return sum(p.kept for p in box.at(promise).clean(ARTICLE).paragraphs)

    assert kept(1.0) == 12
    assert kept(0.9999) >= kept(0.995) >= kept(0.9) >= kept(0.5)
    assert kept(0.995) == 6


def test_it_is_small_whole_and_data_alone() -> None:
    manifest = read_manifest(BOX)  # its own digest is checked by this, the files' by loading
    assert sum(file.stat().st_size for file in BOX.iterdir()) <= 3_500_000
    assert {file.name for file in BOX.iterdir()} == {"manifest.json", "model.json", "arrays.npz", "README.md"}
    assert shipped("box/boilerplate") == BOX
    assert manifest["name"] == "boilerplate_web"


def test_the_cleaner_for_html_is_small_too() -> None:
    assert sum(file.stat().st_size for file in HTML_BOX.iterdir()) <= 1_500_000
    assert {file.name for file in HTML_BOX.iterdir()} == {file.name for file in BOX.iterdir()}
    assert read_manifest(HTML_BOX)["name"] == "boilerplate_html"
    body = (HTML_BOX / "README.md").read_text(encoding="utf-8")
    assert 'copydesk.load("boilerplate-html")' in body
    for source, licence in (("wcxb", "CC-BY-4.0"), ("fundus", "MIT"), ("daniel", "GPL-3")):
        assert any(source in line and licence in line for line in body.splitlines())


PAGE = (
    "<title>{0} | The Bay Post</title><body><nav class=menu><ul><li><a href=/>Home</a><li><a href=/news>News</a></ul>"
    "</nav>"
    "<main><article class=post><h1>{0}</h1><div class=entry-content>{1}</div></article>"
    "<aside class=related><h3>Related articles</h3><ul><li><a href=/a>Lifeboat crew honoured for winter rescue</a>"
    "<li><a href=/b>Budget: what it means for the islands</a></ul></aside>"
    "<section id=comments class=comments><h3>2 comments</h3><div class=comment><p>{2}</p></div></section></main>"
    "<footer class=site-footer><p>Copyright 2026 The Bay Post. All rights reserved.</p></footer>"
)


def test_the_cleaner_for_html_sees_markup_and_names_it() -> None:
    from copydesk.text.html import read_page

    title, *story = CLEAN.split("\n\n")
    comment = (
        "I have lived on the islands for forty years and I never saw a worse winter for the boats than this one was."
    )
    page = read_page(PAGE.format(title, "".join(f"<p>{each}</p>" for each in story), comment))
    cleaner = package.load("boilerplate-html")
    (cleaned,) = cleaner.clean_pages([page])
    assert cleaned.text == "\n\n".join([title, *story])
    table, _ = page_table([page])
    reasons = explain_paragraphs(cleaner.estimator, table, cleaned.paragraphs, "content")
    said = {each.paragraph.text: {ngram.term for ngram in each.ngrams if ngram.value < 0} for each in reasons}
    assert "<.comments>" in said[comment]


def test_its_card_names_sources_licences_and_scores() -> None:
    _, front, body = (BOX / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    facts = yaml.safe_load(front)
    assert facts["license"] == "mit"
    assert {each["type"] for each in facts["model-index"][0]["results"][0]["metrics"]} >= {"article_lost"}
    licences = {"wcxb": "CC-BY-4.0", "fundus": "MIT", "readability": "Apache-2.0", "daniel": "GPL-3"}
    for source, licence in licences.items():
        assert any(source in line and licence in line for line in body.splitlines())
    assert "| page, copydesk |" in body


def test_it_is_in_the_wheel(tmp_path: Path) -> None:
    pytest.importorskip("hatchling", reason="needs the extra dev")
    code = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        for file in [*BOX.iterdir(), *HTML_BOX.iterdir()]:
            assert packed.read(f"copydesk/box/{file.parent.name}/{file.name}") == file.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("box", "experiment", "path"),
    [(BOX, "boilerplate_web", "dataset.main.path"), (HTML_BOX, "boilerplate_html", "dataset.path")],
)
def test_it_is_trained_again_byte_for_byte(tmp_path: Path, box: Path, experiment: str, path: str) -> None:
    root = Path(__file__).parents[1]
    pages = root.parent / "shared" / "datasets" / "pages"
    if not pages.is_dir():
        pytest.skip(f"the pages are not at hand: {pages}")
    recorded = read_manifest(box)["versions"]
    if recorded != versions():
        pytest.skip("trained with other versions of the libraries, which may round differently")
    done = copydesk(
        "train", f"experiment={experiment}", "split=inner", f"{path}={pages}", cwd=tmp_path,
        OMP_NUM_THREADS="2", NUMBA_NUM_THREADS="2", timeout=3600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    model = tmp_path / "experiments" / "runs" / experiment / "latest" / "model"
    words = [sys.executable, str(root / "experiments" / "box.py"), str(model), "--into", str(tmp_path / "box")]
    subprocess.run(words, check=True, capture_output=True)
    assert {file.name: file.read_bytes() for file in (tmp_path / "box").iterdir()} == {
        file.name: file.read_bytes() for file in box.iterdir()
    }
