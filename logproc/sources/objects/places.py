"""What the name of an object says: `s3://bucket/key`, or a pattern of keys. Nothing here contacts a server."""

from __future__ import annotations

import re
from typing import Self

from msgspec import Struct

from logproc.model.patterns import regex
from logproc.sources.names import shown_path, shown_url

STORE_OF_SCHEME = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "az": "az", "abfs": "az", "abfss": "az"}
OBJECT = regex(f"({'|'.join(STORE_OF_SCHEME)})://([^/]*)/?(.*)", re.IGNORECASE | re.DOTALL)
MAGIC = regex(r"[*?[]")
SIGNED = regex(r"[?&](?:sig|sv|x-amz-signature|x-goog-signature|awsaccesskeyid)=", re.IGNORECASE)
"""A part of a URL that was signed for somebody: its query is a secret."""


class Place(Struct, frozen=True):
    """One object, or all that begin with `key`. root: what stands before the key, as it was given: `s3://bucket`.

    account: of Azure, where the name has it; else "", and the environment says which.
    """

    scheme: str
    root: str
    bucket: str
    account: str
    key: str

    @classmethod
    def of(cls, location: str) -> Self:
        """Return the place that a location names; it must match OBJECT."""
        match = OBJECT.fullmatch(location)
        if not match:
            raise ValueError(location)
        scheme, authority, key = match.groups()
        bucket, _, host = authority.partition("@")
        return cls(scheme.lower(), f"{scheme.lower()}://{authority}", bucket, host.partition(".")[0], key)

    @property
    def store(self) -> str:
        return STORE_OF_SCHEME[self.scheme]

    @property
    def location(self) -> str:
        return f"{self.root}/{self.key}"

    def sibling(self, key: str) -> str:
        """Return the location of another object of the bucket."""
        return f"{self.root}/{key}"

    def misfit(self) -> tuple[str, str] | None:
        """Return what is wrong with the name, and the hint; None if nothing is."""
        if ":" in self.root.partition("://")[2] or ("@" in self.root and self.store != "az"):
            return "a name with credentials", "leave them to the environment, or to the files of the provider"
        if SIGNED.search(self.key):
            return "a signed URL of an object", "give the https:// URL, or the name without what is behind `?`"
        if not self.bucket:
            return "no bucket is named", f"write {self.scheme}://bucket/key"
        if any("**" in part and part != "**" for part in self.key.split("/")):
            return "`**` stands for whole folders", "write it between two `/`"
        return None


def shown_object(location: str) -> str:
    """Return the name of an object as one printable line, without what may be credentials or a signature."""
    place = Place.of(location)
    return shown_url(location) if place.misfit() else shown_path(location)


def literal_prefix(pattern: str) -> str:
    """Return what all keys that match a pattern begin with.

    >>> literal_prefix("logs/2026-*/app.log")
    'logs/2026-'
    """
    match = MAGIC.search(pattern)
    return pattern[: match.start()] if match else pattern


def is_deep(pattern: str) -> bool:
    """Return whether keys that match a pattern may have more `/` than what they all begin with.

    >>> is_deep("logs/*.gz"), is_deep("logs/*/app.gz"), is_deep("logs/**")
    (False, True, True)
    """
    rest = pattern[len(literal_prefix(pattern)) :]
    return "/" in rest or "**" in rest


def matcher(pattern: str) -> re.Pattern[str]:
    """Return an expression for the keys that match a pattern as paths match it: only `**` goes across `/`."""
    from fsspec.utils import glob_translate

    return re.compile(f"{glob_translate(pattern)}|{re.escape(pattern)}")  # a key may contain `*` itself
