"""Loaded models: the topic model and the cleaner."""
