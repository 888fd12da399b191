"""Data and peers of the benchmark of sets of labels."""
