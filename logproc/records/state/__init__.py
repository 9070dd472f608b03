"""What `--state FILE` keeps: counts, and how far the logs they are of were read."""
