"""Composed crawls: the grammar of leftovers, simulated sites and the stories they wrap."""
