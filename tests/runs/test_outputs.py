"""What a run says at its end."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from copydesk.reports import html_report as html
from copydesk.runs import outputs


@pytest.mark.parametrize(("missing", "name"), [(None, "report.html"), ("jinja2", "report.md")])
def test_without_the_libraries_for_pages_a_line_says_how_to_get_them(
    missing: str | None, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(html, "missing_library", lambda: missing)
    run = SimpleNamespace(folder=Path("runs", "news", "1"), info={"seconds": {"total": 1.0}})
    outputs.print_report(run)  # type: ignore[arg-type]
    said = capsys.readouterr().out
    assert f"report  {Path('runs', 'news', '1', name)}" in said
    assert ("install copydesk[report] (jinja2 is not there)" in said) is (missing is not None)
