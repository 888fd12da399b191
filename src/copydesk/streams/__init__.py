"""Reading and writing rows of any size, losing none."""
