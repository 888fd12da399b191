"""Dual coordinate descent solvers and the training rows they read."""
