"""Block dual coordinate descent over blocks on disk, with checkpoints."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from copydesk.classifiers.block_descent import BlockDescent, PrimalDual
from copydesk.compiled.arrays import Array
from copydesk.streamed.feature_blocks import JOINED, joined_blocks
from copydesk.streamed.stream_cache import StreamCache

RELATIVE_GAP = 1e-3  # relative duality gap at which a fit ends
INNER_PASSES = 1  # over joined blocks in each visit
_STATE = "descent.json"


def descend(descent: BlockDescent, cache: StreamCache, numbers: list[int], seed: int) -> dict[str, Any]:
    """Fit to the blocks with the given numbers; return the passes that it took and the relative duality gaps.

    A visit writes a block's dual variables into a file of its own pass, so that those of the last checkpoint stay
    until the next one: whatever came after it is done again in the same way.
    """
    state = cache.load_json(_STATE) or {"pass": 0, "place": 0, "gaps": []}
    if cache.has(_weights(state)):
        stored = cache.load(_weights(state))
        descent.weights, descent.intercept = stored["weights"], stored["intercept"]
    most = max(1, int(descent.classifier.max_iter) // INNER_PASSES)
    while state["pass"] < most and not (state["gaps"] and state["gaps"][-1] <= RELATIVE_GAP):
        number = state["pass"]
        rng = np.random.default_rng([seed, number])
        groups = in_groups(rng.permutation(numbers).tolist())
        seeds = rng.integers(0, 1 << 31, len(groups)).tolist()
        first = state["place"]
        joined = joined_blocks(cache, groups[first:], len(descent.weights))
        for at, (group, starts, block) in enumerate(joined, start=first):
            dual = _dual(cache, group, number, descent, len(block))
            descent.visit(block, dual, INNER_PASSES, seeds[at])
            for each, rows in zip(group, np.split(dual, starts[1:-1]), strict=True):
                cache.save(_dual_name(each, number + 1), dual=rows)
            with cache.checkpoint() as due:
                if due:
                    state = _save(cache, descent, state, {**state, "place": at + 1}, groups)
        gap = objective(descent, cache, numbers, number + 1).relative_gap
        done = {"pass": number + 1, "place": 0, "gaps": [*state["gaps"], gap]}
        state = _save(cache, descent, state, done, groups)
    if state["gaps"][-1] > RELATIVE_GAP:
        warnings.warn(
            f"{type(descent.classifier).__name__} stopped after {state['pass']} passes over the blocks with a relative "
            f"duality gap of {state['gaps'][-1]:.2g}, above {RELATIVE_GAP:g}; raise classifier.max_iter, or lower "
            "classifier.C",
            stacklevel=2,
        )
    return {"passes": state["pass"], "relative_duality_gaps": state["gaps"]}


def objective(descent: BlockDescent, cache: StreamCache, numbers: list[int], done: int) -> PrimalDual:
    """Return the objective of the current weights, after ``done`` passes."""
    primal: Array | float = 0.0
    dual: Array | float = 0.0
    for group, _, block in joined_blocks(cache, in_groups(numbers), len(descent.weights)):
        terms = descent.terms(block, _dual(cache, group, done, descent, len(block)))
        primal, dual = primal + terms.primal, dual + terms.dual
    return descent.objective(PrimalDual(np.asarray(primal), np.asarray(dual)))


def in_groups(numbers: list[int]) -> list[list[int]]:
    """Return the blocks of each visit, about as many in each."""
    n_groups = -(-len(numbers) // JOINED)
    return [numbers[at::n_groups] for at in range(n_groups)]


def _dual(cache: StreamCache, group: list[int], done: int, descent: BlockDescent, n_rows: int) -> Array:
    """Return the dual variables of the rows of some blocks after ``done`` passes."""
    if not done:
        return descent.new_dual(n_rows)
    return np.concatenate([cache.load(_dual_name(block, done))["dual"] for block in group])


def _dual_name(block: int, done: int) -> str:
    return f"dual-{block:06d}-{done:04d}.npz"


def _weights(state: dict[str, Any]) -> str:
    return f"weights-{state['pass']:04d}-{state['place']:06d}.npz"


def _save(
    cache: StreamCache, descent: BlockDescent, before: dict[str, Any], state: dict[str, Any], groups: list[list[int]]
) -> dict[str, Any]:
    """Make a checkpoint, then delete what only the one before it needs."""
    cache.save(_weights(state), weights=descent.weights, intercept=descent.intercept)
    cache.save_json(_STATE, state)
    visited = [block for group in groups[before["place"] : state["place"] or None] for block in group]
    cache.remove(_weights(before), *(_dual_name(block, before["pass"]) for block in visited))
    return state
