"""Read and validate a grammar of crawl leftovers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from copydesk.datasets.crawls.grammar import (
    CASES,
    CONVENTIONS,
    FILLED,
    IN_STORIES,
    LEFTOVER_PLACES,
    REQUIRED_SLOTS,
    SLOT,
    SPLIT_PARTS,
    Grammar,
    Language,
    Production,
    Style,
    slot_name,
)
from copydesk.errors import DataError, nearest

MAX_BYTES = 1_000_000


def load_grammar(shipped: Path, own: Path | None = None) -> Grammar:
    """Read ``styles.yaml`` and one file per language.

    Parameters
    ----------
    shipped : Path
        Folder of the grammar that ships.
    own : Path or None
        A folder that replaces it, or one language's file (``pl.yaml``), whose families and slots are added to it.

    Raises
    ------
    DataError
        A file is missing, too large or not of this form; names file, style or family, and key.
    """
    folder = own if own is not None and own.is_dir() else shipped
    files = [path for path in sorted(folder.glob("*.yaml")) if path.stem != "styles"]
    if not files:
        raise DataError(f"{folder}: no grammar here; expected styles.yaml and a file per language, such as en.yaml")
    languages = {path.stem: read_language(path) for path in files}
    if own is not None and folder is shipped:
        added = read_language(own, complete=own.stem not in languages)
        languages[own.stem] = _merge(languages[own.stem], added) if own.stem in languages else added
    families = {family for language in languages.values() for family in language.families}
    return Grammar(languages, read_styles(folder / "styles.yaml", families))


def read_language(path: Path, complete: bool = True) -> Language:
    """Read a language's file; unless ``complete``, slots may be missing because another file has them."""
    content = _read_yaml(path)
    _check_keys(path, "", content, {"slots", "families", "story", "conventions"})
    slots = {name: _strings(path, f"slot {name}", values) for name, values in _table(path, "slots", content).items()}
    families = {
        family: [_production(path, f"family {family}", entry) for entry in _entries(path, f"family {family}", entries)]
        for family, entries in _table(path, "families", content).items()
    }
    told = _table(path, "story", content)
    _check_keys(path, "story: ", told, {"subheads", "lines", "titles", "sentences", "blocks"})
    story = {kind: _strings(path, f"story {kind}", lines) for kind, lines in told.items() if kind != "blocks"}
    entries = _entries(path, "story blocks", told["blocks"]) if "blocks" in told else []
    blocks = [_production(path, "story blocks", entry) for entry in entries]
    conventions = _conventions(path, _table(path, "conventions", content))
    language = Language(path.stem, families, slots, story, conventions, blocks)
    if complete:
        for name in REQUIRED_SLOTS:
            if name not in slots:
                raise DataError(f"{path}: slots: no {name!r}; names and places need {', '.join(REQUIRED_SLOTS)}")
        _check_slots(path, language)
    return language


def read_styles(path: Path, families: Iterable[str]) -> dict[str, Style]:
    """Read the styles; they may place ``families`` only."""
    known, styles = set(families), {}
    for name, entry in _table(path, "styles", _read_yaml(path)).items():
        where = f"style {name}: "
        if not isinstance(entry, dict):
            raise DataError(f"{path}: {where}{entry!r} is no mapping of places to families")
        _check_keys(path, where, entry, {"part", "case", "glue", *LEFTOVER_PLACES})
        for key, valid in (("part", SPLIT_PARTS), ("case", CASES)):
            if (key in entry or key == "part") and entry.get(key) not in valid:
                raise DataError(f"{path}: {where}{key} is {entry.get(key)!r}; valid: {', '.join(valid)}")
        if not _is_share(entry.get("glue", 0)):
            raise DataError(f"{path}: {where}glue is {entry['glue']!r}; valid: a chance from 0 to 1")
        fields: dict[str, Any] = {
            place: _place(path, f"{where}{place}: ", entry, place, known) for place in LEFTOVER_PLACES
        }
        fields |= {key: entry[key] for key in ("part", "case", "glue") if key in entry}
        styles[str(name)] = Style(str(name), **fields)
    return styles


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: over {MAX_BYTES:,} bytes; a grammar file is smaller")
        text = path.read_text(encoding="utf-8")
        # libyaml reads no more than the safe loader in Python does, ten times as fast; not every wheel has it.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, loader)):
            raise DataError(f"{path}: YAML aliases (*name) are not allowed in a grammar")
        content = yaml.load(text, loader)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise DataError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise DataError(f"{path}: {type(content).__name__} instead of a mapping; see data/boilerplate/README.md")
    return content


