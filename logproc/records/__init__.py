"""Matching records out again, and the state of a run that goes on."""
