"""Streams of rows for ``predict`` and ``clean``: chunked, answered in threads, delivered in order."""
