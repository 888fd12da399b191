"""Compiled kernels that read serialised HTML."""
