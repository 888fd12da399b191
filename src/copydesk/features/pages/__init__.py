"""Features of a paragraph within its page and its site."""
