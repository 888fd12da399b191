"""Explanations of decisions: n-gram contributions, reasons for paragraphs, highlighted mistakes."""
