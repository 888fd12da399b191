"""Labels for the blocks of real pages, from main texts and hand-made snippets."""
