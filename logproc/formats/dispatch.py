"""A format's name → the format.

Imported with the pipeline and not when the first chunk comes: an import inside a worker holds a lock that the other
workers then wait for, and competes with them for the GIL. It took 0.1 of 1.2 seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from logproc.formats.known import FORMATS, PLAIN
from logproc.formats.readers.access import AccessFormat
from logproc.formats.readers.json_lines import JsonFormat
from logproc.formats.readers.layout import LAYOUTS
from logproc.formats.readers.logfmt import LogfmtFormat
from logproc.formats.readers.w3c import W3cFormat

if TYPE_CHECKING:
    from logproc.formats.format import Format

BY_NAME: dict[str, Format] = {
    **{layout.name: AccessFormat(layout) for layout in LAYOUTS},
    **{form.name: form for form in FORMATS},
}
"""The formats that are the same for all sources."""
SAMPLED: dict[str, Format] = {"json": JsonFormat(), "logfmt": LogfmtFormat(), "w3c": W3cFormat(), "text": PLAIN, "plain": PLAIN}
"""Those that take what they look for from a sample of the source, as they are without one."""
