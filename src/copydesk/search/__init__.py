"""A search for the config that suits the data best: trials by cross-validation within a time budget."""
