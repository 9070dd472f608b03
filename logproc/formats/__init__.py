"""Bytes of a log → columns.

In the order to read: `layout` (what a line looks like), `pattern` (one line, exactly), `delimited` (a chunk at
once), `access` (the two together), `request`, `times`, `shown`, `slices`; `dispatch` finds the parser of a format
by its name, `detect` the format of a sample.
"""

from logproc.formats.readers.layout import LAYOUTS, Layout

__all__ = ["LAYOUTS", "Layout"]
