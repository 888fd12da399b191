"""What is stored in fewer bytes comes back as it was, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.bundle import load_bundle, save_bundle
from copydesk.bundle.encoding import MIN_COMPACTED, EncodedEstimator, decode_estimator
from copydesk.classifiers.quantised import Quantised
from copydesk.errors import ModelError


def round_trip(array: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    encoded = EncodedEstimator({"weights": array})
    return decode_estimator(encoded.tree, encoded.arrays, {})["weights"], encoded.arrays


@pytest.mark.fuzz
@given(
    st.lists(st.floats(width=32), min_size=1, max_size=300),
    st.sampled_from([MIN_COMPACTED - 1, MIN_COMPACTED, 3 * MIN_COMPACTED]),
    st.sampled_from([np.float32, np.float64]),
    st.integers(1, 3),
)
@settings(deadline=None, max_examples=60)
def test_law_arrays_of_floats_come_back_to_the_bit(values: list[float], size: int, kind: type, columns: int) -> None:
    array = np.resize(np.array(values, dtype=kind), (size, columns))
    found, stored = round_trip(array)
    assert found.dtype == array.dtype
    assert found.tobytes() == array.tobytes()
    assert sum(each.nbytes for each in stored.values()) <= array.nbytes


def test_few_different_values_take_a_byte_each() -> None:
    array = np.random.default_rng(0).integers(-127, 128, size=(50_000, 2)).astype(np.float32)
    found, stored = round_trip(array)
    assert found.tobytes() == array.tobytes()
    assert sum(each.nbytes for each in stored.values()) <= 100_000 + 4 * 256


def test_a_value_that_is_not_there_is_refused() -> None:
    encoded = EncodedEstimator({"weights": np.zeros(MIN_COMPACTED)})
    broken = {name: each + 1 if each.dtype == np.uint8 else each for name, each in encoded.arrays.items()}
    with pytest.raises(ModelError, match="a value that does not exist"):
        decode_estimator(encoded.tree, broken, {})


def test_a_compressed_bundle_is_smaller_the_same_and_the_same_again(tmp_path: Path) -> None:
    model = Quantised(levels=15)
    model.weights_ = np.random.default_rng(0).integers(-7, 8, size=(20_000, 1)).astype(np.float32)
    for name, compressed in (("plain", False), ("small", True), ("again", True)):
        save_bundle(tmp_path / name, model, {"task": "topic", "classes": []}, compressed=compressed)
    loaded, _ = load_bundle(tmp_path / "small")
    assert loaded.weights_.tobytes() == model.weights_.tobytes()
    size = {name: (tmp_path / name / "arrays.npz").stat().st_size for name in ("plain", "small")}
    assert size["small"] < 0.7 * size["plain"] < 20_000
    assert (tmp_path / "small" / "arrays.npz").read_bytes() == (tmp_path / "again" / "arrays.npz").read_bytes()


def test_floats_that_half_precision_holds_are_stored_in_it() -> None:
    array = np.random.default_rng(0).normal(size=(600, 10)).astype(np.float16).astype(np.float32)
    found, stored = round_trip(array)
    assert found.dtype == np.float32
    assert found.tobytes() == array.tobytes()
    assert sum(each.nbytes for each in stored.values()) == array.nbytes // 2


def test_half_precision_of_another_type_than_floats_is_refused() -> None:
    tree = {"kind": "half", "name": "w", "dtype": "object"}
    with pytest.raises(ModelError, match="half precision"):
        decode_estimator(tree, {"w": np.zeros(3, dtype=np.float16)}, {})
