"""Install a trained boilerplate model as the bundled one; ``make box`` trains it and runs this script.

    python experiments/box.py RUN/model [--into FOLDER]

The same run gives the same bytes: dates, machine and paths are left out.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml

from copydesk.bundle import load_bundle, read_manifest, save_bundle

HERE = Path(__file__).parent
BOX = HERE.parent / "src" / "copydesk" / "box" / "boilerplate"
LARGEST = 3_500_000  # bytes
# Manifest keys that are written anew with the bundle.
LEFT_OUT = ("files", "sha256")
USE = 'copydesk.load("path/of/this/folder")'


def card(text: str) -> str:
    """Return a run's model card with the bundled model's additions: licence, sources, scores on unseen sites."""
    _, front, body = text.split("---\n", 2)
    facts: dict[str, Any] = yaml.safe_load(front)
    facts |= {"license": "mit", "tags": [*facts["tags"], "boilerplate removal", "news"]}
    more = (HERE / "box.md").read_text(encoding="utf-8").replace("UNSEEN\n", unseen())
    body = body.replace(USE, 'copydesk.load("boilerplate")').replace("## Limits", f"{more.strip()}\n\n## Limits")
    return f"---\n{yaml.safe_dump(facts, sort_keys=False, allow_unicode=True)}---\n{body}"


def unseen() -> str:
    """Return the benchmark's rows on a source that was held out of training."""
    lines = (HERE / "benchmarks" / "boilerplate.md").read_text(encoding="utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("## fundus as unseen"))
    head = next(at for at in range(start, len(lines)) if lines[at].startswith("| view"))
    rows = [line for line in lines[head + 2 :] if line.startswith(("| page, copydesk |", "| extract, copydesk |"))]
    return "\n".join([lines[head], lines[head + 1], *rows]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder of the trained model")
    parser.add_argument("--into", type=Path, default=BOX)
    options = parser.parse_args()
    estimator, manifest = load_bundle(options.model, task="boilerplate")
    kept = {key: value for key, value in manifest.items() if key not in LEFT_OUT}
    text = (options.model / "README.md").read_text(encoding="utf-8")
    save_bundle(options.into, estimator, kept, {"README.md": card(text)}, compressed=True)
    size = sum(file.stat().st_size for file in options.into.iterdir())
    if size > LARGEST:
        raise SystemExit(f"{options.into}: {size:,} bytes, more than {LARGEST:,}; use fewer features or trees")
    print(f"{options.into}: {size:,} bytes, digest {read_manifest(options.into)['sha256']}")


if __name__ == "__main__":
    main()
