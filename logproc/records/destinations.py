"""Where records are written to: stdout, or a file that appears under its name when it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from logproc.model.errors import OutputError
from logproc.reports.output import failure, is_special, opened_directly, put_in_place, reported, temporary_file, write_whole

Write = Callable[[Any], None]


def to_stdout(stream: BinaryIO | None) -> Write:
    """Return a function that writes bytes to stdout. It blocks as long as its reader does.

    It raises BrokenPipeError if the reader has gone, and OutputError for any other failure.
    """
    if stream is None:
        raise OutputError("cannot write stdout: it is closed", "write to a file with -o")

    def write(data: Any) -> None:
        try:
            write_whole(stream, data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise failure("stdout", error) from error

    return write


@contextmanager
def to_file(path: str) -> Iterator[tuple[Write, Callable[[], None]]]:
    """Yield two functions: one writes bytes, the other makes them the content of the file, as a whole.

    Without the second call the file stays as it is. A FIFO or device is written to directly. To be opened and closed in main:
    see `reports.output.temporaries`. Both functions raise OutputError.
    """
    target = Path(path)
    with ExitStack() as stack:
        with reported(target):
            special = is_special(target)
            name, descriptor = stack.enter_context(opened_directly(target) if special else temporary_file(target.parent))
        file = stack.enter_context(os.fdopen(descriptor, "wb", buffering=0, closefd=False))

        def write(data: Any) -> None:
            with reported(target):
                write_whole(file, data)

        def finish() -> None:
            if not special:
                with reported(target):
                    put_in_place(descriptor, Path(name), target)

        yield write, finish
