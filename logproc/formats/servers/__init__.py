"""Definitions of nginx and Apache, as they are in the configuration of a server → formats."""
