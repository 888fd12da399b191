"""What topic classifiers are measured beside, and how: shared by ``training.py`` and ``prediction.py``."""
