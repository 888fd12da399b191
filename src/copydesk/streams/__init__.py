"""Rows in, answers out, in order and with nothing lost: what ``predict`` and ``clean`` run on."""
