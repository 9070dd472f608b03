"""One ordered scale of levels for all logs: the field `level`. What the log itself says is the field `raw_level`.

So `WARN`, `[warning]`, klog's `W`, pino's `40` and syslog's `4` are one row of a report, and `level >= error` finds them all.
A word that is on nobody's scale gives no level; `raw_level` still has it.

Sources: RFC 5424 (severities, table 2), GELF, `journalctl -o json`; pino and bunyan; java.util.logging; Python's logging and
loguru; log4j; Serilog; Microsoft.Extensions.Logging; zap; glog; logcat; PostgreSQL, MySQL, MongoDB, PHP; Apache's LogLevel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow

from logproc.formats.columns.slices import index_of
from logproc.model.columns import KeyColumn
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LEVELS = ("trace", "debug", "info", "notice", "warning", "error", "critical")
"""From the least to the most severe."""
NUMBERS = {
    # Syslog counts down to the worst, pino, bunyan and Monolog count up; no number is on two scales.
    **dict(zip("01234567", ("critical", "critical", "critical", "error", "warning", "notice", "info", "debug"), strict=True)),
    **dict(zip(("10", "20", "30", "40", "50", "60"), (level for level in LEVELS if level != "notice"), strict=True)),
    **dict(zip(("100", "200", "250", "300", "400"), LEVELS[1:], strict=False)),
    **dict.fromkeys(("500", "550", "600"), "critical"),
}
SEVERITIES = frozenset("01234567")
"""The numbers of syslog."""
WORDS: Mapping[str, str] = {
    word: level
    for level, words in {
        "trace": "trace trce trc trac verbose vrb verb silly sill v t",
        "debug": "debug dbug dbg debg debu http fine finer finest d",
        "info": "info information informational inf config log note system i",
        "notice": "notice noti success deprecated n",
        "warning": "warning warn wrn wng w",
        "error": "error err eror erro severe fail failure e",
        "critical": "critical crit crt fatal ftl fata alert emerg emergency panic pani pnc dpanic assert a c f s",
    }.items()
    for word in words.split()
} | NUMBERS
NUMBERED = regex(r"(?:severity_number_)?(trace|debug|d|info|warn|error|fatal|verbose)[1-9]?")
"""Apache's `trace1` to `trace8`, PostgreSQL's `DEBUG1` to `DEBUG5`, MongoDB's `D1` to `D5`, OpenTelemetry's `INFO2`."""
OFFSET = regex(r"(debug|info|warn|error)([+-])([0-9]{1,2})")
"""Go's slog: a named level and how far another one is from it."""
SIGNS: Mapping[str, str] = {".": "debug", "-": "info", "*": "notice", "#": "warning"}
"""Redis."""
LONGEST = 22
"""No word of a scale has more characters."""


def level_of(text: str) -> str | None:
    """Return the level that a word, a letter or a number means, None if it is on no scale.

    >>> level_of("WARN"), level_of("E"), level_of("DEBUG5"), level_of("60"), level_of("green")
    ('warning', 'error', 'debug', 'critical', None)
    """
    word = text.strip().lower() if len(text) <= LONGEST else ""
    if (numbered := NUMBERED.fullmatch(word)) is not None:
        word = numbered[1]
    elif (offset := OFFSET.fullmatch(word)) is not None:
        word = around(*offset.groups())
    return WORDS.get(word)


def around(name: str, sign: str, distance: str) -> str:
    """Return the level at a distance from a named one, as the documentation of Go's slog names them.

    >>> around("info", "+", "2"), around("debug", "-", "4"), around("error", "+", "4")
    ('notice', 'trace', 'critical')
    """
    if sign == "-":
        return {"debug": "trace", "info": "debug", "warn": "notice", "error": "warning"}[name]
    return {"info": "notice", "error": "critical" if int(distance) >= 4 else "error"}.get(name, name)


def is_level(text: bytes) -> bool:
    return level_of(text.decode("latin-1")) is not None


