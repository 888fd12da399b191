"""Fields that a command reads: those that its options name, else those that the model was trained with."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from copydesk.errors import ConfigError, nearest
from copydesk.formats.readers import READERS, read_records
from copydesk.formats.rows import NotARowError, Record, Source

DEFAULTS = {"text": "text", "title": None, "site": None}
# Rows and bytes at the start of an input among which a field is looked for.
AHEAD = (1_000, 4 * 2**20)


def choose_fields(args: Namespace, manifest: Mapping[str, Any]) -> dict[str, str]:
    """Set the options of fields that the command line leaves out to the fields that the model was trained with.

    Parameters
    ----------
    args : Namespace
        With ``text_field`` and ``title_field``, and perhaps ``site_field`` and ``html_field``: None where left out, ""
        for no field.
    manifest : mapping
        Of the model; ``fields`` holds the names of its training data's fields by role.

    Returns
    -------
    dict of str to str
        The fields that the command line names, by role.
    """
    remembered = manifest.get("fields", {})
    named = {}
    for role, default in DEFAULTS.items():
        option = f"{role}_field"
        given = getattr(args, option, None)
        if given is None:
            setattr(args, option, remembered.get(role, default))
        elif given:
            named[role] = given
    html = getattr(args, "html_field", None)
    if html:  # the text is that of this field, and needs none of its own
        named.pop("text", None)
        named["html"] = html
    return named


def with_fields(
    records: Iterator[Record], args: Namespace, named: Mapping[str, str], sources: Callable[[], Iterable[Source]]
) -> Iterator[Record]:
    """Return the records, once it is known that the fields to read exist.

    A field must be in one of the first rows of the input, or in the first row of one of its files. The line that warns
    of a missing title field of the model is written to standard error.

    Parameters
    ----------
    records : iterator of Record
    args : Namespace
        After ``choose_fields``.
    named : mapping of str to str
        Fields that must exist, by role.
    sources : callable
        Returns the sources of the records anew.

    Raises
    ------
    ConfigError
        A named field does not exist; names those that do.
    """
    wanted = set(named.values()) | ({args.title_field} if args.title_field else set())
    if not wanted:
        return records
    head: list[Record] = []
    present: set[str] = set()
    is_table = False
    size = 0
    for record in records:
        head.append(record)
        size += record.size
        present |= names_of(record, args.text_field)
        is_table |= READERS[record.source.format].is_table
        if wanted <= present or len(head) >= AHEAD[0] or size >= AHEAD[1]:
            break
    if is_table and present and wanted - present:
        present |= first_names(sources(), args.text_field)
        for role, field in named.items():
            if field not in present:
                raise ConfigError(f"--{role}-field {field}: no row has this field; {nearest(field, present)}")
        if wanted - present:
            warn_of_title(args.title_field)
    return chain(head, records)


def names_of(record: Record, text_field: str) -> set[str]:
    """Return the names of a record's fields; none if it can't be read."""
    if record.fault is not None:
        return set()
    try:
        return set(READERS[record.source.format].parse(record, text_field)[0])
    except NotARowError:
        return set()


def first_names(sources: Iterable[Source], text_field: str) -> set[str]:
    """Return the names of the fields in the first rows of all files."""
    found: set[str] = set()
    for source in sources:
        first = next(read_records(source, text_field), None) if source.path is not None else None
        found |= names_of(first, text_field) if first is not None else set()
    return found


def warn_of_title(field: str) -> None:
    """Warn that no row has the title field that the model was trained with."""
    print(
        f"copydesk: the model was trained with titles, in the field {field!r}, which no row has; --title-field names "
        "another, --title-field '' reads none",
        file=sys.stderr,
    )
