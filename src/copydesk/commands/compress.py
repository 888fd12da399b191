"""``copydesk compress``: shrinks a saved model of topics or labels below a size and measures the loss."""

from __future__ import annotations

import argparse
import json
from copy import copy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.bundle import load_bundle, measure, read_manifest, save_bundle
from copydesk.bundle.bundle import FILE_LIST, MANIFEST
from copydesk.classifiers.compression import BITS, Smaller
from copydesk.config.units import parse_size, shown_size
from copydesk.datasets.seen_rows import SEEN_FILE, leaves_room
from copydesk.errors import ConfigError, DataError, ModelError, ResourceError, escaped
from copydesk.labels.indicator import is_indicator, sets_of
from copydesk.models.loading import find_model
from copydesk.streams.conflicts import check_output
from copydesk.tasks import TOPIC_TASK, Task, find_task

if TYPE_CHECKING:
    from copydesk.estimator import TextClassifier

CLOSE = 0.97  # of the allowed size
SIZE_ATTEMPTS = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``copydesk compress``."""
    parser.add_argument("model", metavar="MODEL", help="a model's or run's folder, or an experiment's name")
    parser.add_argument("--to", required=True, metavar="SIZE", help="largest size of the folder, such as 500kB or 2MB")
    parser.add_argument("--output", "-o", metavar="OUT", help="folder to write; by default MODEL-SIZE")
    parser.add_argument("--bits", type=int, choices=BITS, default=8, help="of a weight (default 8)")
    parser.add_argument("--force", action="store_true", help="replace an existing folder")


def run(args: argparse.Namespace) -> int:
    """Write the smaller model and print what it lost; return the exit code.

    Raises
    ------
    ConfigError
        The size is not valid, not below that of the model, or not reachable.
    ModelError
        The model is damaged, or its classifier can't be made smaller.
    ResourceError
        The folder already exists, or can't be written.
    """
    model, to = find_model(args.model), parse_size(args.to, "--to")
    own = str(read_manifest(model)["task"])
    estimator, manifest = load_bundle(model, task=own if find_task(own).several else TOPIC_TASK.name)
    size = sum(path.stat().st_size for path in model.iterdir())
    if size <= to:
        raise ConfigError(f"--to={args.to}: {model} has {shown_size(size)}, which is no more; nothing to do")
    target = Path(args.output) if args.output else model.with_name(f"{model.name}-{args.to.replace(' ', '')}")
    check_output("--output", target, [model], aside=("",))
    if target.exists() and not args.force:
        raise ResourceError(f"{escaped(target)}: already exists; give --force to replace it, or another folder by -o")
    if target.exists() and not (target / MANIFEST).is_file():
        raise ConfigError(f"--output {escaped(target)}: is no saved model, which is all that --force replaces here")
    try:
        smaller = Smaller(estimator.features_, estimator.classifier_, args.bits)
    except TypeError as error:
        raise ModelError(f"{model}: can't be made smaller: {error}") from None
    card = model / "README.md"
    text = card.read_bytes() if card.is_file() else b""
    kept = {key: manifest[key] for key in manifest if key not in ("format", "format_version", "files", "sha256")}
    extras: dict[str, str | bytes] = {"README.md": text} if text else {}
    seen = model / SEEN_FILE
    if seen.is_file() and leaves_room(seen.stat().st_size, to):
        extras[SEEN_FILE] = seen.read_bytes()
    fixed = len(json.dumps(kept, indent=2).encode()) + sum(map(len, extras.values())) + FILE_LIST
    found = largest_within(estimator, smaller, to - fixed)
    if found is None:
        least = fixed + measure(shrunk(estimator, smaller, 2), compressed=True)
        raise ConfigError(f"--to={args.to}: {model} can't have less than {shown_size(least)}")
    lost = loss(estimator, found, model.parent / "predictions.parquet", find_task(own))
    facts = {"from_bytes": size, "terms": n_terms(found), "bits": args.bits, **(lost or {})}
    save_bundle(target, found, {**kept, "compressed": facts}, extras, compressed=True)
    written = sum(path.stat().st_size for path in target.iterdir())
    print(f"{model}: {shown_size(size)}, {n_terms(estimator):,} terms")
    print(f"{target}: {shown_size(written)}, {n_terms(found):,} terms, weights of {args.bits} bits")
    print("\n".join(loss_lines(lost, find_task(own))))
    return 0


def n_terms(estimator: Any) -> int:
    """Return the number of terms, or of columns where they are hashed."""
    return sum(family.n_terms for family in estimator.features_.families_)


def shrunk(estimator: TextClassifier, smaller: Smaller, n: int) -> TextClassifier:
    """Return the model of ``n`` terms, or of ``n`` columns where it is hashed."""
    changed = copy(estimator)
    for name in [name for name in vars(changed) if name.startswith("_")]:
        delattr(changed, name)  # caches of the original
    changed.features_, changed.classifier_ = (smaller.with_columns if smaller.hashed else smaller.with_terms)(n)
    return changed


def largest_within(estimator: TextClassifier, smaller: Smaller, room: int) -> TextClassifier | None:
    """Return the largest model of at most ``room`` bytes; None if there is none."""
    if smaller.hashed:
        n = max(family.n_terms for family in smaller.families)
        while n >= 2:
            found = shrunk(estimator, smaller, n)
            if measure(found, compressed=True) <= room:
                return found
            n //= 2
        return None
    best, low, high, n = None, 0, smaller.terms, smaller.terms
    for _ in range(SIZE_ATTEMPTS):
        found = shrunk(estimator, smaller, n)
        size = measure(found, compressed=True)
        if size <= room:
            best, low = found, n
            if n == smaller.terms or size >= CLOSE * room:
                break
        else:
            high = n
        # size is almost proportional to the number of terms; stay between the known bounds
        n = min(max(int(n * room / size * (1 + CLOSE) / 2), low + 1), high - 1)
        if not low < n < high or room <= 0:
            break
    return best


def loss(
    estimator: TextClassifier, found: TextClassifier, stored: Path, task: Task = TOPIC_TASK
) -> dict[str, Any] | None:
    """Compare both models on the run's evaluation set; None if there is none.

    Returns
    -------
    dict
        ``texts``; ``seen_in_training`` (whether the saved model was fitted on them, as after cross-validation);
        ``changed`` (texts whose label differs); ``right_before``, ``right_after``, ``lost`` and ``gained``. Of several
        labels all must be the same.
    """
    if not stored.is_file():
        return None
    predictions = task.load("predictions").load(stored).judged()
    texts, y = predictions.rows["text"].tolist(), predictions.rows["label"].to_numpy(object)
    if not texts:
        raise DataError(f"{stored}: no text to judge by")
    before, after = answers(estimator, texts), answers(found, texts)
    right, still = before == y, after == y
    return {
        "texts": len(texts),
        "seen_in_training": predictions.rows["fold"].nunique() > 1,
        "changed": int(np.count_nonzero(before != after)),
        "right_before": int(right.sum()),
        "right_after": int(still.sum()),
        "lost": int((right & ~still).sum()),
        "gained": int((~right & still).sum()),
    }


def answers(estimator: TextClassifier, texts: list[str]) -> Any:
    """Return the label of each text, or the tuple of its labels, as an array of shape (n_texts,)."""
    predicted = estimator.predict(texts)
    if not is_indicator(predicted):
        return predicted
    found = np.empty(len(texts), dtype=object)
    found[:] = sets_of(predicted, estimator.classes_)
    return found


def loss_lines(lost: dict[str, Any] | None, task: Task = TOPIC_TASK) -> list[str]:
    """Return the loss as lines of text."""
    if lost is None:
        return ["loss: not measured; there is no predictions.parquet of a run beside the model"]
    n = lost["texts"]
    changed, right = (
        ("other labels than before", "exactly the labels")
        if task.several
        else ("another label than before", "accuracy")
    )
    seen = (
        "that both have seen in training, which flatters them" if lost["seen_in_training"] else "not seen in training"
    )
    return [
        f"on the {n:,} texts of the run's evaluation set, {seen} (the first 2,000 characters of each):",
        f"  {changed:<25}  {lost['changed']:,} ({lost['changed'] / n:.2%})",
        f"  {right:<25}  {lost['right_before'] / n:.2%} before, {lost['right_after'] / n:.2%} now "
        f"({lost['lost']:,} lost, {lost['gained']:,} gained)",
    ]
