"""Types of Parquet columns: the narrowest that keep every value exactly.

A value goes into a typed column only if it comes out of it the same: whole numbers that fit 64 bits, numbers whose
digits a float64 gives back, text, true and false, and lists and objects of these. A column that holds anything else,
or a mixture, is text: each value as the JSON that it was. A field that a row does not have is null.
"""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

EXACT = 2**53  # whole numbers up to it are the same in float64

# A type as data: a name, ("list", type) or ("struct", {field: type}); "json" for values that have no other.
AS_JSON = "json"
NULL = "null"


class Digits(str):
    """A number as it was written."""


class Twice:
    """Stands for an object that has a field twice."""


def _object(pairs: list[tuple[str, Any]]) -> Any:
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else Twice()


TYPED = json.JSONDecoder(parse_int=Digits, parse_float=Digits, parse_constant=Digits, object_pairs_hook=_object)


def type_of(value: Any) -> Any:
    """Return the narrowest type that gives a value back as it is."""
    if value is None:
        return NULL
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, Digits):
        return _number_type(value)
    if isinstance(value, str):
        return "text" if value.isascii() or not any("\ud800" <= c <= "\udfff" for c in value) else AS_JSON
    if isinstance(value, list):
        item: Any = NULL
        for each in value:
            item = unify(item, type_of(each))
        return AS_JSON if item == AS_JSON else ("list", item)
    if isinstance(value, dict) and value:
        fields = {name: type_of(each) for name, each in value.items()}
        return AS_JSON if AS_JSON in fields.values() else ("struct", fields)
    return AS_JSON


def _number_type(digits: str) -> str:
    if digits.removeprefix("-").isdigit():
        number = int(digits) if len(digits) < 25 else 2**80
        return "exact" if abs(number) <= EXACT else "int" if -(2**63) <= number < 2**63 else AS_JSON
    given_back = repr(float(digits))
    try:
        exact = digits == given_back or Decimal(digits) == Decimal(given_back)
    except InvalidOperation:  # an exponent that Decimal can't hold
        exact = False
    return "float" if exact else AS_JSON


def unify(one: Any, other: Any) -> Any:
    """Return the narrowest type for the values of both."""
    if one == other or other == NULL:
        return one
    if one == NULL:
        return other
    if isinstance(one, str) and isinstance(other, str):
        pair = {one, other}
        return "int" if pair == {"exact", "int"} else "float" if pair == {"exact", "float"} else AS_JSON
    if isinstance(one, str) or isinstance(other, str) or one[0] != other[0]:
        return AS_JSON
    if one[0] == "list":
        item = unify(one[1], other[1])
        return AS_JSON if item == AS_JSON else ("list", item)
    fields = {name: unify(one[1].get(name, NULL), other[1].get(name, NULL)) for name in {**one[1], **other[1]}}
    return AS_JSON if AS_JSON in fields.values() else ("struct", fields)


def arrow_type(found: Any) -> Any:
    """Return the Arrow type."""
    import pyarrow as pa

    if isinstance(found, str):
        plain = {"bool": pa.bool_(), "exact": pa.int64(), "int": pa.int64(), "float": pa.float64()}
        return plain.get(found, pa.string())
    if found[0] == "list":
        return pa.list_(arrow_type(found[1]))
    return pa.struct([pa.field(name, arrow_type(each)) for name, each in found[1].items()])


def settled(value: Any, found: Any) -> Any:
    """Return a value in the type of its column."""
    if isinstance(value, Digits):
        return float(value) if found == "float" else int(value)
    if isinstance(value, list):
        return [settled(each, found[1]) for each in value]
    if isinstance(value, dict):
        return {name: settled(each, found[1][name]) for name, each in value.items()}
    return value


def plain_type(found: Any) -> Any:
    """Return an Arrow type with plain strings and binaries in the place of dictionaries and views, at any depth."""
    import pyarrow as pa

    kinds = pa.types
    if kinds.is_string_view(found):
        return pa.string()
    if kinds.is_binary_view(found):
        return pa.binary()
    if kinds.is_dictionary(found):
        return plain_type(found.value_type)
    if kinds.is_struct(found):
        return pa.struct([each.with_type(plain_type(each.type)) for each in found])
    if kinds.is_map(found):
        return found
    for is_kind, made in ((kinds.is_list, pa.list_), (kinds.is_large_list, pa.large_list)):
        if is_kind(found):
            return made(found.value_field.with_type(plain_type(found.value_type)))
    return found
