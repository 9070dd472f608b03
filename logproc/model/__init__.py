"""The nouns that cross rooms. A leaf: nothing here imports another part of the program."""
