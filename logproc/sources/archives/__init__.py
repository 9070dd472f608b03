"""Archives that are unpacked by several threads: their blocks, and the stream that puts the blocks together again.

magic         what archives begin with
bz2_blocks    finds the blocks of a bzip2 archive
xz_blocks     finds the blocks of an xz archive
by_blocks     the bytes of an archive whose blocks are unpacked elsewhere
spreading     when to begin with that, and when to go back to one thread
"""
