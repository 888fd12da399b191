"""Compiled kernels of a page's markup: hashes of its tokens, and numbers of where paragraphs stand in its tree."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel

N_STRUCTURE = 20
N_ANCESTORS = 4  # ancestors whose contents are numbers of a paragraph
MOST_OF_IT = 0.5  # an element's child that holds more than this share of its prose is a holder of it
_SPACE = 32
_OFFSET = np.uint64(0xCBF29CE484222325)
_PRIME = np.uint64(0x100000001B3)
_LARGEST = 5.0  # scores beyond it are no surer


@kernel
def spaced_tokens(text: Array, starts: Array) -> Any:
    """Hash words that are separated by spaces (FNV-1a by code points).

    Parameters
    ----------
    text : uint32 (n,)
        Code points of all rows, one after the other.
    starts : int64 (n_rows + 1,)

    Returns
    -------
    tokens : uint64 (n_tokens,)
    borders : int64 (n_rows + 1,)
    """
    n_rows = starts.shape[0] - 1
    tokens = np.empty(text.shape[0] // 2 + n_rows, dtype=np.uint64)
    borders = np.zeros(n_rows + 1, dtype=np.int64)
    n = 0
    for row in range(n_rows):
        inside = False
        key = _OFFSET
        for at in range(starts[row], starts[row + 1]):
            if text[at] == _SPACE:
                if inside:
                    tokens[n] = key
                    n += 1
                inside, key = False, _OFFSET
            else:
                key = (key ^ np.uint64(text[at])) * _PRIME
                inside = True
        if inside:
            tokens[n] = key
            n += 1
        borders[row + 1] = n
    return tokens[:n].copy(), borders


@kernel
def holder(paths: Array, borders: Array, start: int, end: int, held: Array) -> Any:
    """Return the last of a chain of elements from the root down, each of which holds most of what the one before does.

    Parameters
    ----------
    held : float64 (n_elements,)
        What each element holds, by its number.

    Returns
    -------
    row, depth : int
        A paragraph in that element, and the length of the chain, 0 where no element holds anything.
    """
    depth, number, found = 0, 0, start
    total = 0.0
    while True:
        best, best_row = 0.0, -1
        for row in range(start, end):
            at = borders[row] + depth
            if at >= borders[row + 1] or (depth and paths[at - 1] != number):
                continue
            if held[paths[at]] > best:
                best, best_row = held[paths[at]], row
        if best_row < 0 or (depth and best <= MOST_OF_IT * total):
            return found, depth
        found, total, number = best_row, best, paths[borders[best_row] + depth]
        depth += 1


@kernel
def steps_between(paths: Array, borders: Array, row: int, other: int, depth: int) -> int:
    """Return how many of the first ``depth`` elements around one paragraph are not around another."""
    shared, most = 0, min(depth, borders[row + 1] - borders[row])
    while shared < most and paths[borders[other] + shared] == paths[borders[row] + shared]:
        shared += 1
    return depth - shared


@kernel
def structure(
    starts: Array, paths: Array, borders: Array, log_characters: Array, is_long: Array, link_share: Array, scores: Array
) -> Array:
    """Return where paragraphs stand in their pages' trees, float32 (n_paragraphs, N_STRUCTURE).

    The share of characters in links; the depth, and the logarithm of the number of paragraphs in the same parent; the
    steps down from what the paragraph shares with the holder of the running text, see ``holder``, to that holder, 0
    within it, and to the paragraph; the same two by first-stage scores; then, for ancestors from the parent on, mean
    scores by the root of the length without the paragraph's own, mean shares of links, shares of running text, and
    shares of the page.

    Parameters
    ----------
    starts : int64 (n_pages + 1,)
    paths, borders : int64
        Numbers of the elements around each paragraph, from the root down, and where each paragraph's begin.
    log_characters : float32 (n_paragraphs,)
    is_long : bool (n_paragraphs,)
    link_share, scores : float32 (n_paragraphs,)
    """
    found = np.full((log_characters.shape[0], N_STRUCTURE), np.nan, dtype=np.float32)
    for page in range(starts.shape[0] - 1):
        start, end = starts[page], starts[page + 1]
        n_elements = 1
        for at in range(borders[start], borders[end]):
            n_elements = max(n_elements, paths[at] + 1)
        prose, liked, mass = np.zeros(n_elements), np.zeros(n_elements), np.zeros(n_elements)
        linked, scored, roots, n_blocks = (
            np.zeros(n_elements), np.zeros(n_elements), np.zeros(n_elements), np.zeros(n_elements),
        )  # fmt: skip
        total = 1e-9
        for row in range(start, end):
            length = np.expm1(log_characters[row])
            root = np.sqrt(length)
            score = min(max(scores[row], -_LARGEST), _LARGEST)
            total += length
            for at in range(borders[row], borders[row + 1]):
                element = paths[at]
                if at < borders[row + 1] - 1:  # a single paragraph holds no others
                    prose[element] += length * (1.0 - link_share[row]) * is_long[row]
                    liked[element] += root * max(score, 0.0)
                mass[element] += length
                linked[element] += length * link_share[row]
                scored[element] += root * score
                roots[element] += root
                n_blocks[element] += 1.0
        prose_row, prose_depth = holder(paths, borders, start, end, prose)
        liked_row, liked_depth = holder(paths, borders, start, end, liked)
        for row in range(start, end):
            numbers = found[row]
            numbers[0] = link_share[row]
            first, depth = borders[row], borders[row + 1] - borders[row]
            if depth == 0:
                continue
            numbers[1] = depth
            parent = paths[first + max(depth - 2, 0)]
            numbers[2] = np.log1p(n_blocks[parent])
            root = np.sqrt(np.expm1(log_characters[row]))
            score = min(max(scores[row], -_LARGEST), _LARGEST)
            numbers[3] = steps_between(paths, borders, row, prose_row, prose_depth)
            numbers[4] = depth - prose_depth + numbers[3]
            numbers[5] = steps_between(paths, borders, row, liked_row, liked_depth)
            numbers[6] = depth - liked_depth + numbers[5]
            for level in range(N_ANCESTORS):
                element = paths[first + max(depth - 2 - level, 0)]
                rest = roots[element] - root
                numbers[7 + level] = (scored[element] - root * score) / rest if rest > 0.5 else 0.0
                if level < N_ANCESTORS - 1:
                    numbers[11 + level] = linked[element] / max(mass[element], 1.0)
                    numbers[14 + level] = prose[element] / max(mass[element], 1.0) if element != 0 else 0.0
                    numbers[17 + level] = mass[element] / total
    return found
