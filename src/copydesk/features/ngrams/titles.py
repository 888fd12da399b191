"""Title of a text: its first line or, in a message, the subject in its header."""

from __future__ import annotations

import re

# A header: lines "Name: value", longer values continued on lines that begin with a space. Names hold no space and no
# colon, so that every line can be read in one way only and the search is linear.
SUBJECT = r"(?i:(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*?subject:[ \t]*([^\n]*))"
_SUBJECT = re.compile(SUBJECT)


def title_span(text: str) -> tuple[int, int]:
    """Return begin and end of the title of a text, in characters."""
    subject = _SUBJECT.match(text)
    if subject:
        return subject.span(1)
    end = text.find("\n")
    return 0, len(text) if end < 0 else end


def title_of(text: str) -> str:
    """Return the title of a text."""
    start, end = title_span(text)
    return text[start:end]
