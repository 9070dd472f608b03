"""Records for a person at a terminal: harmless, and in colours."""
