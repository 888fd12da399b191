"""File formats of rows, read and written in one place each."""
