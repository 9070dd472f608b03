"""User agents: the browser, the system and the device that a text names, and whether a person or a program is behind it.

What the names are is ua-parser's knowledge (the expressions of uap-core, by its Rust engine), `Other` where it knows none.

A user agent can say anything, so the class is what it says of itself, one of three:

`bot`      it says that it is a program: ua-parser takes it for a spider, it has a word such as bot, crawl or monitor in it,
           or begins with the name of a tool or library that speaks HTTP (curl, python-requests, Go-http-client).
`person`   no bot, and both browser and system are known.
`unknown`  everything else: no user agent, nothing known, and what serves people and programs alike (okhttp, Dart).

A look-up takes 30 µs, a known one 0.1 µs. `functools.lru_cache` is safe in threads, and so is ua-parser; at worst two of them
look the same text up.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pyarrow

AgentClass: TypeAlias = Literal["person", "bot", "unknown"]

OTHER = "Other"
MOST_CHARACTERS = 1024
"""How much of a user agent is looked at, so that a log of false ones cannot fill the memory through the cache."""
CACHED = 8192

BOT_WORD = re.compile(
    r"(?<!cu)bots?(?![a-z])|crawl|spider|slurp|scrap(?:er|y)|fetcher|archiver|monitor|uptime|pingdom|health-?check|kube-probe|prometheus"
    r"|headless|phantomjs|selenium|lighthouse|preview|validator|feed(?:burner|fetcher|ly|parser)|scanner|nmap|nikto|sqlmap|zgrab|masscan"
    r"|nuclei|externalhit|check_http",
    re.IGNORECASE,
)
"""Whole words would miss `Googlebot`; `cubot` makes telephones, and `robotics` is a word of its own."""
TOOL = re.compile(
    r"(?:curl|wget|httpie|python|aiohttp|httpx|go-http-client|java|jakarta|apache-httpclient|libwww|lwp|perl|php|guzzlehttp|ruby|faraday"
    r"|rest-client|typhoeus|axios|node|undici|got|postmanruntime|insomnia|libcurl|pycurl|winhttp|powershell|apachebench|ab|siege|wrk|k6"
    r"|vegeta|hey|jmeter|locust|git|reqwest|ureq|hyper|restsharp|elb-healthchecker|googlehc)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Agent:
    """What a user agent says: families only, no versions."""

    browser: str
    os: str
    device: str
    agent_class: AgentClass


@functools.lru_cache(CACHED)
def agent_of(text: str) -> Agent:
    """Return what a user agent of at most MOST_CHARACTERS says."""
    import ua_parser

    found = ua_parser.parse(text)
    browser, os, device = (part.family if part else OTHER for part in (found.user_agent, found.os, found.device))
    return Agent(browser, os, device, class_of(text, browser, os, device))


def class_of(text: str, browser: str, os: str, device: str) -> AgentClass:
    """Return whether a person or a program is behind a user agent."""
    if device == "Spider" or BOT_WORD.search(text) or TOOL.match(text):
        return "bot"
    return "unknown" if OTHER in {browser, os} else "person"


def agents(keys: pyarrow.Array) -> list[Agent | None]:
    """Return what each user agent says, None for null."""
    return [None if text is None else agent_of(text[:MOST_CHARACTERS]) for text in keys.to_pylist()]


def browsers(keys: pyarrow.Array) -> pyarrow.Array:
    """Return the family of each browser, such as `Chrome Mobile`; null for null."""
    return pyarrow.array([agent and agent.browser for agent in agents(keys)], pyarrow.string())


def systems(keys: pyarrow.Array) -> pyarrow.Array:
    """Return the family of each operating system, such as `Windows`; null for null."""
    return pyarrow.array([agent and agent.os for agent in agents(keys)], pyarrow.string())


def devices(keys: pyarrow.Array) -> pyarrow.Array:
    """Return the family of each device, such as `iPhone`; null for null."""
    return pyarrow.array([agent and agent.device for agent in agents(keys)], pyarrow.string())


def agent_classes(keys: pyarrow.Array) -> pyarrow.Array:
    """Return the class of each user agent; `unknown` for null."""
    return pyarrow.array([agent.agent_class if agent else "unknown" for agent in agents(keys)], pyarrow.string())
