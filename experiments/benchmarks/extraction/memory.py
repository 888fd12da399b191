"""Print the most megabytes that a process holds which takes the texts of pages.

python -m extraction.memory EXTRACTOR < pickled pairs of HTML in bytes and language
"""

from __future__ import annotations

import pickle
import sys
from functools import cache
from pathlib import Path

import copydesk
from copydesk.models.cleaner import Cleaner
from copydesk.text.decoding import decode
from extraction.peers import extract

TOGETHER = 30


@cache
def load_cleaner() -> Cleaner:
    return copydesk.load("boilerplate-html")


def clean_all(pages: list[tuple[bytes, str]]) -> list[str]:
    """Return the texts of pages, cleaned by chunks."""
    from copydesk.text.html import read_page

    cleaner = load_cleaner()
    return [
        each.text
        for at in range(0, len(pages), TOGETHER)
        for each in cleaner.clean_pages([read_page(html) for html, _ in pages[at : at + TOGETHER]])
    ]


def main() -> None:
    name, pages = sys.argv[1], pickle.load(sys.stdin.buffer)
    if name == "copydesk":
        clean_all(pages)
    else:
        for html, language in pages:
            extract(name, decode(html), language)
    # Not getrusage: after a fork its maximum is that of the parent, too.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines())
    print(int(status["VmHWM"].split()[0]) / 1e3)


if __name__ == "__main__":
    main()
