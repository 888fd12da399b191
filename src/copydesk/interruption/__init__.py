"""Signals that end the command, and what it leaves in order before it ends."""
