"""Logs that grow and are rotated, as bytes in the order in which they were written.

In reading order:

    marks        digests by which content is known again; the position of a reader
    content      looks into a file to find out whose content it is
    one_file     one file: read from its offset, if what was before it is still there
    rotation     the files of a log, one after the other, with their late lines
    discovery    which files there are; known_files: which were read
    survey       which file is where now, after a rotation; settling: of an earlier run
    watcher      waits until something may have happened
    following    all of it, as one iterator
"""

from logproc.sources.follow.following import Following
from logproc.sources.follow.marks import Trail
from logproc.sources.follow.rotation import Log, Read

__all__ = ["Following", "Log", "Read", "Trail"]
