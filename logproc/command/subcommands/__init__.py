"""What each command does once its options are parsed: one module for each, and what only one of them needs."""
