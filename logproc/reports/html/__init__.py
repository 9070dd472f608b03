"""The report as one HTML page: it needs no network, no other file, and no JavaScript to be read."""
