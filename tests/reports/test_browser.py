"""``report.html`` in a real browser: it opens without a word on the console, sorts, filters, and stays closed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copydesk.reports.html_report import write_html
from helpers.judged import HOSTILE, pages, report, topics

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


def test_pages_with_lost_article_are_found(browser: Any, files: dict[str, Path]) -> None:
    page, said = opened(browser, files["pages"], "phone")
    page.locator("#page-tools select[data-key=lost]").select_option("yes")
    shown = [row for row in page.locator("[data-list=page-tools] > details").all() if row.is_visible()]
    assert len(shown) == 1
    assert shown[0].locator(".lost").count() == 1
    assert said == []
    page.close()


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
