"""`analyze` as a Python function: the same run as the command's, without its output."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from logproc.model.errors import NO_SOURCE, UsageError
from logproc.model.snapshot import Snapshot
from logproc.pipeline.openers import Openers, find_sources
from logproc.pipeline.threaded import run_threaded
from logproc.settings import load

Name = str | bytes | os.PathLike[str] | os.PathLike[bytes]


def analyze(sources: Name | Iterable[Name], *, headers: Mapping[str, str] | None = None, **options: Any) -> Snapshot:
    """Read logs and return a snapshot: panels of counts, the result of each source, and an account of all lines.

    sources: files, globs, directories (with `recursive=True`), http(s) URLs, `-` for standard input; one or several.
    headers: sent to the server of the URLs and to no other; with several servers, the keys are `"HOST NAME"`.
    options: the fields of `Settings`, such as `top=0` for all rows of each panel, `format="combined"`, `memory="64MiB"`,
        `by="hour,path"`. They are checked like the options of the command. LOGPROC_* variables and config files are ignored.

    Blocks until everything is read. A source that fails does not raise; see `snapshot.sources`. Raises UsageError for an
    invalid option, header or URL, or if there is no source, and the error that stopped the run, if any, such as
    KeyboardInterrupt.

    >>> analyze(["sample_data/shop-access.log"]).complete
    True
    """
    settings = load(options)
    found = find_sources(names_of(sources), settings)
    run = run_threaded(found, settings, Openers.of(settings, headers, sources=found))
    if run.cause:
        raise run.cause
    return run.snapshot


def names_of(sources: Name | Iterable[Name]) -> list[str]:
    """Return the sources as the command line has them. Raises UsageError if there is none, or for what is not a path."""
    several = [sources] if isinstance(sources, str | bytes | os.PathLike) else sources
    try:
        names = [os.fsdecode(source) for source in several]
    except TypeError as error:
        raise UsageError(f"sources: {sources!r} is not a path or a list of paths", NO_SOURCE[1]) from error
    if not names:
        raise UsageError(*NO_SOURCE)
    return names
