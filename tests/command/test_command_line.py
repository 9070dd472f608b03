"""The command as a report shows it."""

from __future__ import annotations

import pytest

from logproc.command.command_line import shown_command


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["analyze", "access.log"], "logproc analyze access.log"),
        (["a b", "--where", "path == '/'"], """logproc 'a b' --where 'path == '"'"'/'"'"''"""),
        (["https://me:secret@host/hooks/abc/x?key=1&day=3"], "logproc 'https://***@host/hooks/***/***?key=***&day=3'"),
        (["ftp://me:secret@host/x"], "logproc 'ftp://***@host/x'"),
        (["http://me:sec ret@host/x"], "logproc 'http://***@host/x'"),
        (["--by=url(http://me:secret@host)"], "logproc '--by=url(http://***@host)'"),
        (["--header", "Authorization: env:TOKEN"], "logproc --header 'Authorization: env:TOKEN'"),
        (["a\nb\x1b[31m\u202e\udcff"], "logproc 'a\\x0ab\\x1b[31m\\xe2\\x80\\xae\\xff'"),
        ([""], "logproc ''"),
    ],
)
def test_the_command_is_one_line_without_secrets(words: list[str], shown: str) -> None:
    """It can be pasted into a shell, but for what was masked or cannot be shown."""
    assert shown_command(words) == shown
