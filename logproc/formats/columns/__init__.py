"""Columns of a chunk: where its lines and fields are, the texts of fields, and what numbers and requests they hold."""
