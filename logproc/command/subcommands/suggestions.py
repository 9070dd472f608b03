"""What `logproc detect` suggests: keys whose values look like a field that the format does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from logproc.formats.columns.aliases import is_time
from logproc.formats.columns.durations import is_number
from logproc.formats.columns.levels import is_level
from logproc.formats.readers.access_lines import is_address
from logproc.model.patterns import regex

NEARLY = 0.9
TOOK = regex(
    r"(?i)(?:^|[._-])(?:took|dur(?:ation)?|elapsed|latency|rt|lat|time|cost|spent|runtime)(?:$|[._-])|(?:Time|Duration|Latency)$"
)
"""Names of keys that hold how long something took, if their values are numbers."""
LEAST_DIGITS_OF_TIME = 10
"""A number of fewer digits is not taken for a time."""
Looks = Callable[[str, str], bool]
"""A key and one of its values → whether they look like those of a field."""


def maps_for(values: Mapping[str, Sequence[str]], fields: Sequence[str]) -> Iterator[str]:
    """Yield the `--map` that would fill a field from a key, for each field that is missing and that one key fits.

    values: of each key those of the sample. fields: those that are known already.
    """
    taken: set[str] = set()
    for field, fits in LOOKS.items():
        if field in fields:
            continue
        found = next((key for key, texts in values.items() if key not in taken and are(fits, key, texts)), None)
        if found:
            taken.add(found)
            yield f"--map {field}={found}" + (":ms" if field == "duration" and found.isidentifier() else "")


def are(fits: Looks, key: str, texts: Sequence[str]) -> bool:
    some = [text for text in texts if text not in {"", "-"}]
    return bool(some) and sum(fits(key, text) for text in some) >= NEARLY * len(some)


def looks_like_time(_key: str, text: str) -> bool:
    return len(text) >= LEAST_DIGITS_OF_TIME and is_time(text)


def looks_like_level(_key: str, text: str) -> bool:
    return len(text) > 2 and text.isalpha() and is_level(text.encode())


def looks_like_address(_key: str, text: str) -> bool:
    return is_address(text.encode())


def looks_like_duration(key: str, text: str) -> bool:
    return TOOK.search(key) is not None and len(text) < LEAST_DIGITS_OF_TIME and is_number(text)


LOOKS: Mapping[str, Looks] = {
    "time": looks_like_time,
    "level": looks_like_level,
    "client": looks_like_address,
    "duration": looks_like_duration,
}
