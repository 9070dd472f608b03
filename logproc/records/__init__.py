"""Matching records out again: which lines they are, and how they are written."""
