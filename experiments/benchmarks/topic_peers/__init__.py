"""Peers of the topic classifiers, and timing, for ``training.py`` and ``prediction.py``."""
