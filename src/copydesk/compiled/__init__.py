"""Numba support shared by all kernels: the decorator, intrinsics, scratch arrays and threads."""
