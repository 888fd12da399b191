"""Explanations of decisions: n-gram contributions and reasons for paragraphs."""
