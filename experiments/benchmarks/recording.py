"""Recorded tables: the machine they were measured on, and their sections."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from datetime import date
from importlib.metadata import version
from pathlib import Path


def machine(packages: Iterable[str]) -> str:
    """Return processor, cores, versions and day in one line."""
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    cpu = found[1].strip() if found else platform.processor()
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{cpu}, {os.cpu_count()} cores; Python {platform.python_version()}, {versions}; {date.today()}"


def split_sections(text: str) -> dict[str, str]:
    """Return the body of each ``##`` section by its heading."""
    return dict(re.findall(r"^## (.+?)\n\n(.*?)(?=^## |\Z)", text, flags=re.M | re.S))
