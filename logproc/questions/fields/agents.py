"""User agents: the browser, system and device that a text names, and whether a person or a program sent it.

The names come from ua-parser (the expressions of uap-core, run by its Rust engine); `Other` means unknown.

The class relies on what the user agent claims, which may be false:

`bot`      it contains a word such as bot, crawl or monitor, or the name of a known one, or it begins with the name of an HTTP
           tool or library (curl, python-requests, Go-http-client).
`person`   not a bot, and both browser and system are known.
`unknown`  everything else: missing or unknown user agents, and libraries used by people and programs alike (okhttp, Dart).

Loading ua-parser takes 150 ms, a look-up 20 µs, a cached one 0.1 µs. Whether it is a bot is known without it.
`functools.lru_cache` and ua-parser are thread-safe; at worst two threads look up the same text.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Literal

import numpy
import pyarrow
import pyarrow.compute

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

OTHER = "Other"
MOST_CHARACTERS = 1024
"""Only so much of a user agent is used, so that a hostile log cannot fill the memory through the cache."""
CACHED = 8192
KINDS = ("browser", "os", "device")

BOT_WORDS = (
    r"(?:^u?|[^u]|[^c]u)bots?(?:[^a-z]|$)|crawl|spider|slurp|scrap(?:er|y)|fetcher|archiver|monitor|uptime|pingdom|health-?check"
    r"|kube-probe|prometheus|headless|phantomjs|selenium|lighthouse|preview|validator|feed(?:burner|ly|parser)|scanner|nmap|nikto"
    r"|sqlmap|zgrab|masscan|nuclei|externalhit|check_http"
    # The known ones whose names have none of these words, most of them from uap-core.
    r"|bubing|xenu|htdig|teoma|sogou|nutch|daumoa|genieo|ichiro|larbin|pompos|favicon|indexer|riddler|scooter|scrubby|whatweb"
    r"|netvibes|altavista|findlinks|tlsprober|wordpress|searchsight|dataparksearch|screaming frog|appengine-google"
    r"|yahoo(?:cache|seeker)|semanticdiscovery|blogbridge|internetarchive|gomezagent|webthumbnail|heritrix|newsgator|pagepeeker|zooshot|statuscake|whatsapp"
    r"|qwantify|yeti|ptst/|datanyze|google-inspectiontool|mediapartners-google|apis-google|/\+/web/snippet"
)
"""Whole words would miss `Googlebot`; Cubot makes phones, and `robotics` is a different word."""
TOOLS = (
    r"curl|wget|httpie|python|aiohttp|httpx|go-http-client|java|jakarta|apache-httpclient|libwww|lwp|perl|php|guzzlehttp|ruby|faraday"
    r"|rest-client|typhoeus|axios|node|undici|got|postmanruntime|insomnia|libcurl|pycurl|winhttp|powershell|apachebench|ab|siege|wrk|k6"
    r"|vegeta|hey|jmeter|locust|git|reqwest|ureq|hyper|restsharp|elb-healthchecker|googlehc"
)
BOT = rf"(?i){BOT_WORDS}|^(?:{TOOLS})\b"


# Which agents are bots, of those that came first: the same few come again in each chunk. Two threads may ask for the same agent
# and store the same answer; a single look-up or update of a dict is safe in every build of Python.
_seen: dict[str, bool] = {}


def are_bots(keys: pyarrow.Array) -> Mask:
    """Return which user agents are those of bots, shape (keys,)."""
    texts = cut(keys).to_pylist()
    unseen = [text for text in texts if text is not None and text not in _seen]
    # All at once: RE2 compiles the expression for each call, which takes as long as 40 agents.
    found = dict(zip(unseen, match_bots(pyarrow.array(unseen, pyarrow.string())).to_pylist(), strict=True)) if unseen else {}
    if len(_seen) + len(found) <= CACHED:
        _seen.update(found)
    return numpy.array([text is not None and (found[text] if text in found else _seen[text]) for text in texts], bool)


def match_bots(keys: pyarrow.Array) -> pyarrow.Array:
    return pyarrow.compute.match_substring_regex(keys, BOT).fill_null(False)


def cut(keys: pyarrow.Array) -> pyarrow.Array:
    return pyarrow.compute.utf8_slice_codeunits(keys, 0, MOST_CHARACTERS)


@functools.lru_cache(CACHED)
def families_of(text: str) -> tuple[str, str, str]:
    """Return the families of browser, system and device, without versions."""
    import ua_parser

    found = ua_parser.parse(text)
    browser, os, device = (part.family if part else OTHER for part in (found.user_agent, found.os, found.device))
    return browser, os, device


def families(keys: pyarrow.Array, kind: Literal["browser", "os", "device"]) -> pyarrow.Array:
    """Return the family of each browser, system or device, such as `Chrome Mobile`; null for null."""
    texts = cut(keys).to_pylist()
    return pyarrow.array([None if text is None else families_of(text)[KINDS.index(kind)] for text in texts], pyarrow.string())


def agent_classes(keys: pyarrow.Array) -> pyarrow.Array:
    """Return the class of each user agent; `unknown` for null."""
    agents = zip(cut(keys).to_pylist(), are_bots(keys).tolist(), strict=True)
    return pyarrow.array(["bot" if is_bot else class_of(text) for text, is_bot in agents], pyarrow.string())


def class_of(text: str | None) -> Literal["person", "unknown"]:
    """Return the class of a user agent that is not a bot's."""
    return "unknown" if text is None or OTHER in families_of(text)[:2] else "person"
