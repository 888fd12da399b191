"""Published rules for lines of plain text, reimplemented; each returns which lines of a page it keeps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

Kept = list[bool]


def keep_all(lines: Sequence[str], language: str) -> Kept:
    """Cut nothing."""
    return [True] * len(lines)


def c4(lines: Sequence[str], language: str) -> Kept:
    """Lines of at least five words that end like a sentence and don't speak of JavaScript (Raffel et al. 2020, 2.2)."""
    ends = (".", "!", "?", '"', "”")
    return [
        line.rstrip().endswith(ends) and len(line.split()) >= 5 and "javascript" not in line.lower() for line in lines
    ]


def fineweb(lines: Sequence[str], language: str) -> Kept:
    """The page as a whole, by its lines (Penedo et al. 2024, 3.5): too few end like sentences, too many are short,
    or too many characters stand in lines that are there twice.
    """
    ended = sum(line.rstrip().endswith((".", "!", "?", "。", "…", '"', "”", "'")) for line in lines) / max(
        len(lines), 1
    )
    short = sum(len(line) <= 30 for line in lines) / max(len(lines), 1)
    counts = Counter(lines)
    copies = sum((n - 1) * len(line) for line, n in counts.items())
    doubled = copies / max(sum(map(len, lines)), 1)
    return [ended > 0.12 and short < 0.67 and doubled <= 0.01] * len(lines)


def justext_rules(lines: Sequence[str], language: str) -> Kept:
    """JusText's own classification by length and stop words, and by neighbours (Pomikálek 2011), without markup."""
    from justext.core import classify_paragraphs, revise_paragraph_classification
    from justext.paragraph import Paragraph

    from extraction.peers import stop_words

    class Place:
        dom = xpath = "html.body.p"

    paragraphs = []
    for line in lines:
        paragraph = Paragraph(Place)
        paragraph.append_text(line)
        paragraphs.append(paragraph)
    classify_paragraphs(paragraphs, stop_words(language))
    revise_paragraph_classification(paragraphs)
    return [not paragraph.is_boilerplate for paragraph in paragraphs]


RULES = {
    "keep everything": keep_all,
    "jusText's length and stop-word rules": justext_rules,
    "C4's line rules": c4,
    "FineWeb's line rules": fineweb,
}
