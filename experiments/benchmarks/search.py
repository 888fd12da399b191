"""Searches of 1, 5 and 20 minutes, beside fastText's autotune with the same budget.

    python experiments/benchmarks/search.py FOLDER [--parts search compress] [--minutes 1 5 20] [--data bbc r52]

FOLDER holds ``newsgroups.jsonl.gz`` and ``reuters_r52.jsonl.gz``; BBC comes with the extra ``demo`` and gets one random
test part of a fifth. Both see the training part alone: the search cross-validates on it, autotune has a random fifth of
it to validate on, and is then fitted on all of it with what it found. What was measured is kept in the cache, so that
rows can be made one by one; the tables in ``search.md`` beside this script are written from it. ``compress`` brings the
default's models below some sizes, as ``copydesk compress`` does. Cores: those that this process may run on.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir
from recording import machine
from topic_peers.contestants import mixed, normalised
from topic_peers.record import PACKAGES

from copydesk.bundle import measure as model_bytes
from copydesk.classifiers.compression import Smaller
from copydesk.commands.compress import largest_within, n_terms
from copydesk.config.units import shown_size
from copydesk.datasets.audit import audit, drop_straddlers
from copydesk.datasets.bbc import BBC
from copydesk.datasets.splits import Official, Stratified
from copydesk.datasets.tables import Table
from copydesk.evaluation.intervals import wilson_interval
from copydesk.resources import shipped
from copydesk.runs.fit import build_estimator, fit
from copydesk.tasks import TOPIC_TASK
from copydesk.train import train

TABLE = Path(__file__).with_suffix(".md")
SETS = {"bbc": "BBC", "newsgroups": "20 Newsgroups", "r52": "R52"}
FILES = {"newsgroups": "newsgroups.jsonl.gz", "r52": "reuters_r52.jsonl.gz"}
MINUTES = (1, 5, 20)
SIZES = (2_000_000, 500_000, 100_000)  # bytes, of arrays and options
Found = dict[str, Any]


def parts(name: str, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return training and test part, copies dropped as a run drops them."""
    if name == "bbc":
        frame = audit(BBC().load().frame).frame
        ((rest, held_out),) = Stratified(0.2).folds(frame, 0)
    else:
        table = Table(str(folder / FILES[name]), split="split")
        frame = audit(table.load().frame, official=True).frame
        ((rest, held_out),) = Official().folds(frame)
    return frame.iloc[drop_straddlers(frame, rest, held_out)[0]], frame.iloc[held_out]


def ours(rows: Path, minutes: int | None, seed: int) -> Found:
    """Run copydesk on a table of both parts, without a search or with one of some minutes."""
    search = [] if minutes is None else ["search=auto", f"search.duration={minutes}m"]
    with tempfile.TemporaryDirectory() as runs:
        with initialize_config_dir(str(shipped("conf")), version_base="1.3"):
            table = ["dataset=table", f"dataset.path={rows}", "dataset.split=split", "split=official"]
            cfg = compose("train", [*table, f"seed={seed}", f"runs={runs}", *search])
        start = time.perf_counter()
        train(cfg)
        seconds = time.perf_counter() - start
        run = (Path(runs) / "custom" / "latest").resolve()
        metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
        record = json.loads((run / "run.json").read_text(encoding="utf-8"))
        model = sum(file.stat().st_size for file in (run / "model").iterdir())
    score = metrics["scores"]["accuracy"]
    return {
        "accuracy": score["value"], "low": score["low"], "high": score["high"], "n": metrics["n"], "seconds": seconds,
        "bytes": model, **({"search": record["search"]} if minutes else {}),
    }  # fmt: skip


