"""Extractors, rules and text comparison for ``boilerplate.py``."""
