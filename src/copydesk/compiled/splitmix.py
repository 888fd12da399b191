"""The finaliser of SplitMix64, a hash of 64-bit numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from copydesk.compiled.kernel import kernel

INCREMENT = np.uint64(0x9E3779B97F4A7C15)  # of a generator's state from one number to the next


@kernel
def mixed(value: Any) -> Any:
    """Scramble a 64-bit number (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators")."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
