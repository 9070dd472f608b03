"""Times as strftime(3) writes them → expressions: for Apache's `%{format}t`, for nginx's times and for the known forms.

The groups `minute` (all up to the minute; of a number since 1970 the seconds), `second`, `subsecond` and `zone` are those
of `forms`.
"""

from __future__ import annotations

import re

from msgspec import Struct

from logproc.formats.times.calendar import MONTHS
from logproc.model.patterns import regex

Element = tuple[str, str]
"""A conversion and "", or "" and a text."""
CLF = "%d/%b/%Y:%H:%M:%S %z"
ISO = "%Y-%m-%dT%H:%M:%S%:z"
"""As CLF, but with a colon in the zone (GNU's `%:z`): nginx's `$time_iso8601`."""
EPOCHS = {"sec": "", "msec": r"\d{3}", "usec": r"\d{6}", "sec.msec": r"\.\d{3}"}
"""Times as one number since 1970, each with what follows the seconds. `sec.msec` is nginx's `$msec`."""
EPOCH_SECONDS = r"[1-9]\d{9}"
FRACTIONS = {"msec_frac": 3, "usec_frac": 6}
"""The digits that Apache writes behind the point of a second."""
TEXTS = {"%": "%", "n": "\n", "t": "\t"}
SHORT = {"T": "%H:%M:%S", "D": "%m/%d/%y", "F": "%Y-%m-%d", "R": "%H:%M", "h": "%b"}
WEEKDAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
MONTH = f"(?i:{b'|'.join(MONTHS).decode()})"


class Letter(Struct, frozen=True):
    """What a conversion writes in the C locale.

    written: an expression of it. width: how many bytes it has, 0 if that differs. part: which part of a date it is.
    read: a different expression, where needed, for finding times in text that may not hold any: only names that exist, and
        numbers with or without a blank in front.
    """

    written: str
    width: int = 0
    part: str = ""
    read: str = ""


LETTERS = {
    **dict.fromkeys("CISUVWg", Letter(r"\d{2}", 2)),
    **dict.fromkeys("uw", Letter(r"\d", 1)),
    **dict.fromkeys("AB", Letter("[A-Z][a-z]+")),
    "G": Letter(r"\d{4}", 4),
    "H": Letter(r"\d{2}", 2, "hour"),
    "-H": Letter(r"\d{1,2}", 0, "hour"),
    "M": Letter(r"\d{2}", 2, "minute"),
    "-d": Letter(r"\d{1,2}", 0, "day"),
    "-M": Letter(r"\d{1,2}", 0, "minute"),
    "Y": Letter(r"\d{4}", 4, "year"),
    "Z": Letter(r"[A-Za-z0-9+-]+"),
    "a": Letter("[A-Z][a-z]{2}", 3, read=WEEKDAY),
    "b": Letter("[A-Z][a-z]{2}", 3, "month", MONTH),
    "d": Letter(r"\d{2}", 2, "day"),
    "e": Letter(r"[ \d]\d", 2, "day", r" ?\d{1,2}"),
    "j": Letter(r"\d{3}", 3),
    "k": Letter(r"[ \d]\d", 2, "hour", r" ?\d{1,2}"),
    "l": Letter(r"[ \d]\d", 2),
    "m": Letter(r"\d{2}", 2, "month"),
    "-m": Letter(r"\d{1,2}", 0, "month"),
    "p": Letter("[AP]M", 2, "half", "[AaPp][Mm]"),
    "s": Letter(r"\d+"),
    "y": Letter(r"\d{2}", 2, "year"),
    "z": Letter(r"[+-]\d{4}", 5),
    ":z": Letter(r"[+-]\d{2}:\d{2}", 6),
}
"""The known conversions by their letter. Those with `-`, which glibc writes without padding, are for our own forms."""
ELEMENT = regex(r"%(?P<conversion>:?.)|(?P<text>[^%]+|%)", re.DOTALL)
DATE_AND_MINUTE = ({"Y", "y"}, {"b", "m"}, {"d", "e"}, {"H", "k"}, {"M"})
"""The conversions that a moment needs before its second: one of each set."""
ZONES = frozenset({"z", ":z", "Z"})


def unknown_conversion(form: str) -> str | None:
    """Return the first unknown conversion as written, None if all are known."""
    if form in EPOCHS or form in FRACTIONS:
        return None
    unknown = [conversion for conversion, _ in elements(form) if conversion and conversion not in LETTERS]
    return f"%{unknown[0]}" if unknown else None


