"""Where examples come from: every dataset becomes one frame of labelled texts."""