def is_level_word(text: bytes) -> bool:
    """Return whether a text in a line is a level. Numbers are more often those of threads or processes."""
    return not text.isdigit() and is_level(text)


def severity_of(text: str) -> int | None:
    """Return the position on the scale of the level that a text means, None if it is on no scale."""
    level = level_of(text)
    return LEVELS.index(level) if level else None


def level_of_priority(text: str) -> str | None:
    """Return the level in the priority of a syslog message (RFC 5424, 6.2.1): eight times the facility, plus the severity.

    >>> level_of_priority("34"), level_of_priority("192")
    ('critical', None)
    """
    return NUMBERS[str(int(text) % 8)] if text.isdecimal() and len(text) <= 3 and int(text) < 192 else None


def level_unless_said(text: str) -> str | None:
    """Return the level of a logger that leaves out `info`, as Serilog's compact form does."""
    return "info" if text == "-" else level_of(text)


def level_of_telemetry(text: str) -> str | None:
    """Return the level of OpenTelemetry's SeverityNumber: four numbers for each of its six names.

    >>> level_of_telemetry("1"), level_of_telemetry("17"), level_of_telemetry("0")
    ('trace', 'error', None)
    """
    if not text.isdecimal():
        return level_of(text)
    names = [level for level in LEVELS if level != "notice"]
    return names[(int(text) - 1) // 4] if len(text) <= 2 and 1 <= int(text) <= 24 else None


def level_of_windows(text: str) -> str | None:
    """Return the level of an event of Windows: 1 is critical, 5 is verbose, and 0 is always written.

    >>> level_of_windows("2"), level_of_windows("0"), level_of_windows("Information")
    ('error', 'info', 'info')
    """
    return {"0": "info", "1": "critical", "2": "error", "3": "warning", "4": "info", "5": "trace"}.get(text) or level_of(text)


def level_of_python(text: str) -> str | None:
    """Return the level of Python's numbers, which are those between two names as well.

    >>> level_of_python("10"), level_of_python("25"), level_of_python("50")
    ('debug', 'info', 'critical')
    """
    if not text.isdecimal() or len(text) > 2:
        return level_of(text)
    return ("trace", "debug", "info", "warning", "error", "critical")[min(int(text) // 10, 5)]


def level_of_nextcloud(text: str) -> str | None:
    """Return the level of Nextcloud's numbers, which count from debug up to fatal.

    >>> level_of_nextcloud("1"), level_of_nextcloud("4"), level_of_nextcloud("5")
    ('info', 'critical', None)
    """
    return {"0": "debug", "1": "info", "2": "warning", "3": "error", "4": "critical"}.get(text) or level_unless_small(text)


def level_unless_small(text: str) -> str | None:
    """Return the level that a text means if it is not a small number: syslog counts down from 0, and others up.

    >>> level_unless_small("warn"), level_unless_small("40"), level_unless_small("4")
    ('warning', 'warning', None)
    """
    return None if text.strip() in SEVERITIES else level_of(text)


SCALES: Mapping[str, Callable[[str], str | None]] = {
    "words": level_of,
    "priority": level_of_priority,
    "signs": SIGNS.get,
    "implicit": level_unless_said,
    "telemetry": level_of_telemetry,
    "windows": level_of_windows,
    "python": level_of_python,
    "nextcloud": level_of_nextcloud,
    "unsure": level_unless_small,
}
"""How a format writes its levels. `words` knows letters and numbers too."""


def leveled(column: KeyColumn, scale: str) -> KeyColumn:
    """Return the levels that the binary texts of a column mean on a scale, null where a text means none."""
    texts = [None if key is None else SCALES[scale](key.decode("latin-1")) for key in column.keys.to_pylist()]
    found = pyarrow.array(texts, pyarrow.string()).cast(pyarrow.binary()).dictionary_encode("encode")
    return KeyColumn(found.dictionary, index_of(found)[column.index])  # two words with one meaning are one key now
