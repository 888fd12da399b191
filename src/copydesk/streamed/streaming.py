"""A streamed run up to the fitted model and its predictions; evaluation and reports are those of any run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from copydesk.classifiers.block_descent import BlockDescent
from copydesk.classifiers.dual import DualLinearClassifier
from copydesk.config.compose import flag, without_secrets
from copydesk.datasets.fetch import is_url
from copydesk.datasets.seen_rows import encode_seen
from copydesk.datasets.splits import Grouped, Official, Stratified
from copydesk.datasets.table_chunks import TableChunks
from copydesk.datasets.tables import Table
from copydesk.errors import ConfigError
from copydesk.features.tfidf import TfidfFeatures
from copydesk.runs import outputs
from copydesk.runs.diagnostics import Diagnostics
from copydesk.runs.fit import check_fit, predict_held_out
from copydesk.runs.trained import Trained
from copydesk.streamed.corpus import Corpus, scan
from copydesk.streamed.descent import descend
from copydesk.streamed.feature_blocks import (
    VOCABULARY,
    block_of_rows,
    count_features,
    held_out_rows,
    write_blocks,
    write_features,
)
from copydesk.streamed.parts_of_rows import DECISION, MOST_JUDGED, TRAIN, divide
from copydesk.streamed.stream_cache import open_cache

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from copydesk.compiled.arrays import Array
    from copydesk.estimator import TextClassifier
    from copydesk.runs.run import Run

MEMORY_SHARE = 8  # files larger than one in so many parts of the memory are streamed
_COMPRESSED = {".gz": 4, ".zst": 4, ".parquet": 3}  # how many times as large the rows are, about


def is_streamed(cfg: DictConfig, dataset: Any, split: Any, estimator: TextClassifier, local: bool) -> bool:
    """Decide by ``dataset.stream`` or the size of the files whether a run reads its data in chunks.

    Only where its engine is ``local``, this process.

    Raises
    ------
    ConfigError
        ``dataset.stream=true`` meets a choice that needs all rows at once.
    """
    if not isinstance(dataset, Table) or dataset.stream is False:
        return False
    reason = needs_all_rows(cfg, split, estimator, local)
    if dataset.stream:
        if reason is not None:
            raise ConfigError(f"dataset.stream=true: {reason}")
        return True
    return reason is None and exceeds_memory(dataset)


def needs_all_rows(cfg: DictConfig, split: Any, estimator: TextClassifier, local: bool) -> str | None:
    """Return which choice of a run needs all rows at once, and what would not; None if there is none."""
    if cfg.get("search"):
        return "a search needs all rows at once; search on a sample, and set search=null"
    if not local:
        return "the engine takes all rows at once; use engine=local"
    if not isinstance(split, Official | Stratified | Grouped):
        return f"split={type(split).__name__} needs all rows at once; use split=official, stratified or grouped"
    features, classifier = estimator.features, estimator.classifier
    if not isinstance(features, TfidfFeatures):
        return f"features={type(features).__name__} need all rows at once; use features=word, word_char or hashing"
    if any(each["concentration"] for each in features.family_options()):
        return "features weighed by concentration need all rows at once; use features=word, word_char or hashing"
    if not isinstance(classifier, DualLinearClassifier):
        return f"classifier={type(classifier).__name__} needs all rows at once; use classifier=linear_svm or logistic"
    if flag(cfg, "report.learning_curve"):
        return "report.learning_curve=true needs all rows at once; set it to false"
    return None


def exceeds_memory(table: Table) -> bool:
    """Return whether a table's files, uncompressed, take more than their share of this machine's memory."""
    if not table.path or any(map(is_url, [table.path] if isinstance(table.path, str) else table.path)):
        return False
    size = sum(file.stat().st_size * _COMPRESSED.get(file.suffix, 1) for file in all_files(table.files()))
    return size > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MEMORY_SHARE


def fit_streamed(
    run: Run, cfg: DictConfig, dataset: Table, split: Any, estimator: TextClassifier, lent: ExitStack
) -> Trained:
    """Read, audit, split and fit in chunks, and predict the test part; goes on where a killed run of the same ended.

    Parameters
    ----------
    lent : ExitStack
        Closed when the run's outputs are written; until then its cache is kept.
    """
    from sklearn.base import clone

    check_fit(dataset.task, estimator)
    if not dataset.stream:
        run.warn(
            f"the data's files take more than 1/{MEMORY_SHARE} of the memory: rows are read in chunks, and at most "
            f"{MOST_JUDGED:,} are judged; dataset.stream=false reads all of them at once"
        )
    chunks = TableChunks(dataset)
    cache = lent.enter_context(open_cache(run.folder.parent, settings_that_count(run, cfg), all_files(chunks.files)))
    needs_decision = bool(estimator.decision.needs_validation)
    with run.stage("read"):
        corpus = scan(chunks, cache)
    with run.stage("audit"):
        try:
            parts = divide(corpus, cache, split, int(cfg.seed), needs_decision)
        except ValueError as error:
            raise ConfigError(str(error)) from error
        part = parts.part
    run.info["dataset"] = {"name": "table", "fingerprint": corpus.fingerprint(), "streamed": True}
    outputs.show_audit(run, parts.facts, parts.warnings)
    with run.stage("features"):
        features = clone(estimator.features)
        if features.max_memory is None and any(each["n_features"] is None for each in features.family_options()):
            features.set_params(max_memory=VOCABULARY)
        features = count_features(chunks, corpus, part, features, cache)
        classes, class_of = classes_of(corpus, part)
        n_features = sum(family.n_terms for family in features.families_)
        block_of = block_of_rows(corpus, part, dataset.chunk_rows, int(cfg.seed))
        write_features(chunks, corpus, part, block_of, features, cache)
        blocks = write_blocks(corpus, block_of, class_of, cache)
    with run.stage("fit"):
        sizes = np.bincount(class_of[corpus.codes[part == TRAIN]], minlength=len(classes))
        descent = BlockDescent(clone(estimator.classifier), classes, sizes, n_features)
        run.info["fit"] = descend(descent, cache, blocks, int(cfg.seed))
        model: TextClassifier = clone(estimator)
        model.features_, model.classes_ = features, classes
        model.classifier_ = descent.finish(run.info["fit"]["passes"])
        del descent
    with run.stage("calibrate"):
        model = with_decision(model, held_out_rows(cache, corpus, "decision"))
    with run.stage("predict"):
        examples = chunks.examples(held_out_rows(cache, corpus, "test"), corpus.met)
        run.info["dataset"] |= examples.notes
        outputs.save_left_out(run, examples, corpus.met.n_bad, len(corpus))
        judged = predict_held_out(model, examples.frame, dataset.task, 0)
    with run.stage("report"):
        diagnostics = Diagnostics()
        diagnostics.add(model, examples.frame, judged, dataset.task)
    seen = encode_seen(corpus.prints[(part == TRAIN) | (part == DECISION)])
    return Trained(cfg, model, examples, seen, [judged], diagnostics, n_folds=1)


def settings_that_count(run: Run, cfg: DictConfig) -> dict[str, Any]:
    """Return all that a streamed fit depends on, besides the files."""
    settings = without_secrets(cfg)
    return {"versions": run.info["versions"]} | {
        key: settings[key] for key in ("dataset", "split", "features", "classifier", "decision", "seed")
    }


def all_files(files: Sequence[Path]) -> list[Path]:
    """Return files, in place of a folder those in it."""
    return [file for each in files for file in (sorted(each.rglob("*")) if each.is_dir() else [each])]


def classes_of(corpus: Corpus, part: Array) -> tuple[Array, Array]:
    """Return the labels of the training rows, and the class of each of the corpus's labels, -1 for the others."""
    present = np.bincount(corpus.codes[part == TRAIN], minlength=len(corpus.labels)) > 0
    class_of = np.where(present, np.cumsum(present) - 1, -1)
    return np.array(corpus.labels, dtype=object)[present], class_of


def with_decision(model: TextClassifier, rows: list[dict[str, Any]]) -> TextClassifier:
    """Fit a model's decision on rows that it was not trained on."""
    if not rows:
        return model.fit_decision(np.empty((0, len(model.classes_))), np.empty(0, dtype=object))
    labels = np.array([row["label"] for row in rows], dtype=object)
    groups = np.array([row.get("group") or row["document"] for row in rows], dtype=object)
    return model.fit_decision(model.scores([row["text"] for row in rows]), labels, groups=groups)
