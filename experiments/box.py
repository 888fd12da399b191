"""Install a trained boilerplate model as a bundled one; ``make box`` trains both and runs this script.

    python experiments/box.py RUN/model [--into FOLDER]

The same run gives the same bytes: dates, machine and paths are left out.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from copydesk.bundle import load_bundle, read_manifest, save_bundle

HERE = Path(__file__).parent


class Bundle(NamedTuple):
    """A bundled model: its name, its most bytes, and whence its card has scores on unseen sites: table and rows."""

    name: str
    largest: int
    table: str
    rows: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where it is installed."""
        return HERE.parent / "src" / "copydesk" / "box" / self.name


# By the name of the experiment that trains it.
BUNDLES = {
    "boilerplate_web": Bundle(
        "boilerplate", 3_500_000, "boilerplate.md", ("| page, copydesk |", "| extract, copydesk |")
    ),
    "boilerplate_html": Bundle("boilerplate-html", 1_500_000, "extraction.md", ("| copydesk", "| trafilatura |")),
}
# Manifest keys that are written anew with the bundle.
LEFT_OUT = ("files", "sha256")
USE = 'copydesk.load("path/of/this/folder")'


def card(text: str, bundle: Bundle) -> str:
    """Return a run's model card with the bundled model's additions: licence, sources, scores on unseen sites."""
    _, front, body = text.split("---\n", 2)
    facts: dict[str, Any] = yaml.safe_load(front)
    facts |= {"license": "mit", "tags": [*facts["tags"], "boilerplate removal", "news"]}
    additions = HERE / ("box.md" if bundle.name == "boilerplate" else "box_html.md")
    more = additions.read_text(encoding="utf-8").replace("UNSEEN\n", unseen(bundle))
    body = body.replace(USE, f'copydesk.load("{bundle.name}")').replace("## Limits", f"{more.strip()}\n\n## Limits")
    return f"---\n{yaml.safe_dump(facts, sort_keys=False, allow_unicode=True)}---\n{body}"


def unseen(bundle: Bundle) -> str:
    """Return the benchmark's rows on a source that was held out of training."""
    lines = (HERE / "benchmarks" / bundle.table).read_text(encoding="utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("## fundus as unseen"))
    head = next(at for at in range(start, len(lines)) if lines[at].startswith("|"))
    end = next((at for at in range(head, len(lines)) if not lines[at].startswith("|")), len(lines))
    rows = [line for line in lines[head + 2 : end] if line.startswith(bundle.rows)]
    return "\n".join([lines[head], lines[head + 1], *rows]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="folder of the trained model")
    parser.add_argument("--into", type=Path, help="folder to install into (default: the package's)")
    options = parser.parse_args()
    estimator, manifest = load_bundle(options.model, task="boilerplate")
    bundle = BUNDLES[manifest["name"]]
    into = options.into or bundle.folder
    kept = {key: value for key, value in manifest.items() if key not in LEFT_OUT}
    text = (options.model / "README.md").read_text(encoding="utf-8")
    save_bundle(into, estimator, kept, {"README.md": card(text, bundle)}, compressed=True)
    size = sum(file.stat().st_size for file in into.iterdir())
    if size > bundle.largest:
        raise SystemExit(f"{into}: {size:,} bytes, more than {bundle.largest:,}; use fewer features or trees")
    print(f"{into}: {size:,} bytes, digest {read_manifest(into)['sha256']}")


if __name__ == "__main__":
    main()
