"""Near duplicates among rows of which only signatures are kept, on disk."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.datasets.near_duplicates import BANDS, ROWS, SIMILARITY, cluster_root
from copydesk.streamed.corpus import SIGNATURES
from copydesk.streamed.stream_cache import StreamCache

_ODD = np.uint64(0x9E3779B97F4A7C15)
_COMPARED_AT_ONCE = 1 << 16  # pairs


def near_copies(cache: StreamCache, starts: Array, kept: Array) -> Array:
    """Return the first row of each row's cluster of near duplicates, int64 (n_rows,); its own where it has none.

    A pair with a band in common is compared by the share of equal hashes, an estimate of the similarity with a standard
    error of 0.07 at ``SIMILARITY``. In a bucket, a row is compared with the first one and with its neighbour.

    Parameters
    ----------
    cache : StreamCache
        Holds the signatures of each chunk.
    starts : ndarray of int64, shape (n_chunks + 1,)
        Each chunk's first row.
    kept : bool ndarray of shape (n_rows,)
        Rows to look among.
    """
    first = np.arange(len(kept), dtype=np.int64)
    for band in range(BANDS):
        keys = _keys_of_band(cache, starts, band)
        for one, other in _candidates(keys, np.flatnonzero(kept)):
            open_pairs = first[one] != first[other]
            one, other = one[open_pairs], other[open_pairs]
            alike = _similarity(cache, starts, one, other) >= SIMILARITY
            for a, b in zip(one[alike].tolist(), other[alike].tolist(), strict=True):
                a_root, b_root = cluster_root(first, a), cluster_root(first, b)
                first[max(a_root, b_root)] = min(a_root, b_root)
    while not np.array_equal(first, first[first]):
        first = first[first]
    return first


def _keys_of_band(cache: StreamCache, starts: Array, band: int) -> Array:
    """Return the hash of a band of each row's signature, uint64 (n_rows,)."""
    keys = np.empty(int(starts[-1]), dtype=np.uint64)
    for chunk in range(len(starts) - 1):
        key = np.zeros(int(starts[chunk + 1] - starts[chunk]), dtype=np.uint64)
        signatures = cache.load(SIGNATURES.format(chunk))["signatures"]
        for column in range(band * ROWS, (band + 1) * ROWS):
            key = (key + signatures[:, column]) * _ODD
            key ^= key >> np.uint64(32)
        keys[starts[chunk] : starts[chunk + 1]] = key
    return keys


def _candidates(keys: Array, rows: Array) -> Iterator[tuple[Array, Array]]:
    """Yield pairs of rows with equal keys, the earlier row first: each with its bucket's first, and with the last."""
    order = rows[np.argsort(keys[rows], kind="stable")]
    ordered = keys[order]
    opens = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    first = np.maximum.accumulate(np.where(opens, np.arange(len(order)), 0))
    inside = np.flatnonzero(~opens)
    for begin in range(0, len(inside), _COMPARED_AT_ONCE):
        some = inside[begin : begin + _COMPARED_AT_ONCE]
        yield order[first[some]], order[some]
        further = some[first[some] < some - 1]
        yield order[further - 1], order[further]


def _similarity(cache: StreamCache, starts: Array, one: Array, other: Array) -> Array:
    """Return the share of equal hashes of pairs of rows, (n_pairs,)."""
    rows, places = np.unique(np.concatenate([one, other]), return_inverse=True)
    chunk_of = np.searchsorted(starts, rows, side="right") - 1
    found = [
        cache.load(SIGNATURES.format(chunk))["signatures"][rows[chunk_of == chunk] - starts[chunk]]
        for chunk in np.unique(chunk_of).tolist()
    ]
    if not found:
        return np.zeros(0)
    signatures = np.concatenate(found)
    equal: Array = (signatures[places[: len(one)]] == signatures[places[len(one) :]]).mean(axis=1)
    return equal
