"""Columns of a chunk: positions of lines and fields, their texts, and the numbers and requests in them."""
