"""Saved models: written whole or not at all, checked before they are loaded, and nothing but data."""

from copydesk.bundle.bundle import load, measure, read_manifest, save

__all__ = ["load", "measure", "read_manifest", "save"]
