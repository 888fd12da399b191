"""Compiled kernel of where a page's running text lies, in numbers that depend on no script."""

from __future__ import annotations

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel

N_PROSE = 10
LARGEST_GAP = 3  # paragraphs that are no running text inside an island of it
MOST_ISLANDS = 5


@kernel
def prose(starts: Array, log_characters: Array, is_long: Array, ends_sentence: Array) -> Array:
    """Return where paragraphs stand from the page's islands of running text, float32 (n_paragraphs, N_PROSE).

    The paragraph's length beside the mean length by characters of the page's paragraphs, and beside that of its
    running text (logarithms); logarithms of the characters of running text before and after it; the share of the
    running text that the nearest island holds, and how many islands are larger; the signed logarithm of the characters
    to the largest island, 0 inside; the logarithm of the number of islands; the logarithms of the number of
    paragraphs in a row around it that end no sentence, and of their mean length.
    """
    found = np.zeros((log_characters.shape[0], N_PROSE), dtype=np.float32)
    for page in range(starts.shape[0] - 1):
        start, end = starts[page], starts[page + 1]
        n = end - start
        firsts, lasts, masses = np.empty(n, np.int64), np.empty(n, np.int64), np.zeros(n)
        lengths, before = np.empty(n), np.zeros(n + 1)
        n_islands = 0
        total = squared = prose_total = prose_squared = 0.0
        for at in range(n):
            lengths[at] = np.expm1(log_characters[start + at])
            before[at + 1] = before[at] + lengths[at]
            total += lengths[at]
            squared += lengths[at] * lengths[at]
            if is_long[start + at]:
                prose_total += lengths[at]
                prose_squared += lengths[at] * lengths[at]
                if n_islands == 0 or at - lasts[n_islands - 1] > LARGEST_GAP:
                    firsts[n_islands] = at
                    n_islands += 1
                lasts[n_islands - 1] = at
                masses[n_islands - 1] += lengths[at]
        largest = np.argmax(masses[:n_islands]) if n_islands else 0
        mean = np.log1p(squared / max(total, 1.0))
        prose_mean = np.log1p(prose_squared / max(prose_total, 1.0)) if n_islands else mean
        passed = 0.0
        island = 0
        run_end, run, run_length = 0, 0, 0.0
        for at in range(n):
            if at >= run_end:
                run_end, run_length = at, 0.0
                while run_end < n and not ends_sentence[start + run_end]:
                    run_length += lengths[run_end]
                    run_end += 1
                run = run_end - at
                run_end = max(run_end, at + 1)
            row = found[start + at]
            row[0] = log_characters[start + at] - mean
            row[1] = log_characters[start + at] - prose_mean
            own = lengths[at] if is_long[start + at] else 0.0
            row[2] = np.log1p(passed)
            row[3] = np.log1p(max(prose_total - passed - own, 0.0))
            passed += own
            if n_islands:
                while island + 1 < n_islands and firsts[island + 1] - at < at - lasts[island]:
                    island += 1
                row[4] = masses[island] / prose_total
                larger = 0
                for other in range(n_islands):
                    larger += masses[other] > masses[island]
                row[5] = min(larger, MOST_ISLANDS)
                if at < firsts[largest]:
                    row[6] = np.log1p(before[firsts[largest]] - before[at])
                elif at > lasts[largest]:
                    row[6] = -np.log1p(before[at] - before[lasts[largest] + 1] + lengths[at])
                row[7] = np.log1p(min(n_islands, MOST_ISLANDS))
            row[8] = np.log1p(run) if not ends_sentence[start + at] else 0.0
            row[9] = np.log1p(run_length / max(run, 1)) if not ends_sentence[start + at] else 0.0
    return found
