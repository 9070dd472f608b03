"""What a user may ask of the records: which of them count, and what is counted."""
