"""Near-duplicate documents: MinHash over word shingles, banded, then verified.

Broder 1997, "On the resemblance and containment of documents"; banding as in Leskovec, Rajaraman and Ullman,
"Mining of Massive Datasets", section 3.4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

SHINGLE_WORDS = 5  # of a shingle
SIMILARITY = 0.8  # Jaccard; from here on two documents are called the same
BANDS, ROWS = 12, 3  # a pair at the threshold shares a band with probability 1 - (1 - 0.8³)¹² = 0.9998
HASHED_AT_ONCE = 4096  # shingles that are hashed at once
COMPARED_WHOLE = 64  # in a larger bucket a document is compared with the first and with its neighbour

_TOKEN = re.compile(r"\w+")
_ODD = np.uint64(0x9E3779B97F4A7C15)


def near_duplicate_clusters(texts: Sequence[str]) -> NDArray[np.int64]:
    """Number documents; near duplicates have the same number.

    Parameters
    ----------
    texts : sequence of str

    Returns
    -------
    ndarray of int64, shape (n_texts,)
        The position of the first document of each one's cluster; its own where there is no other.
    """
    shingles = list(_shingles(texts))
    buckets: dict[tuple[int, bytes], list[int]] = {}
    for document, hashes in enumerate(shingles):
        signature = _signature(hashes)
        for band in range(BANDS):
            key = signature[band * ROWS : (band + 1) * ROWS].tobytes()
            buckets.setdefault((band, key), []).append(document)
    first = np.arange(len(texts))
    for bucket in buckets.values():
        for one, other in _pairs(bucket):
            one_root, other_root = cluster_root(first, one), cluster_root(first, other)
            if one_root != other_root and jaccard(shingles[one], shingles[other]) >= SIMILARITY:
                first[max(one_root, other_root)] = min(one_root, other_root)
    return np.array([cluster_root(first, document) for document in range(len(texts))], dtype=np.int64)


def _shingles(texts: Iterable[str]) -> Iterable[NDArray[np.uint64]]:
    """Yield the sorted distinct hashes of each document's shingles; a shorter one is a single shingle."""
    numbers: dict[str, int] = {}
    for text in texts:
        words = [numbers.setdefault(word, len(numbers) + 1) for word in _TOKEN.findall(text.lower())]
        if len(words) < SHINGLE_WORDS:
            words += [0] * (SHINGLE_WORDS - len(words))
        tokens = np.array(words, dtype=np.uint64)
        hashes = np.zeros(len(tokens) - SHINGLE_WORDS + 1, dtype=np.uint64)
        for place in range(SHINGLE_WORDS):
            hashes = _mix(hashes + tokens[place : len(tokens) - SHINGLE_WORDS + 1 + place])
        yield np.unique(hashes)


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit numbers (the finaliser of SplitMix64, Steele et al. 2014)."""
    values = values + _ODD
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


# Shingles' hashes are well mixed, so that for each of the signature's orders "xor, then multiply" is enough.
_SEEDS = _mix(np.arange(1, BANDS * ROWS + 1, dtype=np.uint64))
_FACTORS = _mix(_SEEDS) | np.uint64(1)


def _signature(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the smallest hash in each of ``BANDS * ROWS`` orders; in blocks, as a text may be very long."""
    smallest = np.full(len(_SEEDS), np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, len(hashes), HASHED_AT_ONCE):
        ordered = (hashes[start : start + HASHED_AT_ONCE, None] ^ _SEEDS) * _FACTORS
        np.minimum(smallest, ordered.min(axis=0), out=smallest)
    return smallest


def _pairs(bucket: list[int]) -> Iterable[tuple[int, int]]:
    if len(bucket) <= COMPARED_WHOLE:
        return ((one, other) for at, one in enumerate(bucket) for other in bucket[at + 1 :])
    return ((near, other) for at, other in enumerate(bucket[1:]) for near in {bucket[0], bucket[at]})


def cluster_root(first: NDArray[np.int64], document: int) -> int:
    """Return the first document of a document's cluster, and shorten the path to it (path halving)."""
    while first[document] != document:
        first[document] = first[first[document]]
        document = int(first[document])
    return document


def jaccard(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> float:
    """Return the Jaccard similarity of two documents' shingles."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
