"""The first bytes of a source → its format."""
