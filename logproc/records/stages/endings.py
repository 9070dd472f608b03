"""The last stage: bytes or tables are written to a file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from logproc.records.output import Release, nothing
from logproc.records.piece import Piece

if TYPE_CHECKING:
    from logproc.records.tables.parquet import ParquetFile, ParquetFolder


class Bytes:
    """Writes the bytes of pieces.

    write, finish: of the file; `finish` makes it valid under its name. header: returns what comes before all pieces.
    """

    def __init__(
        self, write: Callable[[Any], None], finish: Callable[[], None] = nothing, header: Callable[[], bytes] = bytes
    ) -> None:
        self._write_on = write
        self._finish = finish
        self._open: dict[int, bytes] = {}
        """The sources whose last record was written and may go on, each with the blank lines behind it."""
        self._header = header
        self._has_begun = False

    def take(self, source: int, piece: Piece, release: Release) -> None:
        gap = self._open.pop(source, None)
        if gap is not None and piece.front:
            self._write(gap + piece.front)
            gap = b""
        if piece.records:
            self._write(piece.content)
        if piece.is_open:
            self._open[source] = piece.gap
        elif piece.is_open is None and gap is not None:
            self._open[source] = gap + piece.gap
        release()

    def ended(self, source: int) -> None:
        self._open.pop(source, None)

    def caught_up(self, of: int) -> None:
        """Nothing: all was written at once."""

    def close(self) -> None:
        self._write(b"")  # a file without records has its header, too
        self._finish()

    def _write(self, content: Any) -> None:
        if not self._has_begun:
            self._has_begun = True
            if header := self._header():
                self._write_on(header)
        if len(content):
            self._write_on(content)


class Tables:
    """Writes tables to a file or folder of Parquet. open_file: opens it once the columns are known."""

    def __init__(self, open_file: Callable[[], ParquetFile | ParquetFolder]) -> None:
        self._open_file = open_file
        self._file: ParquetFile | ParquetFolder | None = None

    def take(self, source: int, piece: Piece, release: Release) -> None:  # noqa: ARG002 - all go to one file
        if piece.records:
            self._file = self._file or self._open_file()
            self._file.write(piece.content)
        release()

    def ended(self, source: int) -> None:
        """Nothing: all sources are in one file."""

    def caught_up(self, of: int) -> None:
        """Nothing."""

    def close(self) -> None:
        self._file = self._file or self._open_file()  # a file without records is one, too
        self._file.close()

    def discard(self) -> None:
        """Leave no file behind, if it was not closed."""
        if self._file:
            self._file.discard()
