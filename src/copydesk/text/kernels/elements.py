"""Compiled kernels that find the elements of a serialised body, and which parts of its text stand together."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.compiled.kernel import kernel
from copydesk.text.kernels.scanning import (
    CLOSES,
    KIND,
    NAME_END,
    NAME_START,
    OPENS,
    TEXT_END,
    TEXT_START,
    is_blank,
    is_white,
)

DEEPEST = 256  # elements that a path names; browsers nest no deeper than 512

# What a start tag is, as bits.
IS_BLOCK, IS_UNKNOWN, NEVER_SHOWN, IS_HIDDEN, KEEPS_LINES, IS_LINK, IS_VOID, IS_BREAK, IS_ROW, HOLDS_TEXT = (
    1 << bit for bit in range(10)
)
# Columns of an element: number of its start tag, and the elements that it stands in, before it and after it; whether it
# is a block, the block from the root on whose path is its own, and the block around that one; what its text is, if any.
START_TAG, PARENT, PREVIOUS, FOLLOWING, IS_BLOCK_ELEMENT, ON_PATH, BLOCK_AROUND, TEXT_IS, HAS_TEXT = range(9)
# Columns of a part: places of its text, the same for a single space, and the element that it stands in.
PART_START, PART_END, PART_OF = range(3)
LINE_BREAK = -1  # start of a part that is a <br>
# Columns of a step: what it is, its first part and what follows its last, its element, and the white space before it.
STEP, FIRST_PART, END_PART, STEP_OF, WHITE_BEFORE = range(5)
ROW_BEGINS, ROW_ENDS, TEXT = range(3)  # a text has IS_LINK and KEEPS_LINES where some of it does


@kernel
def same_name(body: Array, marks: Array, one: int, other: int) -> bool:
    """Return whether two marks are tags of the same element."""
    start, other_start = marks[one, NAME_START], marks[other, NAME_START]
    length = marks[one, NAME_END] - start
    if length != marks[other, NAME_END] - other_start:
        return False
    at = 0
    while at < length and body[start + at] == body[other_start + at]:
        at += 1
    return bool(at == length)


@kernel
def find_block_holders(body: Array, marks: Array, flags: Array) -> Array:
    """Return the elements whose children are several, and neither text nor inline, bool (n_start_tags,).

    Parameters
    ----------
    flags : uint16 (n_start_tags,)
    """
    found = np.zeros(flags.shape[0], dtype=np.bool_)
    n_children = np.zeros(flags.shape[0], dtype=np.int64)
    may_be = np.ones(flags.shape[0], dtype=np.bool_)
    stack, marks_of = np.empty(flags.shape[0], dtype=np.int64), np.empty(flags.shape[0], dtype=np.int64)
    depth = tag = 0
    for number in range(marks.shape[0]):
        mark = marks[number]
        inner = stack[depth - 1] if depth else -1
        if inner >= 0 and not is_blank(body, mark[TEXT_START], mark[TEXT_END]):
            may_be[inner] = False
        if mark[KIND] == OPENS:
            if inner >= 0:
                may_be[inner] &= not flags[tag] & HOLDS_TEXT
                n_children[inner] += not flags[tag] & NEVER_SHOWN
            if not flags[tag] & IS_VOID:
                stack[depth], marks_of[depth] = tag, number
                depth += 1
            tag += 1
        elif mark[KIND] == CLOSES and depth and same_name(body, marks, marks_of[depth - 1], number):
            depth -= 1
            found[inner] = may_be[inner] and n_children[inner] > 1
    return found


@kernel
def read_elements(body: Array, marks: Array, flags: Array, holders: Array, leave_out_hidden: bool) -> Any:
    """Find elements, parts of text, and which parts stand between two breaks that the markup makes.

    Parameters
    ----------
    flags : uint16 (n_start_tags,)
    holders : bool (n_start_tags,)
        In which elements those of no standard are blocks.

    Returns
    -------
    elements : int64 (n_elements, 9)
    parts : int64 (n_parts, 3)
    steps : int64 (n_steps, 5)
    hidden : int
        No fewer characters than those left out because their element's attributes hide them.
    """
    elements = np.empty((flags.shape[0], 9), dtype=np.int64)
    last_child = np.full(flags.shape[0], -1, dtype=np.int64)
    depth = np.zeros(flags.shape[0], dtype=np.int64)
    parts = np.empty((marks.shape[0] + flags.shape[0], 3), dtype=np.int64)
    steps = np.empty((marks.shape[0] + 4 * flags.shape[0], 5), dtype=np.int64)
    left_out = np.empty((flags.shape[0], 2), dtype=np.int64)  # numbers of their marks and tags
    opened = np.empty(flags.shape[0], dtype=np.int64)  # mark of each element
    n_elements = n_parts = n_steps = n_left_out = never_shown = hidden = 0
    element = block = tag = -1
    first = indent = text_is = 0  # of the text under way
    last = marks.shape[0] - 1  # the end
    for number in range(last + 1):
        start, end, kind = marks[number, TEXT_START], marks[number, TEXT_END], marks[number, KIND]
        tag += kind == OPENS
        if n_left_out and number < last:
            if start < end and not never_shown:
                hidden += stripped_length(body, start, end) + 1
            if kind == CLOSES and same_name(body, marks, left_out[n_left_out - 1, 0], number):
                n_left_out -= 1
                never_shown -= (flags[left_out[n_left_out, 1]] & NEVER_SHOWN) != 0
            elif kind == OPENS and not flags[tag] & IS_VOID:
                left_out[n_left_out] = number, tag
                n_left_out += 1
                never_shown += (flags[tag] & NEVER_SHOWN) != 0
            continue
        if start < end and element >= 0:
            about = elements[element, TEXT_IS]
            is_space = not about & KEEPS_LINES and is_blank(body, start, end)
            if is_space and n_parts == first:
                indent += 1
            else:
                parts[n_parts] = start, start if is_space else end, element
                n_parts += 1
                text_is |= about
        if kind == OPENS:
            flag = flags[tag]
            if element >= 0 and flag & IS_BREAK:
                parts[n_parts] = LINE_BREAK, LINE_BREAK, element
                n_parts += 1
                text_is |= KEEPS_LINES
                continue
            if element >= 0 and (flag & NEVER_SHOWN or (flag & IS_HIDDEN and leave_out_hidden)):
                if not flag & IS_VOID:
                    left_out[0] = number, tag
                    n_left_out, never_shown = 1, int((flag & NEVER_SHOWN) != 0)
                continue
            is_block = (flag & IS_BLOCK) != 0
            if flag & IS_UNKNOWN:
                is_block = element < 0 or holders[elements[element, START_TAG]]
            new = elements[n_elements]
            new[START_TAG], new[PARENT], new[PREVIOUS], new[FOLLOWING] = tag, element, -1, -1
            new[IS_BLOCK_ELEMENT], new[ON_PATH], new[BLOCK_AROUND] = int(is_block), block, block
            new[TEXT_IS], new[HAS_TEXT] = flag & (IS_LINK | KEEPS_LINES), 0
            opened[n_elements] = number
            if element >= 0:
                new[TEXT_IS] |= elements[element, TEXT_IS]
                new[PREVIOUS] = last_child[element]
                if last_child[element] >= 0:
                    elements[last_child[element], FOLLOWING] = n_elements
                last_child[element] = n_elements
            element = n_elements
            n_elements += 1
            if is_block:
                n_steps = end_text(steps, n_steps, text_is, first, n_parts, block, indent)
                first, indent, text_is = n_parts, 0, 0
                depth[element] = 1 if block < 0 else depth[block] + 1
                new[ON_PATH] = element if depth[element] <= DEEPEST else elements[block, ON_PATH]
                block = element
                if flag & IS_ROW:
                    steps[n_steps] = ROW_BEGINS, first, first, element, 0
                    n_steps += 1
        n_left = int(
            (kind == OPENS and (flags[tag] & IS_VOID) != 0)
            or (kind == CLOSES and element >= 0 and same_name(body, marks, opened[element], number))
        )
        if number == last:
            n_left = n_elements
        while n_left and element >= 0:
            if elements[element, IS_BLOCK_ELEMENT]:
                n_steps = end_text(steps, n_steps, text_is, first, n_parts, block, indent)
                first, indent, text_is = n_parts, 0, 0
                if flags[elements[element, START_TAG]] & IS_ROW:
                    steps[n_steps] = ROW_ENDS, first, first, element, 0
                    n_steps += 1
                block = elements[element, BLOCK_AROUND]
            element = elements[element, PARENT]
            n_left -= 1
    for part in range(n_parts):
        elements[parts[part, PART_OF], HAS_TEXT] = 1
    for number in range(n_elements - 1, 0, -1):
        if elements[number, PARENT] >= 0:
            elements[elements[number, PARENT], HAS_TEXT] |= elements[number, HAS_TEXT]
    return elements[:n_elements], parts[:n_parts], steps[:n_steps], hidden


@kernel
def end_text(steps: Array, n_steps: int, text_is: int, first: int, n_parts: int, block: int, indent: int) -> int:
    """Add the step of a text, if it has parts; return how many steps there are."""
    if first == n_parts:
        return n_steps
    steps[n_steps] = TEXT | text_is, first, n_parts, block, indent
    return n_steps + 1


@kernel
def stripped_length(body: Array, start: int, end: int) -> int:
    """Return how many characters a text has without the white space around it."""
    while start < end and is_white(body[start]):
        start += 1
    while end > start and is_white(body[end - 1]):
        end -= 1
    return end - start