def _table(path: Path, key: str, content: Mapping[str, Any]) -> dict[str, Any]:
    table = content.get(key, {})
    if not isinstance(table, dict) or not (table or key in ("story", "conventions")):
        raise DataError(f"{path}: {key}: missing, empty or no mapping; see data/boilerplate/README.md")
    return table


def _check_keys(path: Path, where: str, found: Iterable[Any], valid: set[str]) -> None:
    for key in found:
        if key not in valid:
            raise DataError(f"{path}: {where}key {key!r} is unknown; {nearest(str(key), valid)}")


def _entries(path: Path, where: str, entries: Any) -> list[Any]:
    if not isinstance(entries, list) or not entries:
        raise DataError(f"{path}: {where}: {entries!r} is no list of entries")
    return entries


def _strings(path: Path, where: str, values: Any) -> list[str]:
    for value in _entries(path, where, values):
        if not isinstance(value, str) or not value.strip():
            raise DataError(f"{path}: {where}: {value!r} is not a text; put it in quotes")
    return list(values)


def _conventions(path: Path, table: dict[str, Any]) -> dict[str, list[str]]:
    _check_keys(path, "conventions: ", table, set(CONVENTIONS))
    for name, forms in table.items():
        for form in _entries(path, f"conventions {name}", forms):
            # A bullet and a separator may be white space or nothing.
            if not isinstance(form, str) or not (form.strip() or name in ("bullet", "separator")):
                raise DataError(f"{path}: conventions {name}: {form!r} is not a text; put it in quotes")
            if name == "digits" and len(form) != len(CONVENTIONS["digits"][0]):
                raise DataError(f"{path}: conventions digits: {form!r}; expected the ten digits from zero to nine")
    return {name: list(forms) for name, forms in table.items()}


def _production(path: Path, where: str, entry: Any) -> Production:
    lines = tuple(_strings(path, where, entry if isinstance(entry, list) else [entry]))
    for line in lines:
        if line.count("[") != line.count("]"):
            raise DataError(f"{path}: {where}: {line!r}: brackets do not match")
    return lines


def _check_slots(path: Path, language: Language) -> None:
    slots = language.slots
    lines = [(f"family {family}", line) for family, found in language.families.items() for one in found for line in one]
    lines += [(f"story {kind}", line) for kind, found in language.story.items() for line in found]
    lines += [("story blocks", line) for block in language.blocks for line in block]
    lines += [(f"conventions {kind}", line) for kind, found in language.conventions.items() for line in found]
    for where, line in lines:
        known = (FILLED if where.startswith("family") else IN_STORIES) | set(slots)
        for match in SLOT.finditer(line):
            if slot_name(match[1], slots) not in known:
                raise DataError(f"{path}: {where}: {line!r}: slot {match[1]!r} is unknown; {nearest(match[1], known)}")
        if "{" in SLOT.sub("", line) or "}" in SLOT.sub("", line):
            raise DataError(f"{path}: {where}: {line!r}: a brace that is no {{slot}} or {{slot*2-5}}")


def _place(path: Path, where: str, entry: dict[str, Any], place: str, families: set[str]) -> Any:
    found = entry.get(place, {})
    if not isinstance(found, dict):
        raise DataError(f"{path}: {where}{found!r} is no mapping of families")
    _check_keys(path, where, found, families)
    for family, value in found.items():
        pair = isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value)
        if place == "inside" and not _is_share(value):
            raise DataError(f"{path}: {where}{family} is {value!r}; valid: a chance from 0 to 1")
        if place != "inside" and not (pair and 0 <= value[0] <= value[1] <= 50):
            raise DataError(f"{path}: {where}{family} is {value!r}; valid: [fewest, most], at most 50")
    return {family: value if place == "inside" else tuple(value) for family, value in found.items()}


def _is_share(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _merge(language: Language, added: Language) -> Language:
    def joined(old: Mapping[str, list[Any]], new: Mapping[str, list[Any]]) -> dict[str, list[Any]]:
        return {key: [*old.get(key, []), *new.get(key, [])] for key in {**old, **new}}

    merged = Language(
        language.name,
        joined(language.families, added.families),
        joined(language.slots, added.slots),
        joined(language.story, added.story),
        joined(language.conventions, added.conventions),
        [*language.blocks, *added.blocks],
    )
    _check_slots(Path(f"{language.name}.yaml"), merged)
    return merged
