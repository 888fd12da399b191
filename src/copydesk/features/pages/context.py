"""Features of a paragraph from scores: its own, its neighbours', and their course over the page."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.features.kernels.likeness import likeness
from copydesk.features.kernels.overlap import topic_overlap
from copydesk.features.kernels.page_scores import best_stretch, measures, run_of_scores, standing
from copydesk.features.kernels.paragraph_shapes import shift_rows
from copydesk.features.pages.page_rows import SHAPE, PageRows

# Shapes of a neighbour used beside its score.
LENT = ("log_characters", "ends_sentence", "capitalised_share", "small_word_share")
SMOOTHING_WIDTHS = (5.0, 15.0)  # paragraphs over which scores are averaged
RUN = ("page_share", "share_before", "page_mean", "log_page", *(f"around_{width:g}" for width in SMOOTHING_WIDTHS))
# Subtracted from every score before the best stretch is found; larger values give tighter stretches.
STRICTNESS = (0.0, 0.35)
STRETCH = tuple(
    f"stretch_{name}_{by:g}" for by in STRICTNESS for name in ("start", "end", "share", "lack", "through", "support")
)
STANDING = ("rank", "standardised", "since_content", "until_content")
TOPIC = ("topic_share", "topic_weight", "topic_often", "topic_as_title")
LIKENESS = ("starts_alike", "ends_alike", "alike_near", "short_near")
# Bounds of some numbers (logarithms of characters and of paragraphs). Values beyond them occur on few pages, which
# trees memorise: the middle of a story of 250 paragraphs was classified as comments.
MANY, FAR = 4.0, 3.0  # paragraphs: some fifty in all, some twenty away
NUMBER_BOUNDS = {
    "log_page": 9.2, "since_content": 7.5, "until_content": 7.5, "log_paragraphs": MANY,
    **dict.fromkeys(("from_start", "from_end", "before_body", "after_body", "to_long"), FAR),
    **{f"stretch_{name}_{by:g}": FAR for by in STRICTNESS for name in ("start", "end")},
}  # fmt: skip
# Trees' scores are log odds: halved and bounded they are about as large as a linear classifier's.
_SHRINK, _LARGEST = 0.5, 5.0


class Context(NamedTuple):
    """Selection of features from scores; see ``SequenceClassifier``."""

    reach: int
    smooth: bool
    stretch: bool
    topic: bool

    @property
    def offsets(self) -> list[int]:
        """Offsets of the neighbours used."""
        return [by for by in range(-self.reach, self.reach + 1) if by]

    def numbers(self, scores: Array, rows: PageRows, lent: tuple[str, ...] = ()) -> list[Array]:
        """Return blocks of columns, float32 (n_paragraphs, …); the score itself is the first."""
        scores = scores.astype(np.float32)
        # Contiguous, as those of a single paragraph are: Numba would compile again for another layout.
        log_characters = np.ascontiguousarray(rows.shapes[:, SHAPE.index("log_characters")])
        lends = np.ascontiguousarray(np.column_stack([scores, rows.shapes[:, [SHAPE.index(name) for name in lent]]]))
        blocks = [scores[:, None], *(shift_rows(lends, rows.starts, by, np.nan) for by in self.offsets)]
        lengths, roots, squashed = measures(scores, log_characters)
        if self.smooth:
            blocks.append(run_of_scores(scores, lengths, roots, squashed, rows.starts, np.array(SMOOTHING_WIDTHS)))
        if self.stretch or self.topic:
            stretches = [best_stretch(roots, squashed, rows.starts, by) for by in STRICTNESS]
        if self.stretch:
            blocks += [*stretches, standing(scores, log_characters, lengths, rows.starts)]
        if self.topic:
            inside = (stretches[-1][:, :2] >= 0).all(axis=1)
            blocks.append(topic_overlap(rows.words, rows.word_starts, rows.starts, inside))
        return blocks

    def numbers_again(self, scores: Array, rows: PageRows) -> Array:
        """Return the same features of the log odds of an earlier pass, bounded."""
        again = np.hstack(self.numbers(np.clip(scores * _SHRINK, -_LARGEST, _LARGEST), rows))
        return limited(again, self.names())

    def names(self, lent: tuple[str, ...] = ()) -> list[tuple[str, str]]:
        """Return group and name of each of ``numbers``."""
        names = [("words", "score")]
        names += [("neighbours", f"{name}[{by:+d}]") for by in self.offsets for name in ("score", *lent)]
        names += [("page", name) for name in RUN] if self.smooth else []
        names += [("page", name) for name in (*STRETCH, *STANDING)] if self.stretch else []
        return names + ([("agreement", name) for name in TOPIC] if self.topic else [])


def limited(numbers: Array, names: list[tuple[str, str]], bounds: dict[str, float] = NUMBER_BOUNDS) -> Array:
    """Bound the columns named in ``bounds``, in place; return the numbers."""
    for at, (_, name) in enumerate(names):
        if name in bounds:
            np.clip(numbers[:, at], -bounds[name], bounds[name], out=numbers[:, at])
    return numbers


def alike(rows: PageRows) -> Array:
    """Return the numbers named in ``LIKENESS``."""
    log_characters, ends = (
        np.ascontiguousarray(rows.shapes[:, SHAPE.index(name)]) for name in ("log_characters", "ends_sentence")
    )
    return np.asarray(likeness(rows.words, rows.word_starts, rows.starts, log_characters, ends))