def fasttext(seen: pd.DataFrame, held_out: pd.DataFrame, minutes: int | None, seed: int) -> Found:
    """Fit fastText with its defaults, or with its autotune for some minutes."""
    import fasttext as library

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        options: dict[str, Any] = {}
        start = time.perf_counter()
        if minutes is not None:
            ((rest, fifth),) = Stratified(0.2).folds(seen.reset_index(drop=True), seed)
            try:
                tuned = library.train_supervised(
                    written(seen.iloc[rest], folder / "rest.txt"),
                    autotuneValidationFile=written(seen.iloc[fifth], folder / "fifth.txt"),
                    autotuneDuration=60 * minutes, thread=len(os.sched_getaffinity(0)), verbose=0,
                )  # fmt: skip
            except (RuntimeError, ValueError) as error:  # its last fit came to no number, or nothing was fitted yet
                return {"error": str(error), "n": len(held_out)}
            args = tuned.f.getArgs()
            names = ("lr", "dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "bucket", "minn", "maxn")
            options = {name: getattr(args, name) for name in names} | {"loss": args.loss.name}
        model, failed = fitted(library, seen, folder / "all.txt", options)
        seconds = time.perf_counter() - start
        if model is None:
            return {"error": "no number in eight orders of the texts", "n": len(held_out)}
        said = model.predict([normalised(text) for text in held_out["text"]])[0]
        model.save_model(str(folder / "model.bin"))
        size = (folder / "model.bin").stat().st_size
    true = [f"__label__{label.replace(' ', '_')}" for label in held_out["label"]]
    hits = int(np.sum([labels[0] == label for labels, label in zip(said, true, strict=True)]))
    low, high = wilson_interval(hits, len(true))
    return {
        "accuracy": hits / len(true), "low": low, "high": high, "n": len(true), "seconds": seconds, "bytes": size,
        "options": options, "failed": failed,
    }  # fmt: skip


def written(frame: pd.DataFrame, path: Path, seed: int = 0) -> str:
    """Write texts as fastText reads them, in an order drawn at random."""
    texts, labels = frame["text"].tolist(), [label.replace(" ", "_") for label in frame["label"]]
    path.write_text("".join(f"__label__{label} {normalised(text)}\n" for text, label in mixed(texts, labels, seed)))
    return str(path)


def fitted(library: Any, seen: pd.DataFrame, path: Path, options: Found) -> tuple[Any, int]:
    """Fit fastText; return it and how many orders of the texts it failed on.

    It ends in "Encountered NaN" with some orders of texts and not with others, whatever the learning rate.
    """
    for failed in range(8):
        try:
            file = written(seen, path, seed=failed)
            return library.train_supervised(file, verbose=0, thread=len(os.sched_getaffinity(0)), **options), failed
        except RuntimeError as error:
            if "NaN" not in str(error):
                raise
    return None, 8


def measure(name: str, folder: Path, cache: Path, minutes: list[int], sides: list[str]) -> None:
    """Measure rows that are not in the cache."""
    seen, held_out = parts(name, folder)
    both = pd.concat([seen.assign(split="train"), held_out.assign(split="test")])
    with tempfile.TemporaryDirectory() as made:
        rows = Path(made) / "rows.jsonl"
        both[["text", "label", "split"]].to_json(rows, orient="records", lines=True, force_ascii=False)
        for who, work in (
            ("copydesk", lambda m: ours(rows, m, 0)),
            ("fastText", lambda m: fasttext(seen, held_out, m, 0)),
        ):
            for each in (None, *minutes) if who in sides else ():
                file = cache / f"{name}-{who}-{each or 0}.json"
                if not file.exists():
                    load = os.getloadavg()[0]
                    found = {
                        **work(each), "load": load, "cores": len(os.sched_getaffinity(0)), "machine": machine(PACKAGES),
                        "day": str(date.today()),
                    }  # fmt: skip
                    file.write_text(json.dumps(found, indent=1), encoding="utf-8")


def compress(name: str, folder: Path, cache: Path) -> None:
    """Compress the default model below each size, and evaluate it on the test part."""
    file = cache / f"{name}-compress.json"
    if file.exists():
        return
    seen, held_out = parts(name, folder)
    with initialize_config_dir(str(shipped("conf")), version_base="1.3"):
        model = fit(build_estimator(compose("train")), seen, TOPIC_TASK)
    texts, y = held_out["text"].tolist(), held_out["label"].to_numpy(object)
    before = model.predict(texts)
    rows = [{"bytes": model_bytes(model), "terms": n_terms(model), "hits": int((before == y).sum()), "changed": 0}]
    for size in SIZES:
        smaller = largest_within(model, Smaller(model.features_, model.classifier_), size)
        after = smaller.predict(texts)
        rows.append(
            {"bytes": size, "terms": n_terms(smaller), "hits": int((after == y).sum()),
             "changed": int((after != before).sum())}
        )  # fmt: skip
    file.write_text(json.dumps({"rows": rows, "n": len(y)}, indent=1), encoding="utf-8")


def compressed(cache: Path) -> list[str]:
    """Return the table of sizes."""
    told = ["| data | model | terms | accuracy | another label than before |", "|---|---|---|---|---|"]
    for name, title in SETS.items():
        file = cache / f"{name}-compress.json"
        found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"rows": [], "n": 1}
        for row in found["rows"]:
            low, high = (100 * each for each in wilson_interval(row["hits"], found["n"]))
            told.append(
                f"| {title} | {shown_size(row['bytes'])} | {row['terms']:,} | {100 * row['hits'] / found['n']:.1f} "
                f"({low:.1f}–{high:.1f}) | {100 * row['changed'] / found['n']:.1f} % |"
            )
    return told


