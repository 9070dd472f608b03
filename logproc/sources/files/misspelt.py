"""What was probably meant by an argument that is neither a file nor a URL."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import islice
from pathlib import Path

from logproc.model.errors import nearest
from logproc.model.patterns import regex
from logproc.sources.names import shown_url

NOT_QUITE_WEB = regex(r"(https?)(?::/*|/{2,})(?=[^/])", re.IGNORECASE)
"""`http:/host`, `http:host` and `http//host`."""
HOST = regex(r"(?:www\.[\w.-]+|(?:[\w-]+\.)+(?:com|org|net|io|dev|edu|gov|info))(?::\d+)?(?:/.*)?", re.IGNORECASE)
REMOTE = regex(r"(?:ssh://|sftp://|scp://)?((?:[\w.-]+@)?[A-Za-z][\w.-]*):?(/.*)")
"""A file of another machine, as scp, rsync and their URLs write it."""
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2212"
"""What word processors and web pages make of a `-`."""
CHECK = "check the path"
MOST_NAMES = 2000
ALIKE = 0.75


def hint_for_missing(path: str) -> str:
    """Return the hint for a path that does not exist."""
    if not path:
        return "the name is empty; is a variable not set?"
    if path[0] in DASHES:
        return f"did you mean {'--' + path.lstrip(DASHES + '-')!r}? It begins with a dash that no keyboard types"
    if NOT_QUITE_WEB.match(path):
        url = NOT_QUITE_WEB.sub(lambda match: f"{match[1].lower()}://", path, count=1)
        return f"did you mean {shown_url(url)!r}?"
    if HOST.fullmatch(path):
        return f"did you mean {shown_url(f'http://{path}')!r}?"
    return remote(path) if ":/" in path else other_file(path) or CHECK


def hint_for_scheme(url: str) -> str:
    """Return the hint for a URL of an unknown scheme."""
    scheme, _, rest = url.partition("://")
    if scheme.lower() == "file":
        return "write the path alone, without file://"
    meant = nearest(scheme, ("http", "https", "abfs"), "none", least=ALIKE)
    if meant != "none":
        return f"did you mean {shown_url(meant.split(chr(39))[1] + '://' + rest)!r}?"
    return remote(url) if scheme.lower() in {"ssh", "sftp", "scp"} else "http, https, s3, gs and az are known"


def remote(path: str) -> str:
    """Return the hint for a file of another machine."""
    match = REMOTE.fullmatch(shown_url(path).replace("***@", "") if "://" in path else path)
    if not match:
        return CHECK
    return f"write ssh {match[1]} cat {match[2]} | logproc"


def other_file(path: str) -> str:
    """Return the hint for a file that does not exist: one in its folder that is called nearly so, or ""."""
    place = Path(path)
    try:
        names = [other.name for other in islice(place.parent.iterdir(), MOST_NAMES)]
    except ValueError:
        return ""
    except OSError:
        return f"there is no folder {place.parent}"
    # All logs end alike, so that `a.log` would be nearly `b.log`.
    alike = {name: SequenceMatcher(None, beginning(name), beginning(place.name)).ratio() for name in names}
    alike = {name: ratio for name, ratio in alike.items() if ratio >= ALIKE}
    if alike and "." not in place.name:
        return f"did you mean {max(sorted(alike), key=lambda name: alike[name])!r}?"
    return nearest(place.name, alike, " ", least=ALIKE).strip()


def beginning(name: str) -> str:
    return name.partition(".")[0].lower()
