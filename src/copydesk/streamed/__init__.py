"""Training on more data than memory holds: chunks of rows, blocks of features on disk, one block fitted at a time."""
