"""Matching records out again: which they are, and how they are written: the bytes of the log, JSON, CSV, Parquet, fields."""
