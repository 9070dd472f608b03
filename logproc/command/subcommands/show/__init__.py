"""`logproc show`: which records, written how, and to where."""
