"""Columns into counts: the tally of a chunk, merging tallies, and the panels made of them."""
