"""Checks of the options of TF-IDF features and of documents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from copydesk.compiled.arrays import Array
from copydesk.features.kernels.weights import NORMS
from copydesk.features.ngrams.terms import encode_terms

ANALYZERS = ("word", "char", "char_wb")
# Options that a family may set for itself.
FAMILY_OPTIONS = (
    "analyzer", "ngram_range", "token_pattern", "stop_words", "min_df", "max_df", "max_features", "vocabulary",
    "binary", "sublinear_tf", "use_idf", "smooth_idf", "norm", "part", "bm25_k1", "bm25_b", "weight",
    "n_features", "concentration",
)  # fmt: skip


def check_families(own: dict[str, Any], families: Any) -> list[dict[str, Any]]:
    """Return the options of each family: those of its own over those that are given for all; None is one family.

    Raises
    ------
    ValueError
        There is no family, or an option is unknown or out of range.
    """
    found = []
    for family in [{}] if families is None else families:
        if not isinstance(family, Mapping) or set(family) - set(FAMILY_OPTIONS):
            unknown = sorted(set(family) - set(FAMILY_OPTIONS)) if isinstance(family, Mapping) else family
            raise ValueError(f"families: {unknown!r} is no option of a family; valid: {', '.join(FAMILY_OPTIONS)}")
        found.append(check_family({**own, **family}))
    if not found:
        raise ValueError("families=[]: give at least one family, or None for one")
    return found


def check_family(options: dict[str, Any]) -> dict[str, Any]:
    """Check one family's options; return them with ``ngram_range`` as a tuple.

    Raises
    ------
    ValueError
        Names the option, the value and what is valid.
    """
    valid: dict[str, tuple[Any, ...]] = {
        "analyzer": ANALYZERS, "norm": tuple(NORMS), "part": ("text", "first_line", "title"),
    }  # fmt: skip
    for name, values in valid.items():
        if options[name] not in values:
            raise ValueError(f"{name}={options[name]!r}: valid are {', '.join(map(repr, values))}")
    n_range: Any = options["ngram_range"]
    if (
        len(n_range) != 2
        or not all(isinstance(n, int | np.integer) and n >= 1 for n in n_range)
        or n_range[0] > n_range[1]
    ):
        raise ValueError(f"ngram_range={n_range!r}: two whole numbers, the smaller first, from 1")
    if isinstance(options["stop_words"], str) and options["stop_words"] != "english":
        raise ValueError(f"stop_words={options['stop_words']!r}: valid are 'english', a list of words and None")
    for name in ("min_df", "max_df"):
        value: Any = options[name]
        whole = isinstance(value, int | np.integer)
        if isinstance(value, bool) or (value < 1 if whole else not 0 <= value <= 1):
            raise ValueError(f"{name}={value!r}: a whole number from 1, or a share from 0.0 to 1.0")
    if options["max_features"] is not None and options["max_features"] < 1:
        raise ValueError(f"max_features={options['max_features']!r}: a whole number from 1, or None")
    if not 0 <= options["concentration"] <= 1:
        raise ValueError(f"concentration={options['concentration']!r}: a share from 0.0 to 1.0")
    if options["n_features"] is not None:
        check_hashing(options)
    return {**options, "ngram_range": tuple(n_range)}


def check_hashing(options: dict[str, Any]) -> None:
    """Refuse options that need a vocabulary, which hashing lacks."""
    columns = options["n_features"]
    whole = isinstance(columns, int | np.integer) and not isinstance(columns, bool)
    if not whole or not 2 <= columns <= 1 << 30 or columns & (columns - 1):
        raise ValueError(f"n_features={columns!r}: a power of two up to 2**30, such as 2**22 (4194304), or None")
    neutral = {"vocabulary": None, "min_df": 1, "max_df": 1.0, "max_features": None}
    for name, value in neutral.items():
        if options[name] != value:
            raise ValueError(f"{name}={options[name]!r} needs a vocabulary, and n_features={columns} has none")


def check_dtype(dtype: Any) -> None:
    """Refuse dtypes other than float32 and float64."""
    try:
        known = np.dtype(dtype) in (np.float32, np.float64)
    except TypeError:
        known = False
    if not known:
        raise ValueError(f"dtype={dtype!r}: valid are float32 and float64")


def given_terms(vocabulary: Any) -> list[str] | None:
    """Return the vocabulary that was given, in the order of its columns.

    Raises
    ------
    ValueError
        It is empty, has a term twice, or its columns have gaps.
    """
    if vocabulary is None:
        return None
    if isinstance(vocabulary, Mapping):
        order = sorted(vocabulary.items(), key=lambda item: item[1])
        if [column for _, column in order] != list(range(len(order))):
            raise ValueError("vocabulary: its columns must be 0, 1, 2 … without gaps or repetitions")
        names = [term for term, _ in order]
    else:
        names = sorted(vocabulary) if isinstance(vocabulary, set) else list(vocabulary)
    if len(set(names)) != len(names):
        raise ValueError("vocabulary: a term is there twice")
    if not names:
        raise ValueError("empty vocabulary passed to fit")
    return names


def given_vocabulary(vocabulary: Any) -> tuple[Array, Array] | None:
    """Return the terms of a vocabulary that was given in UTF-8, and where each begins; errors as ``given_terms``."""
    names = given_terms(vocabulary)
    return None if names is None else encode_terms(names)


def parse_memory(size: int | str | None) -> int | None:
    """Return a number of bytes: 500_000_000, "500MB" and "2GB" are understood."""
    if size is None:
        return None
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kMG]?)B?", str(size))
    bytes_ = float(found[1]) * {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}[found[2]] if found else 0
    if bytes_ < 1e6:
        raise ValueError(f"max_memory={size!r}: a size from 1MB, such as 500MB or 2GB, or None")
    return int(bytes_)


def refuse_tables(texts: Any) -> None:
    """Refuse a data frame, table or mapping, which iterates over the names of its columns.

    Raises
    ------
    TypeError
        Says to pass a column.
    """
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):
        kind = type(texts).__name__
        raise TypeError(f"expected texts, found a {kind}, whose items are names: pass a column, such as table['text']")


def plain_list(values: Any) -> list[Any]:
    """Return the items of any iterable as Python objects: of NumPy, pandas and PyArrow arrays their plain values."""
    for convert in ("tolist", "to_pylist"):  # of pandas and NumPy; of chunked arrays of PyArrow
        if hasattr(values, convert):
            items: list[Any] = getattr(values, convert)()
            return items
    return list(values)


def check_documents(raw_documents: Any) -> list[str]:
    """Return documents as a list of strings.

    Raises
    ------
    TypeError
        A table or mapping was given in place of one of its columns, or a document is not a string; names its row.
    ValueError
        A single string was given.
    """
    if isinstance(raw_documents, str):
        raise ValueError("Iterable over raw text documents expected, string object received.")
    refuse_tables(raw_documents)
    documents = plain_list(raw_documents)
    if not set(map(type, documents)) <= {str}:
        for row, document in enumerate(documents):
            if not isinstance(document, str):
                raise TypeError(f"row {row}: expected a str, found {type(document).__name__} {str(document)[:40]!r}")
    return documents
