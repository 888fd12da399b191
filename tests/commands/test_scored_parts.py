"""``copydesk evaluate --on dask``: the same numbers as on one machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from copydesk.bundle import save_bundle
from copydesk.cli import main, parse_words
from copydesk.commands import scored_parts
from copydesk.errors import ConfigError
from copydesk.evaluation.predictions import Predictions
from copydesk.shards.ledger import Ledger
from helpers import little_desk, little_topics
from helpers.judged import frame_of
from helpers.little_topics import LABELS, TEXTS


def write_rows(path: Path) -> str:
    rows = [
        {"text": f"{text} {n}", "label": label} for n in range(20) for text, label in zip(TEXTS, LABELS, strict=True)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def evaluate_on(client: Any, *words: str) -> int:
    run, args = parse_words("evaluate", [*words, "--on", "dask"])
    args.client = client
    return int(run(args))


def cleaner(folder: Path) -> tuple[str, str]:
    """Save a cleaner, and paragraphs as ``copydesk clean`` writes them; return both paths."""
    save_bundle(
        folder / "m", little_desk.desk().estimator, {"task": "boilerplate", "classes": ["boilerplate", "content"]}
    )
    pages: dict[str, list[dict[str, Any]]] = {}
    for row in little_desk.frame(12, seed=1).to_dict("records"):
        pages.setdefault(row["document"], []).append({"text": row["text"], "label": row["label"]})
    rows = [{"id": name, "site": f"site {n % 3}", "paragraphs": found} for n, (name, found) in enumerate(pages.items())]
    (folder / "new.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(folder / "m"), str(folder / "new.jsonl")


@pytest.mark.parametrize("task", ["topic", "boilerplate"])
def test_a_cluster_finds_the_same_scores_and_metrics(
    task: str, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scored_parts, "PART_CHARACTERS", 1000)
    model, data = (
        cleaner(tmp_path)
        if task == "boilerplate"
        else (little_topics.save(tmp_path / "m"), write_rows(tmp_path / "new.jsonl"))
    )
    words = [data, "--model", model, "-o"]
    assert main(["evaluate", *words, f"{tmp_path}/here"]) == 0
    assert evaluate_on(client, *words, f"{tmp_path}/there") == 0
    found = [tmp_path / place / task / "latest" for place in ("here", "there")]
    assert (found[0] / "metrics.json").read_bytes() == (found[1] / "metrics.json").read_bytes()
    here, there = (Predictions.load(folder / "predictions.parquet") for folder in found)
    assert np.array_equal(here.scores, there.scores)  # type: ignore[arg-type]
    assert not (tmp_path / "there" / task / ".scores").exists()


def test_an_interrupted_evaluation_goes_on_with_the_same_rows_only(
    client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(scored_parts, "PART_CHARACTERS", 1000)
    model, data = little_topics.save(tmp_path / "m"), write_rows(tmp_path / "new.jsonl")
    words = [data, "--model", model, "-o", f"{tmp_path}/out"]
    with monkeypatch.context() as patched:
        patched.setattr(np, "concatenate", stop)
        with pytest.raises(InterruptedError):
            evaluate_on(client, *words)
    scores = tmp_path / "out/topic/.scores"
    done = Ledger(scores).done()
    assert len(done) > 3
    first, kept = sorted(done)[0], (scores / sorted(done)[1]).stat().st_ino
    (scores / "_copydesk/done" / f"{first}.json").unlink()
    with monkeypatch.context() as patched:
        patched.setattr(np, "concatenate", stop)
        with pytest.raises(InterruptedError):
            evaluate_on(client, *words, "--resume")
    assert (scores / sorted(done)[1]).stat().st_ino == kept  # not made again
    assert Ledger(scores).done() == done
    (tmp_path / "new.jsonl").write_text('{"text": "sea", "label": "boats"}\n{"text": "oven", "label": "bread"}\n')
    run, args = parse_words("evaluate", [*words, "--on", "dask", "--resume"])
    args.client = client
    with pytest.raises(ConfigError, match=r"was begun with data .*, or start over without --resume"):
        run(args)
    assert main(["evaluate", *words, "--resume"]) == 2
    assert "add --on dask" in capsys.readouterr().err


def stop(*_: Any, **__: Any) -> None:
    raise InterruptedError


def test_the_pages_of_a_site_stay_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scored_parts, "PART_CHARACTERS", 10)
    rows = [{"text": "12345", "label": "content", "document": f"d{n}", "group": f"site {n % 3}"} for n in range(12)]
    cut = scored_parts.cut_rows(frame_of(rows), grouped=True)
    assert sorted(np.concatenate(cut)) == list(range(12))
    assert all(len({n % 3 for n in part}) * 4 == len(part) for part in cut)
    assert len(cut) > 1
