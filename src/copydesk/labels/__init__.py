"""Sets of labels: indicator matrices, hierarchies and stratification."""
