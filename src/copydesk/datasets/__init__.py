"""Datasets: each is loaded as one frame of labelled texts."""
