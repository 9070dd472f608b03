"""Archives, unpacked in one thread, or in several by their blocks.

magic         what archives begin with, which ones are refused, and what is text
decoders      the decoder of each kind of archive, with one interface
codecs        the bytes of a source: of an archive decoded, of any other as they are
bz2_blocks    finds the blocks of a bzip2 archive
xz_blocks     finds the blocks of an xz archive
by_blocks     the bytes of an archive whose blocks are unpacked elsewhere
spreading     when to begin with that, and when to go back to one thread
"""
