"""Confidence intervals: the percentile bootstrap over documents or groups, and Wilson's interval.

Groups (sites, sources) are resampled whole where they are known: rows of a group are correlated, and resampling them
one by one gives intervals that are too narrow (Field and Welsh 2007, "Bootstrapping clustered data", JRSS B 69).
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

BOOTSTRAP_RESAMPLES = 1000
LEVEL = 0.95
FEWEST_GROUPS = 10  # with fewer, documents are resampled
CHUNK_CELLS = 4_000_000  # of a block of drawn counts; bounds memory


def resampling_units(rows: pd.DataFrame) -> tuple[np.ndarray, int, str]:
    """Return the units to resample: groups if at least ten are known, else documents.

    Returns
    -------
    codes : ndarray of int64, shape (n,)
        The unit of each row.
    n_units : int
    kind : {"group", "document"}
    """
    import pandas as pd

    groups = rows["group"].to_numpy(object)
    kind = "group" if len(set(groups) - {""}) >= FEWEST_GROUPS else "document"
    values = rows["document"].to_numpy(object)
    if kind == "group":  # without a group, a document is its own
        values = np.where(groups == "", "document " + values.astype(str), "group " + groups.astype(str))
    codes, uniques = pd.factorize(values)
    return codes.astype(np.int64), len(uniques), kind


def resample_counts(n_units: int, resamples: int = BOOTSTRAP_RESAMPLES, seed: int = 0) -> Iterator[np.ndarray]:
    """Yield how often each unit is drawn, in blocks of shape (r, n_units), int64; rows sum to ``n_units``."""
    rng = np.random.default_rng(seed)
    block = max(1, CHUNK_CELLS // max(n_units, 1))
    for start in range(0, resamples, block):
        rows = min(block, resamples - start)
        drawn = rng.integers(n_units, size=(rows, n_units))
        drawn += np.arange(rows)[:, None] * n_units
        yield np.bincount(drawn.ravel(), minlength=rows * n_units).reshape(rows, n_units)


def bootstrap_sums(
    columns: Any, units: np.ndarray, n_units: int, resamples: int = BOOTSTRAP_RESAMPLES, seed: int = 0
) -> np.ndarray:
    """Sum the columns over each resampled evaluation set.

    Parameters
    ----------
    columns : sparse matrix, shape (n, m)
        Quantities that are summed over rows, such as hits, characters or losses.
    units : ndarray of int64, shape (n,)

    Returns
    -------
    ndarray of float64, shape (resamples, m)
    """
    from scipy.sparse import csr_matrix

    n = len(units)
    by_unit = (csr_matrix((np.ones(n), (units, np.arange(n))), shape=(n_units, n)) @ columns).tocsr()
    blocks = [(by_unit.T @ counts.T.astype(np.float64)).T for counts in resample_counts(n_units, resamples, seed)]
    return np.vstack(blocks) if blocks else np.empty((0, columns.shape[1]))


def percentile_interval(values: np.ndarray, level: float = LEVEL) -> tuple[np.ndarray, np.ndarray]:
    """Return the percentile interval over the first axis, ignoring NaN.

    Efron and Tibshirani 1993, "An Introduction to the Bootstrap", chapter 13.
    """
    tail = (1 - level) / 2
    undefined = np.isnan(values).all(axis=0)
    filled = np.where(undefined, 0.0, values)
    low, high = np.nanquantile(filled, [tail, 1 - tail], axis=0)
    return np.where(undefined, np.nan, low), np.where(undefined, np.nan, high)


def wilson_interval(hits: float, n: float, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's score interval of a proportion (Wilson 1927, JASA 22); (0, 1) for ``n`` = 0.

    Unlike the bootstrap's, it has a width even if all or none of ``n`` cases are hits. SciPy has it only as part of an
    exact test, which takes some 60 times as long.
    """
    from statistics import NormalDist

    if n <= 0:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + level / 2)
    share, shrink = hits / n, 1 + z * z / n
    centre = (share + z * z / (2 * n)) / shrink
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / shrink
    return (0.0 if hits <= 0 else max(0.0, centre - half)), (1.0 if hits >= n else min(1.0, centre + half))
