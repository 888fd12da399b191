"""Text to numbers: n-gram kernels, TF-IDF, paragraph features."""
