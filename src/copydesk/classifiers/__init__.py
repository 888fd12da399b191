"""Linear classifiers, page-level sequence models, and decisions over their scores."""
