"""Snapshot → reports as text, CSV and JSON, and writing them to a file or stdout.

Only modules that draw for the terminal import rich.
"""
