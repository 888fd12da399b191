"""The grammar of crawl leftovers: productions by language and family, and the styles in which sites place them."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copydesk.errors import DataError

MAX_BYTES = 1_000_000
CHOICE = re.compile(r"\[([^\[\]]*)\]")
SLOT = re.compile(r"\{(\w+)\}")
ESCAPED_BAR = "\x00"

# Of the productions of a family every fourth, after the first three, is kept for test styles: a model that
# has learnt phrases by heart meets ones that it has not seen.
RESERVED_EVERY, ALWAYS_SHARED = 4, 3


@dataclass(frozen=True)
class Language:
    """Productions and slot values of one language."""

    name: str
    families: dict[str, list[str]]
    slots: dict[str, list[str]]

    def productions(self, family: str, part: str) -> list[str]:
        """Return a family's productions as the styles of a part of the data may use them."""
        found = self.families.get(family, [])
        if part == "test":
            return found
        return [
            production
            for place, production in enumerate(found)
            if place < ALWAYS_SHARED or (place - ALWAYS_SHARED) % RESERVED_EVERY != RESERVED_EVERY - 1
        ]


@dataclass(frozen=True)
class Style:
    """How sites of one kind place leftovers.

    Attributes
    ----------
    part : {"train", "test"}
    top, under, after : dict of family to (fewest, most) lines
        Before the title, between title and lead, after the article; in this order.
    inside : dict of family to chance in each gap between paragraphs
    end : {"single", "blank"}
        Whether leftovers at the end have blank lines between them.
    case : {"keep", "upper"}
    """

    name: str
    part: str
    top: dict[str, tuple[int, int]]
    under: dict[str, tuple[int, int]]
    inside: dict[str, float]
    after: dict[str, tuple[int, int]]
    end: str = "blank"
    case: str = "keep"


def load_grammar(folder: Path) -> tuple[dict[str, Language], dict[str, Style]]:
    """Read ``styles.yaml`` and one file per language.

    Raises
    ------
    DataError
        A file is missing, too large or not of this form; names file, style or family, and key.
    """
    styles = {}
    for name, entry in _mapping(folder / "styles.yaml", "styles").items():
        known = {"part", "end", "case", "top", "under", "inside", "after"}
        unknown = set(entry) - known
        if unknown or entry.get("part") not in ("train", "test"):
            fault = f"key {sorted(unknown)[0]!r} is unknown" if unknown else "part must be train or test"
            raise DataError(f"{folder / 'styles.yaml'}: style {name}: {fault}; valid keys: {', '.join(sorted(known))}")
        counts = {place: {f: tuple(n) for f, n in entry.get(place, {}).items()} for place in ("top", "under", "after")}
        rest = {key: entry[key] for key in ("end", "case") if key in entry}
        styles[name] = Style(name, entry["part"], inside=entry.get("inside", {}), **counts, **rest)
    languages = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.stem != "styles":
            languages[path.stem] = Language(path.stem, _mapping(path, "families"), _mapping(path, "slots"))
            _check(path, languages[path.stem], styles)
    if not languages:
        raise DataError(f"{folder}: no grammar here; expected styles.yaml and a file per language, such as en.yaml")
    return languages, styles


def _mapping(path: Path, key: str) -> dict[str, Any]:
    import yaml

    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: over {MAX_BYTES:,} bytes; a grammar file is smaller")
        text = path.read_text(encoding="utf-8")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text)):
            raise DataError(f"{path}: YAML aliases are not used in a grammar")
        content = yaml.safe_load(text)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict) or not isinstance(content.get(key), dict) or not content[key]:
        raise DataError(f"{path}: no {key!r} in it; see data/boilerplate/README.md")
    return dict(content[key])


# Slots that are filled from the page, the site or by counting.
FILLED = frozenset(
    "author author2 handle domain site other num count mins mon day year time section section2 section3 topic2 topic3"
    .split()
)  # fmt: skip


def _check(path: Path, language: Language, styles: dict[str, Style]) -> None:
    for family, productions in language.families.items():
        for production in productions:
            unknown = set(SLOT.findall(production)) - FILLED - set(language.slots)
            if unknown or production.count("[") != production.count("]"):
                fault = f"slot {sorted(unknown)[0]!r} is unknown" if unknown else "brackets do not match"
                raise DataError(f"{path}: family {family}: {production!r}: {fault}")
    for style in styles.values():
        for family in [*style.top, *style.under, *style.inside, *style.after]:
            if family not in language.families:
                raise DataError(f"{path}: no family {family!r}, which style {style.name} of styles.yaml uses")


def choose(production: str, draw: random.Random) -> str:
    """Settle every ``[a|b]`` of a production; slots stay."""
    text = production.replace("\\|", ESCAPED_BAR)
    while match := CHOICE.search(text):
        text = text[: match.start()] + draw.choice(match[1].split("|")) + text[match.end() :]
    return text.replace(ESCAPED_BAR, "|")


def fill(text: str, values: dict[str, str], language: Language, draw: random.Random) -> str:
    """Fill every slot: from ``values``, else by chance from the language's own, or a number."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name in values:
            return values[name]
        pool = language.slots.get(name.rstrip("23")) or language.slots.get(name)
        if pool:
            return draw.choice(pool)
        numbers = {"day": (1, 28), "mins": (2, 12), "num": (1, 10), "count": (2, 2400)}
        if name in ("mon", "time"):
            low, high = (1, 12) if name == "mon" else (0, 23)
            return (
                f"{draw.randint(low, high):02d}"
                if name == "mon"
                else f"{draw.randint(low, high):02d}:{draw.randint(0, 59):02d}"
            )
        return str(draw.randint(*numbers.get(name, (2005, 2025))))

    return SLOT.sub(value, text).strip()
