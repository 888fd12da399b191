"""Train and test parts: whole documents, whole groups, the label's shares kept, the same for the same seed."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from copydesk.datasets.label_audit import has_label_sets
from copydesk.labels.indicator import indicator_of
from copydesk.labels.stratification import stratify

if TYPE_CHECKING:
    import pandas as pd

Indices: TypeAlias = NDArray[np.int64]
Fold: TypeAlias = tuple[Indices, Indices]

# How many random cuts `Grouped` compares to keep the labels' shares alike in both parts.
RANDOM_CUTS = 64


class Official:
    """The train and test parts that the dataset was published with."""

    def folds(self, frame: pd.DataFrame, seed: int = 0) -> Iterator[Fold]:
        """Yield one fold: row positions of train and of test (int64, ascending).

        Raises
        ------
        ValueError
            The dataset has no train or no test rows.
        """
        split = frame["split"].to_numpy()
        train, test = np.flatnonzero(split == "train"), np.flatnonzero(split == "test")
        check_official(len(train), len(test))
        yield train, test


class Stratified:
    """One random test part in which every label keeps its share.

    Documents stay whole. Where documents hold several labels (paragraphs), they are drawn so that the
    labels' shares come out alike.

    Parameters
    ----------
    test_size : float, default=0.2
        Share of the rows to test on.
    """

    def __init__(self, test_size: float = 0.2) -> None:
        self.test_size = _share(test_size)

    def folds(self, frame: pd.DataFrame, seed: int = 0) -> Iterator[Fold]:
        """Yield one fold: row positions of train and of test (int64, ascending).

        Raises
        ------
        ValueError
            There are fewer than two documents.
        """
        units = _documents(frame)
        if has_label_sets(frame):
            test = _draw_sets(frame, units, self.test_size, seed, "documents")
        elif units.max(initial=-1) + 1 == len(frame):
            test = _draw_rows(_codes(frame["label"]), self.test_size, np.random.default_rng(seed))
        else:
            test = _draw_units(units, _codes(frame["label"]), self.test_size, seed, "documents")
        yield _parts(test)


class Grouped:
    """One random test part made of whole groups: no site or source is in both parts.

    A row whose group is not known is a group of its document alone.

    Parameters
    ----------
    test_size : float, default=0.2
        Share of the rows to test on; met as nearly as whole groups allow.
    """

    def __init__(self, test_size: float = 0.2) -> None:
        self.test_size = _share(test_size)

    def folds(self, frame: pd.DataFrame, seed: int = 0) -> Iterator[Fold]:
        """Yield one fold: row positions of train and of test (int64, ascending).

        Raises
        ------
        ValueError
            The dataset knows no groups, or only one.
        """
        check_grouped(has_groups(frame))
        units = _groups(frame)
        if has_label_sets(frame):
            yield _parts(_draw_sets(frame, units, self.test_size, seed, "groups"))
        else:
            yield _parts(_draw_units(units, _codes(frame["label"]), self.test_size, seed, "groups"))


class KFold:
    """Every row is tested once, in one of ``n_splits`` parts in which every label keeps its share.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds.
    grouped : bool or None, default=None
        Whether rows of one group (site, source) are kept in one fold. None: yes where the dataset knows
        groups. Documents always stay whole.
    adapt : bool, default=False
        Whether small data is split as well as it can be instead of refused: by documents where there are fewer groups
        than folds, and into as many folds as there are documents where these are fewer. A warning tells.
    """

    def __init__(self, n_splits: int = 5, grouped: bool | None = None, adapt: bool = False) -> None:
        if isinstance(n_splits, bool) or not isinstance(n_splits, int) or n_splits < 2:
            raise ValueError(f"split.n_splits={n_splits!r}: must be a whole number of at least 2")
        self.n_splits = n_splits
        self.grouped = grouped
        self.adapt = adapt

    def folds(self, frame: pd.DataFrame, seed: int = 0) -> Iterator[Fold]:
        """Yield ``n_splits`` folds: row positions of train and of test (int64, ascending).

        Raises
        ------
        ValueError
            There are fewer groups or documents than folds, or ``grouped=True`` and no groups.
        """
        known = has_groups(frame)
        if self.grouped and not known:
            raise ValueError(f"split.grouped=true: {_NO_GROUPS}, or set split.grouped=null")
        by_group = known if self.grouped is None else self.grouped
        units = (_groups if by_group else _documents)(frame)
        n_units, n_splits = int(units.max(initial=-1)) + 1, self.n_splits
        if self.adapt and by_group and n_units < n_splits:
            warnings.warn(
                f"fewer sites ({n_units}) than folds ({n_splits}): documents of one site are in several folds, so that "
                "scores on new sites may be lower",
                stacklevel=2,
            )
            by_group, units = False, _documents(frame)
            n_units = int(units.max(initial=-1)) + 1
        if self.adapt and 2 <= n_units < n_splits:
            warnings.warn(f"only {n_units} documents: {n_units} folds instead of {n_splits}", stacklevel=2)
            n_splits = n_units
        if n_units < n_splits:
            raise ValueError(
                f"split.n_splits={n_splits}: the dataset has only {n_units:,} "
                f"{'groups' if by_group else 'documents'}; at most {n_units} folds"
                + ("; split.grouped=false splits inside groups" if by_group else "")
            )
        rng = np.random.default_rng(seed)
        if has_label_sets(frame):
            fold_of_row = stratify(indicator_of(frame["label"])[0], [1 / n_splits] * n_splits, rng, units)
        elif n_units == len(frame):
            fold_of_row = _deal_rows(_codes(frame["label"]), n_splits, rng)
        else:
            fold_of_row = _deal_units(units, _codes(frame["label"]), n_splits, rng)
        for fold in range(n_splits):
            yield _parts(fold_of_row == fold)


class Inner:
    """No fold is held out: rows are judged by the scores out of fold that the model's decision is fitted on.

    One model is fitted instead of one for each fold and another for all rows. A threshold is judged on what it was
    set by: what it keeps is what it promises, and its interval says how far that may be off.
    """

    def folds(self, frame: pd.DataFrame, seed: int = 0) -> Iterator[Fold]:
        """Yield nothing."""
        yield from ()


def has_groups(frame: pd.DataFrame) -> bool:
    """Return whether any row of the frame has a group."""
    return bool((frame["group"] != "").any())


def check_official(n_train: int, n_test: int) -> None:
    """Check that a dataset has both parts of an official split.

    Raises
    ------
    ValueError
    """
    if not n_train or not n_test:
        raise ValueError(
            f"split=official: the dataset has {n_train:,} train and {n_test:,} test rows; name the column that says "
            "train or test in dataset.split, or use split=stratified"
        )


def check_grouped(has_groups: bool) -> None:
    """Check that a dataset that is to be split by groups has some.

    Raises
    ------
    ValueError
    """
    if not has_groups:
        raise ValueError(f"split=grouped: {_NO_GROUPS}, or use split=stratified")


_NO_GROUPS = "the dataset knows no groups; name the column of sites or sources in dataset.group"


def _share(test_size: float) -> float:
    if isinstance(test_size, bool) or not isinstance(test_size, int | float) or not 0 < test_size < 1:
        raise ValueError(f"split.test_size={test_size!r}: must be a share between 0 and 1, such as 0.2")
    return float(test_size)


def _parts(is_test: NDArray[np.bool_]) -> Fold:
    return np.flatnonzero(~is_test), np.flatnonzero(is_test)


def _codes(values: pd.Series) -> Indices:
    """Number the values 0, 1, 2, … in order of first appearance."""
    import pandas as pd

    return np.asarray(pd.factorize(values, use_na_sentinel=False)[0], dtype=np.int64)


def _documents(frame: pd.DataFrame) -> Indices:
    return _codes(frame["document"])


def _groups(frame: pd.DataFrame) -> Indices:
    """Number the groups; a document without a group gets a number of its own."""
    groups, documents = _codes(frame["group"]), _documents(frame)
    unknown = (frame["group"] == "").to_numpy(bool)
    merged = np.where(unknown, documents + groups.max(initial=0) + 1, groups)
    return np.unique(merged, return_inverse=True)[1].astype(np.int64)


def _shuffled_by_label(labels: Indices, rng: np.random.Generator) -> Indices:
    """Return row positions, label by label, each label's rows in random order."""
    order = rng.permutation(len(labels))
    return order[np.argsort(labels[order], kind="stable")]


