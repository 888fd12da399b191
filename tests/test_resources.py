"""A file that is replaced is the old one or the whole new one, and nothing is left beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.resources import replacement


def test_a_file_is_replaced_through_its_link(tmp_path: Path) -> None:
    target, link = tmp_path / "page.html", tmp_path / "link.html"
    target.write_text("old")
    link.symlink_to(target)
    with replacement(link) as aside:
        aside.write_text("new")
        assert target.read_text() == "old"
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert set(tmp_path.iterdir()) == {link, target}


def test_a_failure_leaves_the_old_file_alone(tmp_path: Path) -> None:
    target = tmp_path / "page.html"
    target.write_text("old")

    def fail() -> None:
        with replacement(target) as aside:
            aside.write_text("half of the n")
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
