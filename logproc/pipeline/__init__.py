"""The whole run, from sources to a snapshot. Start with `serial`, the specification; `threaded` does the same with threads."""