def _draw_rows(labels: Indices, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Mark ``share`` of the rows, evenly spaced in label order: every label keeps its share within one row."""
    if len(labels) < 2:
        raise ValueError(f"a train and a test part need at least 2 documents; the dataset has {len(labels)}")
    order = _shuffled_by_label(labels, rng)
    start = rng.random()
    marks = np.floor(np.arange(len(order) + 1) * share + start)
    chosen = np.zeros(len(order), bool)
    chosen[order] = np.diff(marks) > 0
    # A label can't be judged if it was never learnt: one of its rows always trains.
    sizes, tested = np.bincount(labels), np.bincount(labels, weights=chosen)
    for label in np.flatnonzero(sizes == tested):
        chosen[np.flatnonzero(labels == label)[0]] = False
    if not chosen.any():
        most = int(np.argmax(sizes))
        chosen[np.flatnonzero(labels == most)[-1]] = True
    return chosen


def _draw_sets(frame: pd.DataFrame, units: Indices, share: float, seed: int, what: str) -> NDArray[np.bool_]:
    """Mark about ``share`` of the rows by iterative stratification of whole units, at least one unit in each part."""
    n_units = int(units.max(initial=-1)) + 1
    if n_units < 2:
        raise ValueError(f"a train and a test part need at least 2 {what}; the dataset has {n_units}")
    rng = np.random.default_rng(seed)
    return np.asarray(stratify(indicator_of(frame["label"])[0], [1 - share, share], rng, units) == 1)


def _deal_rows(labels: Indices, n_splits: int, rng: np.random.Generator) -> Indices:
    """Deal rows in label order like cards: folds and labels within folds differ by one row at most."""
    fold_of_row = np.empty(len(labels), np.int64)
    fold_of_row[_shuffled_by_label(labels, rng)] = np.arange(len(labels)) % n_splits
    return fold_of_row


def _count(units: Indices, labels: Indices) -> NDArray[np.float64]:
    """Return how many rows of each label each unit has, shape (n_units, n_labels)."""
    n_labels = int(labels.max()) + 1
    cells = np.bincount(units * n_labels + labels, minlength=(int(units.max()) + 1) * n_labels)
    return cells.reshape(-1, n_labels).astype(np.float64)


def _draw_units(units: Indices, labels: Indices, share: float, seed: int, what: str) -> NDArray[np.bool_]:
    """Mark the rows of whole units, about ``share`` of all rows, the labels' shares kept as well as can be.

    Of ``RANDOM_CUTS`` random orders of the units, each cut where the rows come nearest to ``share``, the one
    is taken whose label counts are nearest to ``share`` of each label.
    """
    counts = _count(units, labels)
    if len(counts) < 2:
        raise ValueError(f"a train and a test part need at least 2 {what}; the dataset has {len(counts)}")
    rows, wanted = counts.sum(axis=1), counts.sum(axis=0) * share
    rng, best, smallest = np.random.default_rng(seed), np.empty(0, np.int64), np.inf
    for _ in range(RANDOM_CUTS):
        order = rng.permutation(len(rows))
        cut = int(np.argmin(np.abs(np.cumsum(rows[order])[:-1] - rows.sum() * share))) + 1
        distance = float(np.abs(counts[order[:cut]].sum(axis=0) - wanted).sum())
        if distance < smallest:
            best, smallest = order[:cut], distance
    is_test_unit = np.zeros(len(rows), bool)
    is_test_unit[best] = True
    return is_test_unit[units]


def _deal_units(units: Indices, labels: Indices, n_splits: int, rng: np.random.Generator) -> Indices:
    """Give each unit, largest first, to the fold that has least of its labels so far.

    The greedy rule of stratified group folds: minimising the folds' summed squared label counts (each
    label scaled by its total) is, for one unit, taking the fold with the smallest dot product.
    """
    counts = _count(units, labels)
    scale = 1.0 / counts.sum(axis=0)
    order = rng.permutation(len(counts))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    filled = np.zeros((n_splits, counts.shape[1]))
    fold_of_unit = np.empty(len(counts), np.int64)
    for place, unit in enumerate(order.tolist()):
        # The first units open one fold each, so that none stays empty.
        fold = place if place < n_splits else int(np.argmin(filled @ (counts[unit] * scale)))
        filled[fold] += counts[unit]
        fold_of_unit[unit] = fold
    return fold_of_unit[units]
