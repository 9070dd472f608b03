"""The types that all rooms share. Nothing here imports another part of the program."""
