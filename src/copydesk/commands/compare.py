"""``copydesk compare``: compares runs judged on the same rows with the first of them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.commands.terminal import clipped, text_table
from copydesk.errors import ConfigError, DataError, ResourceError, escaped
from copydesk.runs.finished import Finished, differing_keys, find_run
from copydesk.streams.conflicts import check_output
from copydesk.tasks import find_task

if TYPE_CHECKING:
    from copydesk.evaluation.comparison import Comparison
    from copydesk.evaluation.predictions import Predictions

FLIPS_SHOWN = CLASSES_SHOWN = 12  # on the terminal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``copydesk compare``."""
    parser.add_argument("runs", nargs="+", metavar="RUN", help="two or more: folders of runs, or experiments' names")
    parser.add_argument("--html", metavar="FILE", help="also write the comparison as an HTML page")
    parser.add_argument("--force", action="store_true", help="replace an existing page")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Compare the runs; return the exit code.

    Raises
    ------
    ConfigError
        Fewer than two different runs, or the libraries for ``--html`` are missing.
    DataError
        A run can't be read, or they were not judged on the same rows.
    ResourceError
        The page can't be written.
    """
    from copydesk.evaluation.comparison import difference_of_data

    found = [find_run(name) for name in args.runs]
    check_runs(args, found)
    judged = [each.predictions() for each in found]
    task = found[0].metrics["task"]
    for name, each, predictions in zip(args.runs[1:], found[1:], judged[1:], strict=True):
        reason = difference_of_data(judged[0], predictions) if each.metrics["task"] == task else "the tasks differ"
        if reason:
            raise DataError(f"{args.runs[0]} and {name} were judged on different data: {reason}")
    compare = find_task(task).load("comparison")
    compared = [compare(judged[0], predictions, find_task(task)) for predictions in judged[1:]]
    if args.html:
        from copydesk.reports.comparison_page import Side, write_comparison

        sides = [
            Side(letter_of(at), label(each), " ".join(each.overrides), each.metrics) for at, each in enumerate(found)
        ]
        different = differing_keys([each.config for each in found])
        try:
            write_comparison(Path(args.html), sides, judged, compared, different)
        except OSError as error:
            raise ResourceError(f"--html {escaped(args.html)}: can't be written: {error.strerror}") from None
    if args.json:
        print(json.dumps(comparison_json(found, judged, compared), indent=2, ensure_ascii=False))
    else:
        print(comparison_text(found, judged, compared), end="")
        if args.html:
            print(f"\npage: {args.html}")
    return 0


def check_runs(args: argparse.Namespace, found: list[Finished]) -> None:
    """Check the runs and the output before comparing.

    Raises
    ------
    ConfigError
    """
    if len({each.folder.resolve() for each in found}) < max(2, len(found)):
        raise ConfigError("compare: needs two or more different runs; copydesk runs lists them")
    if not args.html:
        return
    from copydesk.reports.html_report import missing_library

    missing = missing_library()
    if missing:
        raise ConfigError(f"--html {args.html}: needs {missing}; pip install 'copydesk[report]'")
    page = Path(args.html)
    check_output("--html", page, [file for each in found for file in each.folder.rglob("*")], aside=("",))
    if page.is_dir() or not page.absolute().parent.is_dir():
        raise ConfigError(f"--html {args.html}: is a folder, or its parent folder does not exist")
    if page.exists() and not args.force:
        raise ConfigError(f"--html {args.html}: already exists; --force replaces it")


def label(run: Finished) -> str:
    """Return the name of a run: experiment and folder."""
    return f"{run.experiment}/{run.folder.name}"


def letter_of(at: int) -> str:
    """Return the name of a run in the comparison: A, B ..., after Z its number."""
    return chr(ord("A") + at) if at < 26 else str(at)


def comparison_json(found: list[Finished], judged: list[Predictions], compared: list[Comparison]) -> dict[str, Any]:
    """Return the comparison as JSON."""
    return {
        "runs": [{"run": str(each.folder), "overrides": each.overrides, "scores": each.metrics["scores"]}
                 for each in found],
        "config_differences": differing_keys([each.config for each in found]),
        "rows": int(judged[0].rows["judged"].sum()),
        "beside_the_first": [
            {
                "run": str(run.folder),
                "differences": each.differences,
                "mended": each.mended,
                "broken": each.broken,
                "mcnemar_p": each.p_value,
                "per_class": each.per_class,
                "flipped": flipped_rows(judged[0], predictions, each),
            }
            for run, predictions, each in zip(found[1:], judged[1:], compared, strict=True)
        ],
    }  # fmt: skip


def flipped_rows(first: Predictions, later: Predictions, compared: Comparison) -> list[dict[str, Any]]:
    """Return the rows on which two runs differ, most confident first."""
    from copydesk.evaluation.comparison import in_same_order

    before, after = in_same_order(first, later)
    rows = before.rows.iloc[compared.flipped]
    now = after.rows["predicted"].iloc[compared.flipped]
    columns = ("document", "position", "label", "predicted", "text", "title")
    return [
        {"document": document, "position": int(position), "label": true, "before": old, "after": new,
         "text": title or text}
        for (document, position, true, old, text, title), new in zip(
            rows[list(columns)].itertuples(index=False), now, strict=True
        )
    ]  # fmt: skip


def comparison_text(found: list[Finished], judged: list[Predictions], compared: list[Comparison]) -> str:
    """Return the comparison as text."""
    from copydesk.reports.report import SCORES, shown, shown_difference, shown_scores

    letters = [letter_of(at) for at in range(len(found))]
    unit = find_task(found[0].metrics["task"]).unit
    lines = [f"{len(found)} runs, judged on the same {int(judged[0].rows['judged'].sum()):,} {unit}", ""]
    names = shown_scores(found[0].metrics)
    lines += [
        f"{letter}  {label(each)}  {clipped(' '.join(each.overrides), 90)}"
        for letter, each in zip(letters, found, strict=True)
    ]
    lines += config_lines(letters, found)
    for letter, run, predictions, each in zip(letters[1:], found[1:], judged[1:], compared, strict=True):
        rows = [
            [SCORES[name].title,
             *(shown(name, r.metrics["scores"].get(name, {}).get("value")) for r in (found[0], run)),
             shown_difference(name, each.differences.get(name))]
            for name in names
        ]  # fmt: skip
        lines += [
            "",
            text_table(["score", "A", letter, f"{letter} minus A (95 %, paired bootstrap)"], rows, (1, 2)),
            "",
        ]
        lines.append(
            f"right only in {letter}: {each.mended:,}; right only in A: {each.broken:,}; McNemar's exact test: "
            f"p = {each.p_value:.3g}"
        )
        lines += [*class_lines(letter, each), *flip_lines(letter, flipped_rows(judged[0], predictions, each))]
    return "\n".join(lines) + "\n"


def config_lines(letters: list[str], found: list[Finished]) -> list[str]:
    """Return lines on the config keys whose values differ."""
    different = differing_keys([each.config for each in found])
    if not different:
        return []
    rows = [[clipped(key, 40), *(clipped(value, 30) for value in values)] for key, values in different.items()]
    return ["", text_table(["config", *letters], rows)]


def class_lines(letter: str, compared: Comparison) -> list[str]:
    """Return lines on the classes whose F1 changed most."""
    from copydesk.reports.report import shown, shown_difference

    changed = [row for row in compared.per_class if row["difference"]["value"]]
    changed.sort(key=lambda row: -abs(row["difference"]["value"]))
    if not changed:
        return ["", "F1 by class: no change"]
    rows = [
        [clipped(row["label"], 40), f"{row['support']:,}", shown("f1", row["before"]), shown("f1", row["after"]),
         shown_difference("f1", row["difference"])]
        for row in changed[:CLASSES_SHOWN]
    ]  # fmt: skip
    more = [f"and {len(changed) - CLASSES_SHOWN:,} classes more"] if len(changed) > CLASSES_SHOWN else []
    return ["", text_table(["F1 by class", "support", "A", letter, "change"], rows, (1, 2, 3)), *more]


def flip_lines(letter: str, rows: list[dict[str, Any]]) -> list[str]:
    """Return lines on the rows that flipped, most confident first."""
    from copydesk.reports.report import shown_label

    if not rows:
        return ["", "no row got another label"]
    labels = ("label", "before", "after")
    table = [
        [clipped(row["document"], 30), *(clipped(shown_label(row[key]) or "–", 24) for key in labels),
         clipped(row["text"], 60)]
        for row in rows[:FLIPS_SHOWN]
    ]  # fmt: skip
    more = [f"and {len(rows) - FLIPS_SHOWN:,} more; --json lists all"] if len(rows) > FLIPS_SHOWN else []
    return ["", text_table(["flipped", "true label", "A", letter, "text"], table), *more]
