"""Compiled kernels: tokens, n-grams, counts, weights, scores and page statistics."""
