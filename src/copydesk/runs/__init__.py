"""A run: its folder, stages, fits, outputs and record, and finished runs."""
