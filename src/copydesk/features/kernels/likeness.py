"""Compiled kernel that counts a page's paragraphs similar to each one: repeated patterns are lists."""

from __future__ import annotations

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel
from copydesk.features.kernels.paragraph_shapes import find_slot

_NEAR = 8  # paragraphs on each side that are compared
_ALIKE = 0.25  # logarithms of lengths that differ by less are alike
_SHORT = 4.0  # logarithm of characters below which a paragraph is short


@kernel
def likeness(words: Array, word_starts: Array, starts: Array, log_characters: Array, ends_sentence: Array) -> Array:
    """Return how many paragraphs are like each, float32 (n_paragraphs, 4).

    Logarithms of the numbers of paragraphs of the page with the same first word and with the same last one, the
    share of near ones of about the same length and the same kind of end, and of short ones.
    """
    found = np.zeros((log_characters.shape[0], 4), dtype=np.float32)
    for page in range(starts.shape[0] - 1):
        first, end = starts[page], starts[page + 1]
        size = 16
        while size < 2 * (end - first):
            size *= 2
        for last_word in range(2):
            keys = np.zeros(size, dtype=np.uint64)
            counts = np.zeros(size, dtype=np.int64)
            for row in range(first, end):
                if word_starts[row] < word_starts[row + 1]:
                    key = words[word_starts[row + 1] - 1 if last_word else word_starts[row]]
                    at = find_slot(keys, 0, size - 1, key)
                    keys[at] = key
                    counts[at] += 1
            for row in range(first, end):
                if word_starts[row] < word_starts[row + 1]:
                    key = words[word_starts[row + 1] - 1 if last_word else word_starts[row]]
                    found[row, last_word] = np.log1p(counts[find_slot(keys, 0, size - 1, key)] - 1)
        for row in range(first, end):
            alike = short = compared = further = 0
            for other in range(max(first, row - _NEAR), min(end, row + _NEAR + 1)):
                distance = abs(other - row)
                if distance > 0:
                    compared += 1
                    same_length = abs(log_characters[other] - log_characters[row]) < _ALIKE
                    alike += same_length and ends_sentence[other] == ends_sentence[row]
                if distance > 1:
                    further += 1
                    short += log_characters[other] < _SHORT
            found[row, 2] = alike / compared if compared else 0.0
            found[row, 3] = short / further if further else 0.0
    return found
