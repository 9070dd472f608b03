"""The compiled twin of the quick reader of access logs: `kernel.c`, and how it is called."""
