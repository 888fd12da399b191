"""Fingerprints of a model's training texts, by which an evaluation recognises rows that the model has seen.

A fingerprint is 8 bytes of the BLAKE2b digest of a document's text, its white space normalised: paragraphs are
recognised by their whole document, since the same line stands on many pages.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from copydesk.datasets.audit import join_documents, normalise

if TYPE_CHECKING:
    import pandas as pd

FINGERPRINT_BYTES = 8
SEEN_SHARE = 0.1  # of a limited model size; fingerprints that take more are left out
SEEN_FILE = "training_rows.bin"  # of a bundle: the fingerprints, sorted, little-endian


def fingerprints(texts: list[str]) -> NDArray[np.uint64]:
    """Return the fingerprint of each text, shape (n_texts,)."""
    digests = b"".join(
        blake2b(normalise(text).encode("utf-8", "surrogatepass"), digest_size=FINGERPRINT_BYTES).digest()
        for text in texts
    )
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def fingerprints_of(frame: pd.DataFrame) -> NDArray[np.uint64]:
    """Return the fingerprints of the documents of a training set."""
    return fingerprints(join_documents(frame)["text"].tolist())


def encode_seen(prints: NDArray[np.uint64]) -> bytes:
    """Return fingerprints as the content of ``SEEN_FILE``."""
    return np.unique(prints).astype("<u8").tobytes()


def leaves_room(seen_bytes: int, max_bytes: int | None, used: int = 0) -> bool:
    """Return whether fingerprints of this size go into a bundle of at most ``max_bytes``, of which some are used."""
    return max_bytes is None or (seen_bytes <= SEEN_SHARE * max_bytes and used + seen_bytes <= max_bytes)


def read_seen(folder: Path) -> NDArray[np.uint64] | None:
    """Return the fingerprints in a bundle that has been verified; None if it has none."""
    file = folder / SEEN_FILE
    return np.frombuffer(file.read_bytes(), dtype="<u8").astype(np.uint64) if file.is_file() else None


def seen_rows(frame: pd.DataFrame, known: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Return which rows of a frame belong to documents with known fingerprints, shape (n_rows,)."""
    documents = join_documents(frame)
    seen = documents["document"][np.isin(fingerprints(documents["text"].tolist()), known)]
    return np.asarray(frame["document"].isin(set(seen)).to_numpy(bool))
