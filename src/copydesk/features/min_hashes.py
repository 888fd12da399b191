"""MinHash signatures of texts over shingles of words, by which near duplicates are found without their texts.

Broder 1997, "On the resemblance and containment of documents": of two texts the share of equal hashes estimates the
Jaccard similarity of their shingles.
"""

from __future__ import annotations

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel
from copydesk.compiled.scratch import Scratch
from copydesk.compiled.splitmix import INCREMENT, mixed
from copydesk.features.ngrams import terms
from copydesk.features.ngrams.cut import TextChunk, chunked

_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_32 = np.uint64(32)


def min_hashes(texts: list[str], n_hashes: int, shingle_words: int) -> Array:
    """Return the signature of each text, uint32 (n_texts, n_hashes); a text of fewer words is a single shingle."""
    # Shingles' hashes are well mixed, so that for each order one multiplication is enough.
    factors = np.random.default_rng(0).integers(1 << 62, 1 << 63, n_hashes, dtype=np.uint64) | np.uint64(1)
    found = np.full((len(texts), n_hashes), np.iinfo(np.uint32).max, dtype=np.uint32)
    row, room = 0, Scratch()
    for some in chunked([text.lower() for text in texts]):
        read = TextChunk(some, False).encoded("text")
        keys, _, starts = terms.tokens_of(read.text, read.starts, read.classes, 1, False, _MULTIPLIER, room)
        _min_hashes(keys, starts, shingle_words, factors, found[row : row + len(some)])
        row += len(some)
    return found


@kernel
def _min_hashes(keys: Array, starts: Array, n_words: int, factors: Array, found: Array) -> None:
    """Write the smallest hash of each document's shingles in each of the orders that ``factors`` give."""
    for document in range(found.shape[0]):
        first, end = starts[document], starts[document + 1]
        for begin in range(first, max(end - n_words + 1, first + 1)):
            shingle = np.uint64(0)
            for at in range(begin, begin + n_words):
                shingle = mixed(shingle + (keys[at] if at < end else np.uint64(0)) + INCREMENT)
            for order in range(factors.shape[0]):
                value = np.uint32((shingle * factors[order]) >> _32)
                found[document, order] = min(found[document, order], value)
