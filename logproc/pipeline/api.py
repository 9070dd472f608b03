"""`analyze` for programs: the same run as the command's, without its output."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from logproc.model.snapshot import Snapshot
from logproc.pipeline.openers import Doors, find_sources
from logproc.pipeline.threaded import run_threaded
from logproc.settings import load

Name = str | os.PathLike[str]


def analyze(sources: Name | Iterable[Name], *, headers: Mapping[str, str] | None = None, **options: Any) -> Snapshot:
    """Read logs and return what is in them: the account, the panels, and what became of each source.

    sources: files, globs, directories (with `recursive=True`), http(s) URLs, `-` for standard input; one or several.
    headers: sent to every web server that a source names.
    options: the fields of `Settings`, such as `top=0` for all rows of each panel, `format="combined"`, `memory="64MiB"`,
        `by="hour,path"`. They are checked as those of the command are. Variables and config files play no part.

    Blocks until everything is read. A source that fails does not raise; see `snapshot.sources`. Raises UsageError for an
    option or a URL that makes no sense, and the error that stopped the run if one did; KeyboardInterrupt is one of those.

    >>> analyze(["sample_data/shop-access.log"]).complete
    True
    """
    settings = load(options)
    several = [sources] if isinstance(sources, str | os.PathLike) else sources
    found = find_sources([os.fspath(source) for source in several], settings)
    run = run_threaded(found, settings, Doors.of(settings, headers))
    if run.cause:
        raise run.cause
    return run.snapshot
