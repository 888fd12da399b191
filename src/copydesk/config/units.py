"""Parsing and formatting of durations and sizes."""

from __future__ import annotations

import re
from typing import Any

from copydesk.errors import ConfigError

SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
BYTES = {"B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9}


def parse_duration(value: Any, key: str) -> float:
    """Parse a duration such as "90s", "5m", "1h" or "1h30m"; return seconds.

    Raises
    ------
    ConfigError
        It is not a duration above 0.
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)([smhd])", str(value))
    seconds = sum(float(number) * SECONDS[unit] for number, unit in parts)
    if "".join(number + unit for number, unit in parts) != str(value) or not seconds > 0:
        raise ConfigError(f"{key}={value}: must be a duration above 0 with its unit, such as 90s, 5m, 1h or 1h30m")
    return seconds


def parse_size(value: Any, key: str) -> int:
    """Parse a size such as "500kB", "5MB" or "1GB", where 1 kB is 1,000 bytes; return bytes.

    Raises
    ------
    ConfigError
        It is not a size above 0.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(B|kB|MB|GB)", str(value))
    size = int(float(found[1]) * BYTES[found[2]]) if found else 0
    if size < 1:
        raise ConfigError(f"{key}={value}: must be a size above 0 with its unit, such as 500kB, 5MB or 1GB")
    return size


def shown_size(size: float) -> str:
    """Format bytes in the largest unit that fits."""
    unit = next((unit for unit in ("GB", "MB", "kB") if size >= BYTES[unit]), "B")
    return f"{size / BYTES[unit]:.{0 if unit == 'B' else 2}f} {unit}"


def shown_duration(seconds: float) -> str:
    """Format seconds as text that ``parse_duration`` reads."""
    if seconds < 90:
        return f"{max(1, round(seconds))}s"
    return f"{round(seconds / 60)}m"
