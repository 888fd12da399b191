"""Compiled kernel that measures the words a paragraph shares with the likely article of its page."""

from __future__ import annotations

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel
from copydesk.features.kernels.paragraph_shapes import find_slot

_OFTEN = 5  # paragraphs with a word: from here on more say no more
_ABOVE = 15  # paragraphs before the stretch among which its title is looked for


@kernel
def topic_overlap(words: Array, word_starts: Array, starts: Array, inside: Array) -> Array:
    """Return how much each paragraph is about what the page's best stretch is about, float32 (n_paragraphs, 4).

    A word weighs the logarithm of the page's paragraphs over those that hold it (inverse document frequency, Spärck
    Jones 1972), so that small words and menus hardly count. The share of the paragraph's weight that stands in
    other paragraphs of the stretch, too; the logarithms of that weight and of that weight times the paragraphs of
    the stretch with the word; right before the stretch, where titles are, the first logarithm beside the largest there.

    Parameters
    ----------
    words, word_starts, starts
        See ``PageRows``.
    inside : bool (n_paragraphs,)
        Whether a paragraph stands in its page's stretch.
    """
    found = np.zeros((inside.shape[0], 4), dtype=np.float32)
    for page in range(starts.shape[0] - 1):
        first, end = starts[page], starts[page + 1]
        size = 16
        while size < 2 * (word_starts[end] - word_starts[first]):
            size *= 2
        keys = np.zeros(size, dtype=np.uint64)
        holders = np.zeros(size, dtype=np.int32)
        in_stretch = np.zeros(size, dtype=np.int32)
        seen = np.zeros(size, dtype=np.int64)  # 1 + the last paragraph that a word was seen in
        begin = end
        for row in range(first, end):
            begin = min(begin, row) if inside[row] else begin
            for word in range(word_starts[row], word_starts[row + 1]):
                at = find_slot(keys, 0, size - 1, words[word])
                keys[at] = words[word]
                if seen[at] != row + 1:
                    seen[at] = row + 1
                    holders[at] += 1
                    in_stretch[at] += inside[row]
        rarity = np.empty(end - first, dtype=np.float64)
        for n_holders in range(1, end - first + 1):
            rarity[n_holders - 1] = np.log((end - first + 1) / n_holders)
        seen[:] = 0
        for row in range(first, end):
            own = shared = often = 0.0
            for word in range(word_starts[row], word_starts[row + 1]):
                at = find_slot(keys, 0, size - 1, words[word])
                if seen[at] == row + 1:
                    continue
                seen[at] = row + 1
                others = in_stretch[at] - inside[row]
                own += rarity[holders[at] - 1]
                shared += rarity[holders[at] - 1] if others > 0 else 0.0
                often += rarity[holders[at] - 1] * min(others, _OFTEN)
            found[row, 0] = shared / own if own > 0 else 0.0
            found[row, 1], found[row, 2] = np.log1p(shared), np.log1p(often)
        most = np.float32(1e-6)
        for row in range(max(first, begin - _ABOVE), begin):
            most = max(most, found[row, 1])
        for row in range(max(first, begin - _ABOVE), begin):
            found[row, 3] = found[row, 1] / most
    return found
