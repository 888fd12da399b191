"""Search for the best config: cross-validated trials within a time budget."""
