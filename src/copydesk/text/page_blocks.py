"""Blocks of a page, read from its serialised tree.

Kernels scan the serialised text, find its elements and which parts of the text stand together; the blocks are put
together here. Python alone takes five times as long.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.text.blocks import Block, collapse
from copydesk.text.kernels import elements as tree
from copydesk.text.kernels.scanning import RAW, scan_marks
from copydesk.text.line_breaks import split_lines
from copydesk.text.serialised_html import unescaped
from copydesk.text.start_tags import StartTag, read_start_tags
from copydesk.text.surroundings import Surroundings, inline_tokens

HEADINGS = frozenset("h1 h2 h3 h4 h5 h6".split())
# Where more of a page's text is hidden than this share, a script shows it: nothing is taken for hidden.
MOST_HIDDEN = 0.5
# A row of a table with a longer cell is layout, or reads as paragraphs.
LONGEST_CELL = 100

BREAK = "\n"  # a part of its own where a <br> stands
SPACE = re.compile(r"\s+")


def collect_blocks(body: str) -> list[Block]:
    """Return the blocks of a serialised body, in document order.

    Elements with the attribute ``hidden`` or hidden by their own ``style`` are left out, unless they hold most of the
    page's text.
    """
    codes = np.frombuffer(body.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    marks = scan_marks(codes)
    tags = read_start_tags(codes, marks)
    flags = np.array([tag.flags for tag in tags], dtype=np.uint16)
    holders = np.zeros(len(flags), dtype=np.bool_)
    if (flags & tree.IS_UNKNOWN).any():
        holders = tree.find_block_holders(codes, marks, flags)
    *found, n_hidden = tree.read_elements(codes, marks, flags, holders, True)
    blocks = Assembly(body, tags, *found).blocks
    n_shown = sum(len(block.text) for block in blocks)
    if n_shown >= (1 - MOST_HIDDEN) * (n_shown + n_hidden):  # at least what all of it would come to
        return blocks
    *found, _ = tree.read_elements(codes, marks, flags, holders, False)
    whole = Assembly(body, tags, *found).blocks
    return blocks if n_shown >= (1 - MOST_HIDDEN) * sum(len(block.text) for block in whole) else whole


class Assembly:
    """Blocks put together from the elements, parts and steps that ``kernels.elements.read_elements`` found.

    Attributes
    ----------
    blocks : list of Block
    """

    def __init__(self, body: str, tags: Sequence[StartTag], elements: Array, parts: Array, steps: Array) -> None:
        self.body = body
        columns = elements.T.tolist()
        self.before, self.after, self.text_is = columns[tree.PREVIOUS], columns[tree.FOLLOWING], columns[tree.TEXT_IS]
        self.on_path, self.block_around = columns[tree.ON_PATH], columns[tree.BLOCK_AROUND]
        self.starts = [tags[tag] for tag in columns[tree.START_TAG]]
        self.surroundings = surroundings(
            self.starts, columns[tree.PARENT], columns[tree.IS_BLOCK_ELEMENT], columns[tree.HAS_TEXT]
        )
        self.paths: dict[int, tuple[int, ...]] = {-1: ()}
        self.inline_words: dict[frozenset[frozenset[str]], str] = {}
        self.blocks: list[Block] = []
        places = parts.tolist()
        rows: list[int] = []
        for step, first, end, element, indent in steps.tolist():
            if step == tree.ROW_BEGINS:
                rows.append(len(self.blocks))
            elif step == tree.ROW_ENDS:
                self.join_row(rows.pop(), element)
            else:
                self.add(places[first:end], element, step, indent)

    def add(self, parts: list[tuple[int, int, int]], holder: int, step: int, indent: int) -> None:
        """Add the parts of a text; its lines become blocks, unless they are wrapped."""
        texts = [self.text_of(*part) for part in parts]
        if step & tree.KEEPS_LINES:
            texts = [
                text if text == BREAK or self.text_is[part[2]] & tree.KEEPS_LINES else SPACE.sub(" ", text)
                for text, part in zip(texts, parts, strict=True)
            ]
            texts[0] = " " * indent + texts[0]
        raw = "".join(texts)
        if raw.isspace():
            return
        tag, spans, links = self.starts[holder].tag, [(0, len(raw))], ""
        if step & tree.KEEPS_LINES and BREAK in raw.strip() and tag not in HEADINGS:
            spans = split_lines(raw)
        if step & tree.IS_LINK:
            inside = zip(texts, parts, strict=True)
            links = "".join(
                [text if self.text_is[part[2]] & tree.IS_LINK else " " * len(text) for text, part in inside]
            )
        path, markup, last = self.path(holder), self.markup(holder) + self.inline(texts, parts), None
        for start, end in spans:
            text = collapse(raw[start:end])
            if text:
                share = min(1.0, len(collapse(links[start:end])) / len(text)) if links else 0.0
                is_line = last is not None and raw.count(BREAK, last, start) == 1
                self.blocks.append(Block(text, tag, path, share, is_line, markup))
                last = end

    def text_of(self, start: int, end: int, element: int) -> str:
        """Return the text of a part."""
        if start == end:
            return BREAK if start == tree.LINE_BREAK else " "
        text = self.body[start:end]
        return unescaped(text) if "&" in text and self.starts[element].tag not in RAW else text

    def inline(self, texts: list[str], parts: list[tuple[int, int, int]]) -> str:
        """Return the tokens of the inline elements within a text."""
        if len(parts) == 1:
            around = frozenset([self.surroundings[parts[0][2]].inline])
        else:
            inside = zip(texts, parts, strict=True)
            around = frozenset([self.surroundings[part[2]].inline for text, part in inside if not text.isspace()])
        if around not in self.inline_words:
            self.inline_words[around] = inline_tokens(around)
        return self.inline_words[around]

    def markup(self, element: int) -> str:
        """Return the tokens of an element that hold for all text in it."""
        before, after = self.before[element], self.after[element]
        before_name = self.starts[before].name if before >= 0 else ""
        after_name = self.starts[after].name if after >= 0 else ""
        name, words = self.starts[element].name, self.surroundings[element].words
        return f"tag:{name} before:{before_name} after:{after_name}{words}"

    def path(self, element: int) -> tuple[int, ...]:
        """Return the numbers of the blocks from the root down to one, at most ``DEEPEST``."""
        missing, block = [], self.on_path[element]
        while block not in self.paths:
            missing.append(block)
            block = self.block_around[block]
        path = self.paths[block]
        for block in reversed(missing):
            path = self.paths[block] = (*path, block + 1)
        return path

    def join_row(self, first: int, row: int) -> None:
        """Make the blocks of a table's row one, where every cell is short and has no more than one."""
        cells, path = self.blocks[first:], self.path(row)
        depth = len(path)
        if len(cells) < 2 or depth >= tree.DEEPEST or any(len(cell.path) <= depth for cell in cells):
            return
        if any(cell.tag in HEADINGS or len(cell.text) > LONGEST_CELL for cell in cells):
            return
        if len({cell.path[depth] for cell in cells}) < len(cells):
            return
        text = "\t".join(cell.text for cell in cells)
        linked = sum(cell.link_share * len(cell.text) for cell in cells) / len(text)
        self.blocks[first:] = [Block(text, self.starts[row].tag, path, linked, False, self.markup(row))]


def surroundings(
    starts: list[StartTag], parents: list[int], are_blocks: list[int], have_text: list[int]
) -> dict[int, Surroundings]:
    """Return the surroundings of each element that has text, the same object where the start tags are."""
    known: dict[tuple[int, int, int], Surroundings] = {}
    found: dict[int, Surroundings] = {}
    for number, has_text in enumerate(have_text):
        if has_text:
            start, above, is_block = starts[number], found.get(parents[number]), are_blocks[number]
            key = (id(start), id(above), is_block)
            if key not in known:
                known[key] = Surroundings(start, above, bool(is_block))
            found[number] = known[key]
    return found
