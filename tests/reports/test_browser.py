"""``report.html`` in a real browser: it opens without a word on the console, sorts, filters, and stays closed."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copydesk.reports.html_report import write_html
from helpers.judged import HOSTILE, pages, report, topics
from helpers.judged_labels import labels_at_random
from helpers.label_reports import label_report

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")
playwright = pytest.importorskip("playwright.sync_api")

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 120_000  # milliseconds; a busy machine is no failure
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine (apt-get install chromium)")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=PATIENCE)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    hostile = topics(60, text=HOSTILE)
    hostile.rows["title"] = HOSTILE
    hostile.rows["label"] = hostile.rows["label"].replace({"class 00": f"evil {HOSTILE}"})
    reports = {
        "topics": report(topics(1_000, classes=52)),
        "pages": report(pages(), "boilerplate"),
        "labels": label_report(labels_at_random(300, 1_000, noise=1.5, group=[f"site {at % 3}" for at in range(300)])),
        "hostile": report(hostile, run={"experiment": HOSTILE}, config=HOSTILE),
    }
    for name, given in reports.items():
        write_html(given, folder / f"{name}.html")
    return {name: folder / f"{name}.html" for name in reports}


def opened(browser: Any, file: Path, size: str = "desktop", **more: Any) -> tuple[Any, list[str]]:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, **more)
    page.set_default_timeout(PATIENCE)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "request", lambda request: said.append(request.url) if not request.url.startswith(("file:", "data:")) else 0
    )
    page.goto(file.as_uri())
    return page, said


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_opens_quietly_and_fits_the_width(browser: Any, files: dict[str, Path], size: str, scheme: str) -> None:
    for name, file in files.items():
        page, said = opened(browser, file, size, color_scheme=scheme)
        assert said == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0], name
        assert page.locator("h1").is_visible()
        page.close()


def test_a_table_is_sorted_by_mouse_and_keyboard(browser: Any, files: dict[str, Path]) -> None:
    page, said = opened(browser, files["topics"])
    table = page.locator("#classes + * table, #classes ~ div table").first
    head = table.locator("th", has_text="F1")

    def values() -> list[float]:
        return [
            float(v) for v in table.locator("tbody tr td:nth-child(2)").evaluate_all("all => all.map(e => e.dataset.v)")
        ]

    head.get_by_role("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert values() == sorted(values(), reverse=True)
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert values() == sorted(values())
    assert said == []
    page.close()


def test_mistakes_are_filtered_by_class_and_sorted(browser: Any, files: dict[str, Path]) -> None:
    page, said = opened(browser, files["topics"])
    tools = page.locator("#mistake-tools")
    listed = page.locator("[data-list=mistake-tools] > details")
    before = listed.count()
    tools.locator("select[data-key=true]").select_option("class 07")
    shown = [row for row in listed.all() if row.is_visible()]
    assert 0 < len(shown) < before
    assert {row.get_attribute("data-true") for row in shown} == {"class 07"}
    assert tools.locator("output").inner_text() == f"{len(shown)} of {before} shown"
    tools.locator("select[data-key=true]").select_option(index=0)
    tools.locator("input").fill("no text says this")
    assert not any(row.is_visible() for row in listed.all())
    tools.locator("input").fill("")
    tools.locator("select[data-sort]").select_option("true")
    labels = listed.evaluate_all("all => all.map(each => each.dataset.true)")
    assert labels == sorted(labels)
    assert said == []
    page.close()


def test_labels_are_searched_and_their_mistakes_filtered(browser: Any, files: dict[str, Path]) -> None:
    page, said = opened(browser, files["labels"])
    rows = page.locator("tbody[data-list=label-tools] tr")
    assert rows.count() == 1_000
    assert not rows.first.is_visible()
    page.locator("summary", has_text="all 1,000 labels").click()
    page.locator("#label-tools input").fill("l017")
    assert [row.locator("th").inner_text() for row in rows.all() if row.is_visible()] == ["l017"]
    assert page.locator("#label-tools output").inner_text() == "1 of 1000 shown"
    listed = page.locator("[data-list=mistake-tools] > details")
    before = listed.count()
    wanted = page.locator("#mistake-tools select[data-key=missed] option").nth(1).get_attribute("value")
    page.locator("#mistake-tools select[data-key=missed]").select_option(wanted)
    shown = [row for row in listed.all() if row.is_visible()]
    assert 0 < len(shown) < before
    assert all(wanted in row.get_attribute("data-missed").split("\n") for row in shown)
    table = list(csv.reader(saved(page, "Scores by label").splitlines()))
    assert table[0] == ["label", "F1", "precision", "recall", "support", "given", "threshold", "average precision",
                        "calibration error"]  # fmt: skip
    assert len(table) == 1 + 1_000
    assert said == []
    page.close()


def test_pages_with_lost_article_are_found(browser: Any, files: dict[str, Path]) -> None:
    page, said = opened(browser, files["pages"], "phone")
    page.locator("#page-tools select[data-key=lost]").select_option("yes")
    shown = [row for row in page.locator("[data-list=page-tools] > details").all() if row.is_visible()]
    assert len(shown) == 1
    assert shown[0].locator(".lost").count() == 1
    assert said == []
    page.close()


SCROLLS_WITHOUT_A_CUE = """() => [...document.querySelectorAll('body *')].filter(each => {
    const style = getComputedStyle(each);
    if (each.closest('svg') || style.display === 'inline' || each.scrollWidth <= each.clientWidth + 1) return false;
    if (!['auto', 'scroll'].includes(style.overflowX)) return style.overflowX === 'visible' && !each.closest('.wide')
        && each.getBoundingClientRect().left + each.scrollWidth > innerWidth && !each.matches('.contents *, .skip');
    return !style.backgroundImage.includes('gradient');
}).map(each => each.outerHTML.slice(0, 80))"""


def test_on_a_phone_nothing_is_wider_than_the_page_without_a_cue(browser: Any, files: dict[str, Path]) -> None:
    for name, file in files.items():
        page, said = opened(browser, file, "phone")
        assert page.evaluate(SCROLLS_WITHOUT_A_CUE) == [], name
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        for region in page.locator(".wide:has(thead)").all():
            wide = region.evaluate("each => each.scrollWidth > each.clientWidth")
            under = region.locator("xpath=following-sibling::p[1]").text_content()
            assert ("scroll sideways" in str(under)) == wide, name
        assert said == []
        page.close()


def test_on_a_phone_the_f1_of_a_class_is_seen_without_scrolling(browser: Any, files: dict[str, Path]) -> None:
    page, _ = opened(browser, files["topics"], "phone")
    head = page.get_by_role("region", name="Scores by class").locator("th", has_text="F1").bounding_box()
    assert head is not None
    assert head["x"] + head["width"] <= SIZES["phone"][0]
    page.close()


@pytest.mark.parametrize("size", SIZES)
def test_the_contents_stay_in_sight(browser: Any, files: dict[str, Path], size: str) -> None:
    page, _ = opened(browser, files["topics"], size)
    page.evaluate("document.documentElement.style.scrollBehavior = 'auto'; scrollTo(0, document.body.scrollHeight / 2)")
    box = page.locator("nav.contents").bounding_box()
    assert box is not None
    assert box["y"] == pytest.approx(0, abs=1)
    page.locator("nav.contents a", has_text="Mistakes").click()
    heading = page.locator("#mistakes").bounding_box()
    assert heading is not None
    assert box["height"] <= heading["y"] + 20 < SIZES[size][1]
    page.close()


def test_a_cell_of_the_confusion_matrix_leads_to_its_mistakes(browser: Any, files: dict[str, Path]) -> None:
    page, said = opened(browser, files["topics"])
    listed = page.locator("[data-list=mistake-tools] > details")
    links = page.locator(".confusion a")
    assert links.count() > 20
    for link in (links.nth(3), links.nth(7)):
        true, predicted = (link.get_attribute(f"data-{key}") for key in ("true", "said"))
        link.focus()
        page.keyboard.press("Enter")
        shown = [row for row in listed.all() if row.is_visible()]
        assert shown
        assert {(row.get_attribute("data-true"), row.get_attribute("data-said")) for row in shown} == {
            (true, predicted)
        }
        assert page.url.endswith("#mistakes")
    page.locator("#mistake-tools").get_by_role("button", name="show all").click()
    assert all(row.is_visible() for row in listed.all())
    assert said == []
    page.close()


def saved(page: Any, table: str) -> str:
    """Return the CSV file that the button under a table saves."""
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Download as CSV: {table}", exact=True).click()
    return str(Path(download.value.path()).read_bytes().decode("utf-8-sig"))


def test_tables_are_saved_as_csv_with_their_full_values(browser: Any, files: dict[str, Path]) -> None:
    page, said = opened(browser, files["topics"])
    rows = list(csv.reader(saved(page, "Scores by class").splitlines()))
    assert rows[0] == ["class", "F1", "precision", "recall", "support", "predicted", "average precision"]
    assert len(rows) == 1 + 52
    per_class = report(topics(1_000, classes=52)).metrics["per_class"]
    for row, known in zip(rows[1:], per_class, strict=True):
        assert row[0] == known["label"]
        assert float(row[1]) == pytest.approx(known["f1"]["value"])
        assert int(row[4]) == known["support"]
    assert said == []
    page.close()


def test_a_label_is_no_formula_in_a_spreadsheet(browser: Any, tmp_path: Path) -> None:
    given = topics(60)
    for column in ("label", "predicted"):
        given.rows[column] = given.rows[column].replace({"class 00": '=HYPERLINK("x","y")'})
    given.classes[0] = '=HYPERLINK("x","y")'
    write_html(report(given), tmp_path / "report.html")
    page, _ = opened(browser, tmp_path / "report.html")
    assert list(csv.reader(saved(page, "Scores by class").splitlines()))[1][0] == '\'=HYPERLINK("x","y")'
    page.close()


def test_without_scripts_all_is_there_but_the_tools(browser: Any, files: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(files["topics"].as_uri())
    assert not page.locator("#mistake-tools").is_visible()
    assert page.locator("button.csv").count() == 0
    assert page.locator("[data-list=mistake-tools] > details").first.is_visible()
    page.locator(".confusion a").first.click()
    assert page.url.endswith("#mistakes")
    context.close()


def test_hostile_texts_stay_texts(browser: Any, files: dict[str, Path]) -> None:
    page, said = opened(browser, files["hostile"])
    assert page.title() != "broken"
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
    assert page.locator("h1").inner_text().startswith("</div></details><script>")
    evil = page.locator("#mistake-tools select[data-key=true] option", has_text="evil").first.get_attribute("value")
    page.locator("#mistake-tools select[data-key=true]").select_option(evil)
    assert any(row.is_visible() for row in page.locator("[data-list=mistake-tools] > details").all())
    assert said == []
    page.close()


def test_in_print_everything_is_open(browser: Any, files: dict[str, Path]) -> None:
    page, _ = opened(browser, files["topics"])
    assert page.locator("details:not([open])").count() > 0
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0
    assert len(page.pdf()) > 10_000
    page.close()


def test_every_control_has_a_name_and_every_picture_a_text(browser: Any, files: dict[str, Path]) -> None:
    for file in files.values():
        page, _ = opened(browser, file)
        bare = page.evaluate(
            """() => [...document.querySelectorAll('select, input, [role=img], [role=region], table button')].filter(
                each => !(each.getAttribute('aria-label') || each.textContent.trim() || each.labels?.length))
                .map(each => each.outerHTML.slice(0, 80))"""
        )
        assert bare == []
        page.close()
