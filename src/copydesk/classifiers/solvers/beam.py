"""Beam search through a tree of linear classifiers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from copydesk.compiled.arrays import Floats
from copydesk.compiled.kernel import kernel


class TreeArrays(NamedTuple):
    """Nodes of a tree with their weights; see the attributes of `LabelTree`."""

    lane_start: NDArray[np.int64]
    target: NDArray[np.int32]
    intercept: Floats
    feature_start: NDArray[np.int64]
    feature: NDArray[np.int32]
    weight_start: NDArray[np.int64]
    weight_lane: NDArray[np.int32]
    weight: Floats


@kernel
def search_beam(indptr, indices, values, tree, beam, sharpness):
    """Follow the ``beam`` most probable nodes of each level, for each row of a CSR matrix with sorted indices.

    Returns
    -------
    indptr : int64 array (n_rows + 1,)
    labels : int32 array
        Of all leaves that each row has reached.
    logs : float32 array
        Logarithm of the product of the probabilities on each label's path.
    """
    n_rows = indptr.size - 1
    widest = 0
    for node in range(tree.lane_start.size - 1):
        widest = max(widest, tree.lane_start[node + 1] - tree.lane_start[node])
    scores = np.empty(widest, dtype=np.float64)
    nodes = np.empty(beam, dtype=np.int64)
    node_logs = np.empty(beam, dtype=np.float64)
    candidates = np.empty(beam * widest, dtype=np.int64)
    candidate_logs = np.empty(beam * widest, dtype=np.float64)
    found_indptr = np.zeros(n_rows + 1, dtype=np.int64)
    labels = np.empty(n_rows * min(beam * widest, np.int64(tree.target.size)), dtype=np.int32)
    logs = np.empty(labels.size, dtype=np.float32)
    n_found = 0
    for row in range(n_rows):
        first, last = indptr[row], indptr[row + 1]
        nodes[0] = 0
        node_logs[0] = 0.0
        n_nodes = 1
        while n_nodes:
            n_candidates = 0
            for at in range(n_nodes):
                _score_node(indices, values, first, last, tree, nodes[at], scores)
                start = tree.lane_start[nodes[at]]
                for lane in range(tree.lane_start[nodes[at] + 1] - start):
                    log = node_logs[at] - _log1p_exp(-sharpness * scores[lane])
                    target = tree.target[start + lane]
                    if target < 0:
                        labels[n_found] = -1 - target
                        logs[n_found] = log
                        n_found += 1
                    else:
                        candidates[n_candidates] = target
                        candidate_logs[n_candidates] = log
                        n_candidates += 1
            n_nodes = _take_largest(candidates, candidate_logs, n_candidates, nodes, node_logs)
        found_indptr[row + 1] = n_found
    return found_indptr, labels[:n_found].copy(), logs[:n_found].copy()


@kernel
def _score_node(indices, values, first, last, tree, node, scores):
    """Write the row's score for each lane of a node into ``scores``; both lists of features ascend."""
    start = tree.lane_start[node]
    for lane in range(tree.lane_start[node + 1] - start):
        scores[lane] = tree.intercept[start + lane]
    low, end = tree.feature_start[node], tree.feature_start[node + 1]
    for j in range(first, last):
        wanted = indices[j]
        high = end
        while low < high:
            middle = (low + high) // 2
            if tree.feature[middle] < wanted:
                low = middle + 1
            else:
                high = middle
        if low == end:
            break
        if tree.feature[low] == wanted:
            value = np.float64(values[j])
            for k in range(tree.weight_start[low], tree.weight_start[low + 1]):
                scores[tree.weight_lane[k]] += value * tree.weight[k]


@kernel
def _take_largest(candidates, candidate_logs, n_candidates, nodes, node_logs):
    """Move the most probable candidates into ``nodes``, the earlier of equals; return how many."""
    taken = min(n_candidates, nodes.size)
    for place in range(taken):
        best = -1
        for at in range(n_candidates):
            if candidates[at] >= 0 and (best < 0 or candidate_logs[at] > candidate_logs[best]):
                best = at
        nodes[place] = candidates[best]
        node_logs[place] = candidate_logs[best]
        candidates[best] = -1
    return taken


@kernel
def _log1p_exp(x):
    """Return ``log(1 + exp(x))`` without overflow."""
    return x + np.log1p(np.exp(-x)) if x > 0 else np.log1p(np.exp(x))
