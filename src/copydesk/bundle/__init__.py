"""Saved models: written atomically, verified before loading, and free of executable content."""

from copydesk.bundle.bundle import load_bundle, measure, read_manifest, save_bundle

__all__ = ["load_bundle", "measure", "read_manifest", "save_bundle"]
