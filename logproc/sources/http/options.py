"""What a caller of `open_url` provides: options for web servers, and name lookups that can be cancelled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from logproc.model.errors import UsageError
from logproc.model.patterns import regex

HEADER_NAME = regex(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
HEADER_VALUE = regex(r"(?:[\x21-\x7e\xa1-\xff][\t\x20-\x7e\x80-\xff]*)?")
OUR_HEADERS = {"range", "if-range", "host", "connection", "content-length", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """Options for requests to web servers.

    connect_timeout_s: for name lookup, connection and TLS together. read_timeout_s: until the response headers are complete;
    then the longest time without a byte of the body. retries: tries after the first; the count starts again after a try that
    brought new bytes. headers: sent only to the origin of the URL itself; their values never appear in a message. trust_env:
    whether to use proxy variables, .netrc and REQUESTS_CA_BUNDLE. allow_downgrade: whether a redirect may lead from https to
    http. ca_file: certificates to trust instead of certifi's. grows: whether to follow the log: then it has no end, and is not
    requested in an encoding. last_bytes: of a longer log that grows, see `Growing`.
    """

    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    retries: int = 3
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    trust_env: bool = False
    allow_downgrade: bool = False
    user_agent: str = "logproc"
    ca_file: str | None = None
    grows: bool = False
    last_bytes: int = 0

    def __post_init__(self) -> None:
        for name, value in self.headers.items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise UsageError(f"--header {name!r}: name and value are not both text", "write {'Name': 'value'}")
            if not HEADER_NAME.fullmatch(name):
                raise UsageError(f"--header {name!r} is not a header name", "write it as 'Name: env:VARIABLE'")
            if not HEADER_VALUE.fullmatch(value):
                raise UsageError(
                    f"--header {name}: a header cannot have this value",
                    "remove line ends, control characters and leading blanks",
                )
            if name.lower() in OUR_HEADERS:
                raise UsageError(f"--header {name} cannot be set", "logproc needs it to request the log in parts")


class Call(Protocol):
    """A call in another thread, with a timeout on its result (see threads.lookup)."""

    def wait(self, seconds: float | None) -> Any:
        """Return the result, or raise what the call raised. Raises TimeoutError after `seconds`, Stopped after `cancel`."""

    def cancel(self) -> None:
        """Make a blocked `wait` raise Stopped."""


StartCall = Callable[[Callable[[], Any]], Call]


class CallHere:
    """A call in the waiting thread itself. It has no timeout and cannot be cancelled."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call

    def wait(self, _seconds: float | None) -> Any:
        return self.call()

    def cancel(self) -> None:
        """Do nothing."""
