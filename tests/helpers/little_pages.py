"""Small pages of several sites with their main texts, in the layout of the Web Content Extraction Benchmark."""

from __future__ import annotations

import json
import random
from pathlib import Path

NOUNS = "council bridge river mayor school budget harbour market library station theatre museum".split()
VERBS = "closed opened rejected welcomed delayed approved postponed debated funded restored".split()
AROUND = ["Subscribe to our newsletter", "Share this article", "Read more", "Privacy policy", "All rights reserved"]


def write_pages(folder: Path, sites: int = 8, pages: int = 4) -> None:
    """Write pages of several sites, each with menus and prompts around sentences of its own."""
    (folder / "html" / "ours").mkdir(parents=True)
    (folder / "ground-truth").mkdir()
    records = []
    for number in range(sites * pages):
        draw = random.Random(number)
        story = [sentence(draw) for _ in range(draw.randint(4, 8))]
        body = "".join(f"<p>{paragraph}</p>" for paragraph in story)
        menu = "".join(f"<li><a href='/'>{noun.title()}</a></li>" for noun in draw.sample(NOUNS, 5))
        end = "".join(f"<div>{line}</div>" for line in draw.sample(AROUND, 4))
        html = f"<ul>{menu}</ul><main><h1>News {number}</h1>{body}<div>{draw.choice(AROUND)}</div></main>{end}"
        (folder / "html" / "ours" / f"{number}.html").write_text(html, encoding="utf-8")
        url = f"https://site{number // pages}.example/{number}"
        records.append(json.dumps({"page_id": str(number), "url": url, "plaintext": "\n".join(story)}))
    (folder / "ground-truth" / "ours.jsonl").write_text("\n".join(records), encoding="utf-8")


def sentence(draw: random.Random) -> str:
    first, second, third = draw.sample(NOUNS, 3)
    verb, when = draw.choice(VERBS), draw.choice(["Monday", "Tuesday", "Friday"])
    return f"The {first} was {verb} on {when}, said the {second}, after a long dispute about the {third} last year."
