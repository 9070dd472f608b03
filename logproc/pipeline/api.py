"""`analyze` as a Python function: the same run as the command's, without its output."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from logproc.model.snapshot import Snapshot
from logproc.pipeline.openers import Openers, find_sources
from logproc.pipeline.threaded import run_threaded
from logproc.settings import load

Name = str | os.PathLike[str]


def analyze(sources: Name | Iterable[Name], *, headers: Mapping[str, str] | None = None, **options: Any) -> Snapshot:
    """Read logs and return a snapshot: panels of counts, the result of each source, and an account of all lines.

    sources: files, globs, directories (with `recursive=True`), http(s) URLs, `-` for standard input; one or several.
    headers: sent to the web server of each URL.
    options: the fields of `Settings`, such as `top=0` for all rows of each panel, `format="combined"`, `memory="64MiB"`,
        `by="hour,path"`. They are checked like the options of the command. LOGPROC_* variables and config files are ignored.

    Blocks until everything is read. A source that fails does not raise; see `snapshot.sources`. Raises UsageError for an
    invalid option or URL, and the error that stopped the run, if any, such as KeyboardInterrupt.

    >>> analyze(["sample_data/shop-access.log"]).complete
    True
    """
    settings = load(options)
    several = [sources] if isinstance(sources, str | os.PathLike) else sources
    found = find_sources([os.fspath(source) for source in several], settings)
    run = run_threaded(found, settings, Openers.of(settings, headers))
    if run.cause:
        raise run.cause
    return run.snapshot
