"""Reports for people: HTML, Markdown, plots, model cards and comparison pages."""