def cell(found: Found | None) -> str:
    """Return an accuracy with its interval."""
    if found is None or "error" in found:
        return "not run" if found is None else f"none: {found['error']}"
    return f"{100 * found['accuracy']:.1f} ({100 * found['low']:.1f}–{100 * found['high']:.1f})"


def read(cache: Path, name: str, who: str, minutes: int | None) -> Found | None:
    """Return a row from the cache."""
    file = cache / f"{name}-{who}-{minutes or 0}.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def lines(cache: Path) -> list[str]:
    """Return the tables."""
    told = ["| data | test texts | who | default | " + " | ".join(f"{m} min" for m in MINUTES) + " |"]
    told.append("|---|---|---|---|" + "---|" * len(MINUTES))
    for name, title in SETS.items():
        for who in ("copydesk", "fastText"):
            found = [read(cache, name, who, each) for each in (None, *MINUTES)]
            n = next((each["n"] for each in found if each and "n" in each), 0)
            if n:
                told.append(f"| {title} | {n:,} | {who} | " + " | ".join(map(cell, found)) + " |")
    told += [
        "",
        "| data | minutes | trials (pruned) | cross-validated | model, MB | found |",
        "|---|---|---|---|---|---|",
    ]
    for name, title in SETS.items():
        for each in MINUTES:
            found = read(cache, name, "copydesk", each)
            if found:
                search = found["search"]
                trials, what = (
                    search["trials"],
                    "; ".join(f"{k}={v}" for k, v in search["found"].items()).replace("|", "\\|"),
                )
                value = f"{100 * search['value_of_the_first_trial']:.1f} → {100 * search['value']:.1f}"
                told.append(
                    f"| {title} | {each} | {trials['all']} ({trials['pruned']}) | {value} | {found['bytes'] / 1e6:.1f} "
                    f"| `{what}` |"
                )
    told += ["", "| data | minutes | fastText found | model, MB |", "|---|---|---|---|"]
    for name, title in SETS.items():
        for each in MINUTES:
            found = read(cache, name, "fastText", each)
            if found and "error" not in found:
                what = ", ".join(
                    f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in found["options"].items()
                )
                what += f"; no number in {found['failed']} orders of the texts" if found["failed"] else ""
                told.append(f"| {title} | {each} | {what} | {found['bytes'] / 1e6:.1f} |")
    return told


HEAD = """\
# Search

`search.py`: from the default config to what `search=auto` finds in some minutes, beside fastText's autotune with the
same minutes. Accuracy on the test part in percent, with its 95 % interval (copydesk: bootstrap; fastText: Wilson). Both
have the same cores ({cores}), and the time is that of tuning: the fit that follows comes on top, as does reading.
"""


SMALLER = """

## Smaller models

The default's model brought below a size (of arrays and options; manifest and card come on top) by `copydesk compress`'s
means: terms that say most, weights of 8 bits, deflated. Accuracy on the same test parts; intervals are Wilson's.

"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", nargs="*", default=["search", "compress"], choices=["search", "compress"])
    parser.add_argument("--minutes", type=int, nargs="*", default=list(MINUTES), choices=MINUTES)
    parser.add_argument("--data", nargs="*", default=list(SETS), choices=SETS)
    parser.add_argument("--who", nargs="*", default=["copydesk", "fastText"], choices=["copydesk", "fastText"])
    parser.add_argument("--cache", type=Path, default=Path("data/cache/search"))
    args = parser.parse_args()
    args.cache.mkdir(parents=True, exist_ok=True)
    for name in args.data:
        if "search" in args.parts:
            measure(name, args.folder, args.cache, args.minutes, args.who)
        if "compress" in args.parts:
            compress(name, args.folder, args.cache)
    if not any(args.cache.glob("*-copydesk-0.json")):
        return
    rows = [each for name in SETS for who in ("copydesk", "fastText") if (each := read(args.cache, name, who, None))]
    remarks = TABLE.read_text(encoding="utf-8").partition("\n---\n")[2] if TABLE.exists() else ""
    text = (
        f"{HEAD.format(cores=rows[0]['cores'])}\n{rows[0]['machine']}.\n\n"
        + "\n".join(lines(args.cache))
        + SMALLER
        + "\n".join(compressed(args.cache))
        + "\n"
    )
    TABLE.write_text(text + (f"\n---\n{remarks}" if remarks else ""), encoding="utf-8")


if __name__ == "__main__":
    main()
