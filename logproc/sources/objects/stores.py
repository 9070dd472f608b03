"""The three kinds of stores, each behind its implementation of fsspec: list what begins with a name, read some bytes.

fsspec runs all requests in one thread of its own, in an event loop; whoever calls waits for it. Nothing is cached. A read
names the version that was listed, so that it can never mix two: by `If-Match` in S3 and Azure, by `generation` in Google's.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from logproc.model.errors import SourceError
from logproc.model.source import Listed
from logproc.sources.objects.errors import causes, code_of
from logproc.sources.objects.places import Place

Read = tuple[bytes, Listed]


class Store(ABC):
    """One store. For any thread."""

    fs: Any

    def listed(self, place: Place, *, deep: bool) -> Iterator[tuple[str, Listed]]:
        """Yield the keys that begin with that of `place`. Raises what the library raises."""
        folder, _, stem = place.key.rpartition("/")
        path = f"{place.bucket}/{folder}".rstrip("/")
        if deep or stem:
            found = self.fs.find(path, prefix=stem, detail=True, **({} if deep else {"maxdepth": 1})).values()
        else:
            found = self.fs.ls(path, detail=True)  # `find` with a depth and no prefix passes over errors
        for item in found:
            key = str(item["name"]).partition("/")[2]
            if item["type"] == "file" and not key.endswith("/"):  # an empty object that serves as a folder
                yield key, self.known(item)

    @abstractmethod
    def known(self, item: Any) -> Listed:
        """Return what a listing says of an object."""

    @abstractmethod
    def read(self, place: Place, known: Listed | None, start: int, most_bytes: int) -> Read:
        """Return at most so many bytes of an object from `start` on, and what is known of it.

        known: from the listing, or from an earlier read; the object must still be that one. Raises what the library raises.
        """


class S3(Store):
    """Amazon's S3, and whatever has its interface. s3fs would ask for the size first, and would not insist on the version."""

    def __init__(
        self, connect_timeout_s: float, read_timeout_s: float, *, retries: int, connections: int, account: str = ""
    ) -> None:
        del account  # the credentials say whose the buckets are
        import s3fs

        self._tries = retries + 1
        config = {
            "connect_timeout": connect_timeout_s,
            "read_timeout": read_timeout_s,
            "max_pool_connections": connections,
            "retries": {"total_max_attempts": self._tries, "mode": "standard"},
        }
        self.fs = s3fs.S3FileSystem(config_kwargs=config, use_listings_cache=False, skip_instance_cache=True)
        self.fs.retries = 1  # botocore tries again, and its number of tries is that of `--retries`

    def known(self, item: Any) -> Listed:
        return Listed(item["size"], item["ETag"], seconds(item["LastModified"]))

    def read(self, place: Place, known: Listed | None, start: int, most_bytes: int) -> Read:
        from fsspec.asyn import sync

        found: Read = sync(self.fs.loop, self._read, place, known, start, most_bytes)
        return found

    async def _read(self, place: Place, known: Listed | None, start: int, most_bytes: int) -> Read:
        wanted = {"Bucket": place.bucket, "Key": place.key}
        if known:
            wanted["IfMatch"] = known.version
        if start or not known or known.size_bytes > most_bytes:  # of an empty object there is no range
            wanted["Range"] = f"bytes={start}-{start + most_bytes - 1}"
        for tries_left in reversed(range(self._tries)):
            try:
                reply = await self.fs._call_s3("get_object", **wanted)  # noqa: SLF001 - its public twin is not for a coroutine
            except OSError as error:
                if known is None and "InvalidRange" in map(code_of, causes(error)):
                    return b"", Listed(start, "", None)
                raise
            size = int(reply.get("ContentRange", "").rpartition("/")[2] or reply["ContentLength"])
            found = Listed(size, reply["ETag"], seconds(reply["LastModified"]))
            if reply["ContentLength"] > most_bytes:
                reply["Body"].close()
                raise SourceError("the server ignores ranges", "download the object")
            try:
                return await reply["Body"].read(), found
            except Exception:  # whatever ends a body that has begun, a new request may bring it
                if not tries_left:
                    raise
            finally:
                reply["Body"].close()
        raise AssertionError


class GoogleCloudStorage(Store):
    """Google Cloud Storage. Its library tries again by itself, for as long as it thinks right."""

    def __init__(
        self, connect_timeout_s: float, read_timeout_s: float, *, retries: int, connections: int, account: str = ""
    ) -> None:
        del connect_timeout_s, retries, connections, account
        import gcsfs

        self.fs = gcsfs.GCSFileSystem(requests_timeout=read_timeout_s, use_listings_cache=False, skip_instance_cache=True)

    def known(self, item: Any) -> Listed:
        return Listed(int(item["size"]), str(item["generation"]), seconds(item["updated"]))

    def read(self, place: Place, known: Listed | None, start: int, most_bytes: int) -> Read:
        path = f"{place.bucket}/{place.key}"
        known = known or self.known(self.fs.info(path))
        end = min(start + most_bytes, known.size_bytes)
        return (self.fs.cat_file(path, start=start, end=end, generation=known.version) if start < end else b""), known


class Azure(Store):
    """Azure's Blob Storage and Data Lake. Its library tries again by itself, for as long as it thinks right."""

    def __init__(
        self, connect_timeout_s: float, read_timeout_s: float, *, retries: int, connections: int, account: str = ""
    ) -> None:
        del retries, connections
        import adlfs

        given = {"account_name": account} if account else {}
        self._timeouts = {"connection_timeout": connect_timeout_s, "read_timeout": read_timeout_s}
        self.fs = adlfs.AzureBlobFileSystem(
            **given, anon=None, use_listings_cache=False, skip_instance_cache=True, **self._timeouts
        )

    def known(self, item: Any) -> Listed:
        return Listed(item["size"], item["etag"], seconds(item["last_modified"]))

    def read(self, place: Place, known: Listed | None, start: int, most_bytes: int) -> Read:
        from fsspec.asyn import sync

        known = known or self.known(self.fs.info(f"{place.bucket}/{place.key}"))
        whole = not start and known.size_bytes <= most_bytes  # of an empty object there is no range
        part = {} if whole else {"offset": start, "length": min(most_bytes, known.size_bytes - start)}
        return sync(self.fs.loop, self._read, place, known, part), known

    async def _read(self, place: Place, known: Listed, part: dict[str, int]) -> bytes:
        from azure.core import MatchConditions

        condition = {"etag": known.version, "match_condition": MatchConditions.IfNotModified}
        async with self.fs.service_client.get_blob_client(container=place.bucket, blob=place.key) as blob:
            stream = await blob.download_blob(**part, **condition, **self._timeouts)
            content: bytes = await stream.readall()
            return content


STORES: dict[str, type[S3 | GoogleCloudStorage | Azure]] = {"s3": S3, "gs": GoogleCloudStorage, "az": Azure}


def seconds(moment: datetime | str) -> float:
    found = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return found.timestamp()
