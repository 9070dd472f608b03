"""An S3 for tests: moto as a process with a socket, or a FaultServer that speaks as a store does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path

import requests

from tests.support.fault_server import Answer, Request, Script

SERVE = """
import logging
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)
server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
"""
SIGNED = "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
OLD = formatdate(1_700_000_000, usegmt=True)


def variables(endpoint: str) -> dict[str, str]:
    """Return the environment of somebody who may read what is at `endpoint`, and has no files of credentials."""
    nothing = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), os.devnull)
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests", "AWS_REGION": "us-east-1"}
    return {**nothing, **keys, "AWS_ENDPOINT_URL": endpoint, "AWS_EC2_METADATA_DISABLED": "true"}


class S3Server:
    """A store that works. It asks nobody for credentials when something is put into it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.headers["Authorization"] = SIGNED  # moto lets nobody replace what is there, but checks no signature

    def put(self, bucket: str, contents: Mapping[str, bytes]) -> None:
        """Make a bucket, if there is none, and put objects into it."""
        self._put(bucket, b"")
        for key, content in contents.items():
            self._put(f"{bucket}/{key}", content)

    def put_folder(self, bucket: str, folder: Path) -> None:
        self.put(bucket, {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()})

    def close(self) -> None:
        self._session.close()

    def _put(self, path: str, content: bytes) -> None:
        self._session.put(f"{self.url}/{path}", data=content, timeout=30).raise_for_status()


@contextmanager
def s3_server() -> Iterator[S3Server]:
    """Run moto in a process of its own."""
    with subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        try:
            port = int(process.stdout.readline()) if process.stdout else 0
            server = S3Server(f"http://127.0.0.1:{port}")
            yield server
            server.close()
        finally:
            process.kill()


def refusal(status: str, code: str) -> Answer:
    """Return how S3 refuses a request."""
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>as the test wants</Message></Error>".encode()
    return Answer(body, status, {"Content-Type": "application/xml", "Connection": "close"})


def content(body: bytes, *, sent: int | None = None, etag: str = '"1"') -> Script:
    """Return how S3 answers a request for an object, or for a part of it. sent: where the connection breaks."""

    def answer(request: Request) -> Answer:
        headers = {"ETag": etag, "Last-Modified": OLD, "Connection": "close"}
        if request.headers.get("if-match", etag) != etag:
            return refusal("412 Precondition Failed", "PreconditionFailed")
        wanted = request.headers.get("range")
        if not wanted:
            return Answer(body, headers=headers, sent=sent, ending="reset" if sent is not None else "close")
        first, last = map(int, wanted.removeprefix("bytes=").split("-"))
        if first >= len(body):
            return refusal("416 Requested Range Not Satisfiable", "InvalidRange")
        part = body[first : last + 1]
        headers["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{len(body)}"
        return Answer(part, "206 Partial Content", headers, sent=sent, ending="reset" if sent is not None else "close")

    return answer


def listing(sizes: Mapping[str, int], etag: str = '"1"') -> Answer:
    """Return how S3 answers a request for a list."""
    moment = "2023-11-14T22:13:20.000Z"
    entries = "".join(
        f"<Contents><Key>{key}</Key><LastModified>{moment}</LastModified><ETag>{etag}</ETag><Size>{size}</Size></Contents>"
        for key, size in sizes.items()
    )
    body = f"<?xml version='1.0'?><ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
    return Answer(body.encode(), headers={"Content-Type": "application/xml", "Connection": "close"})
