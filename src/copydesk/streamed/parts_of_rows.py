"""Which rows of a corpus are left out, trained on, held out for the decision, and judged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.datasets.audit import shorten
from copydesk.datasets.splits import Grouped, Official, check_grouped, check_official
from copydesk.datasets.tables import SPLITS
from copydesk.errors import DataError
from copydesk.streamed.corpus import NO_GROUP, Corpus
from copydesk.streamed.near_copies import near_copies
from copydesk.streamed.stream_cache import StreamCache

LEFT_OUT, TRAIN, DECISION, TEST = 0, 1, 2, 3
MOST_JUDGED = 20_000  # rows of the test part: an accuracy of 90 % is then known to 0.4 points
MOST_DECIDING = 10_000  # rows that the decision is fitted on
_DECIDING_SHARE = 0.1

_ODD = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class RowParts:
    """Parts of the rows, and the facts and warnings of their audit.

    Attributes
    ----------
    part : ndarray of uint8, shape (n_rows,)
        ``LEFT_OUT``, ``TRAIN``, ``DECISION`` or ``TEST``.
    facts : dict
        As of ``datasets.audit.Audit``.
    warnings : list of str
    """

    part: Array
    facts: dict[str, Any]
    warnings: list[str]


def divide(corpus: Corpus, cache: StreamCache, split: Any, seed: int, with_decision: bool) -> RowParts:
    """Divide the rows: copies left out, a test part by the split, and rows for the decision where it needs some.

    Parameters
    ----------
    corpus : Corpus
    cache : StreamCache
    split : Official, Stratified or Grouped
        With the latter two the order of rows within a label, or of groups, is that of a hash.
    seed : int
    with_decision : bool

    Raises
    ------
    ValueError
        The split does not fit the data.
    DataError
        The training part has one label only.
    """
    official = isinstance(split, Official)
    tested = corpus.splits == SPLITS.index("test")
    _, first, which = np.unique(corpus.prints, return_index=True, return_inverse=True)
    copy = first[which] != np.arange(len(corpus))
    contradicting = copy & (corpus.codes != corpus.codes[first[which]])
    dropped = copy & ~tested if official else copy
    clusters = near_copies(cache, corpus.starts, ~dropped)
    part = np.where(dropped, LEFT_OUT, TRAIN).astype(np.uint8)
    part[~dropped & tested_rows(corpus, ~dropped, tested, split, seed)] = TEST
    if official:
        part[(part == TRAIN) & (corpus.splits != SPLITS.index("train"))] = LEFT_OUT
    leaks = (part == TRAIN) & np.isin(clusters, clusters[part == TEST])
    part[leaks] = LEFT_OUT
    if official:
        check_official(int((part == TRAIN).sum()), int((part == TEST).sum()))
    rest = part == TRAIN
    if with_decision:
        part[draw_rows(corpus, rest, _DECIDING_SHARE, MOST_DECIDING, seed + 1, isinstance(split, Grouped))] = DECISION
    _check_teaches(corpus, part)
    n_judged = int((part == TEST).sum())
    warnings = _warnings(corpus, part, official)
    if official and n_judged > MOST_JUDGED:
        part[(part == TEST) & ~draw_rows(corpus, part == TEST, 1.0, MOST_JUDGED, seed, False)] = LEFT_OUT
        warnings.append(f"of {n_judged:,} test rows {int((part == TEST).sum()):,} are judged, drawn at random")
    elif not official and split.test_size * (~dropped).sum() > MOST_JUDGED:
        warnings.append(
            f"split.test_size={split.test_size} of the rows are {split.test_size * (~dropped).sum():,.0f}; at most "
            f"{MOST_JUDGED:,} are judged, drawn at random, and the others are trained on"
        )
    facts = {
        "rows": int((~dropped).sum()),
        "documents": int((~dropped).sum()),
        "labels": len(corpus.labels),
        "groups": len(np.unique(corpus.groups[corpus.groups != NO_GROUP])),
        "empty_texts_dropped": 0,
        "exact_duplicates": int(copy.sum()),
        "exact_duplicates_dropped": int(dropped.sum()),
        "exact_duplicates_with_another_label": int(contradicting.sum()),
        "near_duplicates": int((clusters[~dropped] != np.flatnonzero(~dropped)).sum()),
        "straddling_documents_dropped_from_train": int(leaks.sum()),
        "rows_by_label": _counts(corpus, ~dropped),
        "rows_trained_on": int((part == TRAIN).sum()),
        "rows_for_the_decision": int((part == DECISION).sum()),
    }
    return RowParts(part, facts, warnings)


def tested_rows(corpus: Corpus, usable: Array, tested: Array, split: Any, seed: int) -> Array:
    """Return the rows of the test part, bool (n_rows,)."""
    if isinstance(split, Official):
        return tested
    grouped = isinstance(split, Grouped)
    if grouped:
        check_grouped(bool((corpus.groups != NO_GROUP).any()))
    return draw_rows(corpus, usable, split.test_size, MOST_JUDGED, seed, grouped)


def draw_rows(corpus: Corpus, usable: Array, share: float, most: int, seed: int, grouped: bool) -> Array:
    """Draw a share of the usable rows, at most ``most``: the same share of each label, or of whole groups.

    Returns
    -------
    bool ndarray of shape (n_rows,)
    """
    rows = np.flatnonzero(usable)
    share = min(share, most / max(len(rows), 1))
    unit = corpus.prints[rows]
    if grouped:
        unit = np.where(corpus.groups[rows] == NO_GROUP, unit, corpus.groups[rows])
    chance = scrambled(unit, seed)
    chosen = np.zeros(len(corpus), dtype=bool)
    if grouped:
        order = np.argsort(chance, kind="stable")
        n_units = np.cumsum(np.concatenate([[0], chance[order][1:] != chance[order][:-1]]))
        ends = np.flatnonzero(np.diff(np.append(n_units, n_units[-1:] + 1))) + 1  # rows up to the end of each group
        if len(ends) > 1:
            chosen[rows[order[: ends[:-1][np.argmin(np.abs(ends[:-1] - share * len(rows)))]]]] = True
        return chosen
    codes = corpus.codes[rows]
    order = np.lexsort((chance, codes))
    sizes = np.bincount(codes, minlength=len(corpus.labels))
    place = np.arange(len(rows)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    chosen[rows[order[place < np.repeat(np.floor(sizes * share + 1e-9), sizes)]]] = True
    return chosen


def scrambled(values: Array, seed: int) -> Array:
    """Return a hash of numbers and a seed, by which they are put into a random order; uint64."""
    mixed = (values ^ np.uint64((seed * 2 + 1) % (1 << 63))) * _ODD
    mixed = (mixed ^ (mixed >> np.uint64(29))) * _ODD
    found: Array = mixed ^ (mixed >> np.uint64(32))
    return found


def _check_teaches(corpus: Corpus, part: Array) -> None:
    found = np.unique(corpus.codes[part == TRAIN])
    if len(found) < 2:
        named = f"one label only, {corpus.labels[int(found[0])]!r}" if len(found) else "no row with a label"
        raise DataError(f"the training part of the split has {named}; give more")
    if not (part == TEST).any():
        raise DataError("the test part of the split has no row; give more rows, or raise split.test_size")


def _counts(corpus: Corpus, chosen: Array) -> dict[str, int]:
    sizes = np.bincount(corpus.codes[chosen], minlength=len(corpus.labels))
    return dict(zip(corpus.labels, sizes.tolist(), strict=True))


def _warnings(corpus: Corpus, part: Array, official: bool) -> list[str]:
    test, train = (_counts(corpus, part == which) for which in (TEST, TRAIN))
    found = []
    for labels, said in (
        ([label for label in test if test[label] and not train[label]], "in the test part only, and can't be learnt"),
        ([label for label in train if train[label] and not test[label]], "in the training part only, and not judged"),
    ):
        if labels:
            found.append(f"labels {said}: {shorten(labels)}")
    return found
