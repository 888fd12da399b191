"""The interface of scikit-learn's estimators, without its import."""
