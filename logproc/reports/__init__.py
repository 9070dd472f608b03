"""A Snapshot → text for people and for programs, and its way to a file or to stdout.

In the order to read: `safe` (what may be shown), `units`, `figures` (numbers by their metrics), `json_report`,
`csv_report`, `output`; then the terminal: `look`, `keys`, `chart`, `panels`, `sections`, `terminal`; and `progress`,
which is painted while a run lasts. What needs rich is imported by the user of `terminal` alone.
"""
