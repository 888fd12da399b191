"""Datasets: each loads as one frame of labelled texts."""
