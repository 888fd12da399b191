"""A part is named only when whole, made once, and never mixed with those of another run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from copydesk.errors import ConfigError
from copydesk.formats.sources import LEDGER_FOLDER, find_sources
from copydesk.shards.ledger import MOST_ATTEMPTS, Ledger
from copydesk.shards.plan import Shard, plan_shards

COUNTS = {"read": 1, "written": 1, "rejected": 0}


@pytest.fixture
def shards(tmp_path: Path) -> list[Shard]:
    for name in "abc":
        (tmp_path / f"{name}.jsonl").write_text('{"text": "x"}\n', encoding="utf-8")
    return plan_shards(find_sources([str(tmp_path / "*.jsonl")]), tmp_path / "out")


def begun(folder: Path, shards: Sequence[Shard], resume: bool = False, force: bool = False, keep: float = 1) -> Ledger:
    ledger = Ledger(folder)
    with ledger.held():
        ledger.begin(shards, {"keep": keep}, resume, force)
    return ledger


def make(ledger: Ledger, shard: Shard, text: str = "made\n") -> None:
    attempt = ledger.begin_attempt(shard)
    assert attempt is not None
    (attempt / shard.name).write_text(text, encoding="utf-8")
    ledger.commit(shard, attempt, COUNTS)


def test_entries_hold_counts_and_digest_and_the_manifest_all_of_them(tmp_path: Path, shards: list[Shard]) -> None:
    ledger = begun(tmp_path / "out", shards)
    make(ledger, shards[1])
    manifest = ledger.write_manifest(shards, {"c.jsonl": "why"})
    assert manifest == json.loads(ledger.manifest_path.read_text(encoding="utf-8"))
    assert (manifest["complete"], manifest["read"], manifest["put_aside"]) == (False, 1, {"c.jsonl": "why"})
    (part,) = manifest["parts"]
    assert (part["name"], part["bytes"]) == ("b.jsonl", 5)
    assert part["sha256"] == hashlib.sha256(b"made\n").hexdigest()
    make(ledger, shards[0])
    make(ledger, shards[2])
    assert ledger.write_manifest(shards, {})["complete"] is True
    assert not list(ledger.attempts.iterdir())


def test_an_attempt_that_did_not_end_leaves_nothing_behind_its_name(tmp_path: Path, shards: list[Shard]) -> None:
    ledger = begun(tmp_path / "out", shards)
    attempt = ledger.begin_attempt(shards[0])
    assert attempt is not None
    (attempt / "a.jsonl").write_text("ha", encoding="utf-8")
    assert not (tmp_path / "out" / "a.jsonl").exists()
    ledger = begun(tmp_path / "out", shards, resume=True)
    assert ledger.done() == {}
    assert not list(ledger.attempts.iterdir())


def test_a_shard_is_put_aside_after_three_attempts(tmp_path: Path, shards: list[Shard]) -> None:
    ledger = begun(tmp_path / "out", shards)
    found = [ledger.begin_attempt(shards[0]) for _ in range(MOST_ATTEMPTS + 1)]
    assert None not in found[:-1]
    assert found[-1] is None
    assert ledger.begin_attempt(shards[1]) is not None


def test_a_second_driver_is_refused(tmp_path: Path, shards: list[Shard]) -> None:
    with Ledger(tmp_path / "out").held(), pytest.raises(ConfigError, match="another run is writing to it"):
        begun(tmp_path / "out", shards)


def test_an_earlier_run_is_continued_or_replaced_only_when_asked(tmp_path: Path, shards: list[Shard]) -> None:
    make(begun(tmp_path / "out", shards), shards[0])
    with pytest.raises(ConfigError, match="holds an earlier run; --resume continues it, --force starts over"):
        begun(tmp_path / "out", shards)
    assert list(begun(tmp_path / "out", shards, resume=True).done()) == ["a.jsonl"]
    assert begun(tmp_path / "out", shards[1:], force=True).done() == {}
    assert not (tmp_path / "out" / "a.jsonl").exists()  # of the earlier run, and of no shard of this one


def test_other_settings_or_inputs_can_not_continue_a_run(tmp_path: Path, shards: list[Shard]) -> None:
    begun(tmp_path / "out", shards)
    with pytest.raises(ConfigError, match=r"was begun with keep 1, not 0\.5"):
        begun(tmp_path / "out", shards, resume=True, keep=0.5)
    with pytest.raises(ConfigError, match=r"c\.jsonl: the input of this part is gone since the run began"):
        begun(tmp_path / "out", shards[:2], resume=True)
    (tmp_path / "b.jsonl").write_text('{"text": "another"}\n', encoding="utf-8")
    changed = plan_shards(find_sources([str(tmp_path / "*.jsonl")]), tmp_path / "out")
    with pytest.raises(ConfigError, match=r"b\.jsonl: the input of this part has changed since the run began"):
        begun(tmp_path / "out", changed, resume=True)


def test_a_file_of_nobody_s_run_is_not_replaced(tmp_path: Path, shards: list[Shard]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.jsonl").write_text("mine", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"b\.jsonl: already exists; --force replaces it"):
        begun(tmp_path / "out", shards)
    begun(tmp_path / "out", shards, force=True)
    assert (tmp_path / "out" / "b.jsonl").read_text(encoding="utf-8") == "mine"  # until its part is whole


@pytest.mark.parametrize("text", ["", "[]", '{"version": 99, "shards": []}', "[" * 100_000])
def test_a_damaged_plan_is_reported(tmp_path: Path, shards: list[Shard], text: str) -> None:
    begun(tmp_path / "out", shards)
    (tmp_path / "out" / LEDGER_FOLDER / "plan.json").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="not a plan that this copydesk can continue"):
        begun(tmp_path / "out", shards, resume=True)
