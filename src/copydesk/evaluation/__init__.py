"""Judging models: metrics, intervals, reports, comparisons."""
