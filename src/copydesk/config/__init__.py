"""Compose, validate and build run configs."""