def is_moment(form: str) -> bool:
    """Return whether a form gives a full date, hour, minute and second, with only a zone after the second."""
    if form in EPOCHS:
        return True
    conversions = [conversion for conversion, _ in elements(form) if conversion]
    if "S" not in conversions:
        return False
    second = conversions.index("S")
    before = [conversion for conversion in conversions[:second] if conversion != "a"]
    complete = len(before) == len(DATE_AND_MINUTE) and all(names & set(before) for names in DATE_AND_MINUTE)
    return complete and conversions[second + 1 :] in [[], *([zone] for zone in ZONES)]


def width_of(form: str) -> int:
    """Return how many bytes a time of a form has, 0 if that varies."""
    if form in FRACTIONS or form in EPOCHS:
        return FRACTIONS.get(form, 0)
    widths = [LETTERS[conversion].width if conversion else len(bytes_of(text)) for conversion, text in elements(form)]
    return sum(widths) if all(widths) else 0


def expression(form: str, *, groups: bool = False) -> str:
    """Return the expression for times of a form, if wanted with the groups minute, second and zone."""
    if form in FRACTIONS:
        return rf"\d{{{FRACTIONS[form]}}}"
    if form in EPOCHS:
        further = EPOCHS[form]
        if not groups:
            return EPOCH_SECONDS + further
        return grouped("minute", EPOCH_SECONDS) + (grouped("subsecond", further) if further else "")
    front, behind = halves(form) if groups else (elements(form), [])
    return grouped("minute", together(front)) + with_groups(behind) if groups else together(front)


def halves(form: str) -> tuple[list[Element], list[Element]]:
    """Split the elements of a moment after its minute."""
    found = elements(form)
    second = [conversion for conversion, _ in found].index("S")
    end = max(place for place in range(second) if found[place][0]) + 1
    return found[:end], found[end:]


def together(found: list[Element]) -> str:
    return "".join(piece(*element) for element in found)


def with_groups(found: list[Element]) -> str:
    """Return the expression for some elements, with the groups `second` and `zone`."""
    names = {"S": "second", **dict.fromkeys(ZONES, "zone")}
    return "".join(grouped(names[element[0]], piece(*element)) if element[0] in names else piece(*element) for element in found)


def grouped(name: str, text: str) -> str:
    return f"(?P<{name}>{text})"


def has_zone(form: str) -> bool:
    """Return whether a form's times give their offset from UTC; numbers since 1970 are UTC."""
    return form in EPOCHS or any(conversion in ZONES for conversion, _ in elements(form))


def elements(form: str) -> list[Element]:
    """Return the conversions and the texts between them, in order.

    >>> elements("%T %%")
    [('H', ''), ('', ':'), ('M', ''), ('', ':'), ('S', ''), ('', ' '), ('', '%')]
    """
    found: list[Element] = []
    for match in ELEMENT.finditer(form):
        conversion = match["conversion"] or ""
        if conversion in SHORT:
            found += elements(SHORT[conversion])
        elif conversion in TEXTS:
            found.append(("", TEXTS[conversion]))
        else:
            found.append((conversion, match["text"] or ""))
    return found


def piece(conversion: str, text: str) -> str:
    return LETTERS[conversion].written if conversion else escaped(text)


def escaped(text: str) -> str:
    r"""Return an expression for a text itself, byte by byte: only ASCII, read alike by RE2 (Latin-1) and by `re` (bytes).

    >>> print(escaped("[a é"))
    \[a \xc3\xa9
    """
    return "".join(map(escaped_byte, bytes_of(text)))


def bytes_of(text: str) -> bytes:
    """Return the bytes of an argument, which need not be UTF-8."""
    return text.encode("utf-8", "surrogateescape")


def escaped_byte(byte: int) -> str:
    character = chr(byte)
    if not 32 <= byte < 127:
        return f"\\x{byte:02x}"
    return character if character.isalnum() or character in " \"'/:,=<>@#%&~;_-!`" else f"\\{character}"


def expanded(layout: str, *, named: bool = False) -> str:
    r"""Return an expression with each conversion replaced by what it is read from, as a group if it is to be named.

    >>> print(expanded("%H:%M"), expanded("%H", named=True))
    \d{2}:\d{2} (?P<hour>\d{2})
    """

    def replaced(match: re.Match[str]) -> str:
        letter = LETTERS[match[1]]
        text = letter.read or letter.written
        return grouped(letter.part, text) if named and letter.part else text

    return re.sub("%(-?.)", replaced, layout)
