"""Small table for tests of streamed runs, sorted by label as real files often are, with copies and unusable rows."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

WORDS = {
    "boats": "sea sail harbour wave ferry anchor tide",
    "bread": "oven flour crust dough yeast rye bake",
    "chess": "pawn queen rook check mate king board",
}
ROWS = 120  # of each label
EXACT, NEAR, CLASHING = 6, 5, 4  # copies


def rows() -> list[dict[str, Any]]:
    """Return the rows; every fourth is of the test part."""
    draw = random.Random(0)
    found: list[dict[str, Any]] = []
    for label, words in WORDS.items():
        for n in range(ROWS):
            own = [*draw.choices(words.split(), k=5), draw.choice(" ".join(WORDS.values()).split())]
            text = " ".join([*own, *(f"w{draw.randrange(400)}" for _ in range(14))])
            row = {"id": f"{label}-{n}", "text": text, "label": label, "site": f"site{n % 12}"}
            found.append({**row, "part": "train" if n % 4 else "test"})
    tests = [row for row in found if row["part"] == "test"]
    train = [row for row in found if row["part"] == "train"]
    for number, row in enumerate(train[:EXACT]):
        found.append({**row, "id": f"exact-{number}", "text": row["text"].replace(" ", "  ")})
    for number, row in enumerate(tests[:NEAR]):
        long = " ".join(f"long{number}x{k}" for k in range(200))
        found.append({**row, "id": f"long-{number}", "text": long})
        found.append({**row, "id": f"near-{number}", "text": f"{long} more", "part": "train"})
    for number, row in enumerate(train[EXACT : EXACT + CLASHING]):
        found.append({**row, "id": f"clash-{number}", "label": "boats" if row["label"] != "boats" else "chess"})
    return found


def write(folder: Path) -> Path:
    """Write the table into two files; return the pattern that names them."""
    table, half = rows(), len(rows()) // 2
    lines = [json.dumps(row) for row in table]
    (folder / "a.jsonl").write_text("\n".join([*lines[:half], '{"text": "no label"}']) + "\n", encoding="utf-8")
    (folder / "b.jsonl").write_text("\n".join(lines[half:]) + "\n", encoding="utf-8")
    return folder / "*.jsonl"


def words_for(table: Path, runs: Path, *more: str) -> list[str]:
    """Return the command that trains on the table in chunks."""
    return [
        "train", "experiment=topics", "features=word", "split=official", f"dataset.path={table}", "dataset.id=id",
        "dataset.split=part", "dataset.group=site", "dataset.stream=true", "dataset.chunk_rows=60", f"runs={runs}",
        "name=little", *more,
    ]  # fmt: skip
