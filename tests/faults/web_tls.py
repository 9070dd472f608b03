"""Faults of certificates and of TLS."""

from __future__ import annotations

import os
import ssl
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any
from unittest.mock import patch

import trustme

from tests.faults.fault import Arguments, Fault, Scene
from tests.faults.web import BODY, HALF, ONCE, SIZE, Fate
from tests.support.fault_server import Answer, FaultServer
from tests.support.processes import Ended

LONG_AGO, LONG_AFTER = datetime(2001, 1, 1, tzinfo=UTC), datetime(2201, 1, 1, tzinfo=UTC)


@cache
def authority() -> trustme.CA:
    """Return an authority that nobody trusts by itself."""
    return trustme.CA()


def context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return the server's side of TLS."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(made)
    return made


def tls_server(scene: Scene, tls: ssl.SSLContext | None) -> FaultServer:
    """Start a server with TLS that has the log, and have its authority trusted where the environment takes part."""
    path = scene.folder / "authority.pem"
    authority().cert_pem.write_to_path(str(path))
    scene.stack.enter_context(patch.dict(os.environ, REQUESTS_CA_BUNDLE=str(path)))
    return scene.stack.enter_context(FaultServer(tls=tls)).on("/log", Answer(BODY))


def trusted_server(scene: Scene) -> FaultServer:
    """Start a server whose certificate is in order."""
    return tls_server(scene, context(authority().issue_cert("127.0.0.1")))


def self_signed(scene: Scene) -> ssl.SSLContext:
    """Return the server's side with a certificate that vouches for itself."""
    own, path = trustme.CA(), scene.folder / "own.pem"
    own.cert_pem.write_to_path(str(path))
    own.private_key_pem.write_to_path(str(path), append=True)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path)
    return made


def old_tls() -> ssl.SSLContext:
    """Return a server's side that speaks TLS 1.0 and nothing else."""
    made = context(authority().issue_cert("127.0.0.1"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = made.maximum_version = ssl.TLSVersion.TLSv1
    made.set_ciphers("ALL:@SECLEVEL=0")
    return made


def issued(*names: str, **options: Any) -> Callable[[Scene], ssl.SSLContext]:
    """Return the server's side with a certificate of the trusted authority."""
    return lambda _scene: context(authority().issue_cert(*names, **options))


def distrusted(how: str, tls: Callable[[Scene], ssl.SSLContext | None], *says: str, host: str = "127.0.0.1") -> Fault:
    """Return the fault of a server that is not whom it should be."""

    def make(scene: Scene) -> Arguments:
        server = tls_server(scene, tls(scene))
        scene.started_server = server  # so that its requests are looked at
        return [server.url("/log", host).replace("http://", "https://"), "--trust-env"]

    return Fault(
        "N19", how, make, 1, says=["/log: certificate: ", *says], check=Fate("failed", 0, 0), holds="no retry, no request"
    )


def with_bundle(scene: Scene, arguments: Arguments, path: str) -> Ended:
    """Run the program with other certificates to trust."""
    with patch.dict(os.environ, REQUESTS_CA_BUNDLE=path):
        return scene.analyze(*arguments)


def mute(scene: Scene) -> str:
    """Start a server that takes connections and never says a word."""
    return f"https://127.0.0.1:{scene.stack.enter_context(FaultServer(mute=True)).port}/log"


FAULTS = [
    distrusted("a certificate that vouches for itself", self_signed, "self-signed certificate", "REQUESTS_CA_BUNDLE"),
    distrusted(
        "one of an unknown authority", lambda _: context(trustme.CA().issue_cert("127.0.0.1")), "unable to get local issuer"
    ),
    distrusted("one that has expired", issued("127.0.0.1", not_before=LONG_AGO, not_after=LONG_AGO), "certificate has expired"),
    distrusted(
        "one for later", issued("127.0.0.1", not_before=LONG_AFTER, not_after=LONG_AFTER), "certificate is not yet valid"
    ),
    distrusted("one for another host", issued("elsewhere.example"), "not valid for 'localhost'", host="localhost"),
    distrusted("one for another address", issued("127.0.0.9"), "IP address mismatch"),
    distrusted("TLS 1.0", lambda _: old_tls(), "none accepted", "does this port speak TLS, 1.2 or later?"),
    distrusted("plain http behind an https URL", lambda _: None, "none accepted", "does this port speak TLS, 1.2 or later?"),
    Fault(
        "N19",
        "a good certificate",
        lambda scene: [trusted_server(scene).url("/log"), "--trust-env", *ONCE],
        check=Fate(requests=0),
    ),
    Fault(
        "N19",
        "a file of certificates that is not there",
        lambda scene: [trusted_server(scene).url("/log"), "--trust-env"],
        1,
        says=["no certificates to trust", "look at REQUESTS_CA_BUNDLE"],
        run=lambda scene, arguments: with_bundle(scene, arguments, "/no/such/file"),
        check=Fate("failed", 0, 0),
    ),
    Fault(
        "N19",
        "a file of certificates that holds none",
        lambda scene: [trusted_server(scene).url("/log"), "--trust-env"],
        1,
        says=["no certificates to trust", "look at REQUESTS_CA_BUNDLE"],
        run=lambda scene, arguments: with_bundle(scene, arguments, str(scene.bytes("junk.pem", b"junk\n"))),
        check=Fate("failed", 0, 0),
    ),
    Fault(
        "N2",
        "a handshake of TLS that the server never begins",
        lambda scene: [mute(scene), "--connect-timeout", "0.1", *ONCE],
        1,
        says=["connect timeout after 0.1s"],
        holds="the connect timeout is for name, connection and TLS together",
        check=Fate("failed", 0, 0),
    ),
    Fault(
        "N5",
        "FIN at half under TLS, no length declared: nobody vouches for this end",
        lambda scene: [
            trusted_server(scene).on("/log", Answer(BODY, framing="close", sent=HALF)).url("/log"),
            "--trust-env",
            *ONCE,
        ],
        1,
        says=[f"/log: got {HALF} of an unknown number of bytes (closed too early) after 5 lines: try later"],
        holds="it is not called complete",
        check=Fate("incomplete", 5, 0),
    ),
    Fault(
        "N9",
        "the same whole, with the end that TLS has for it",
        lambda scene: [
            trusted_server(scene).on("/log", Answer(BODY, framing="close", ending="notify")).url("/log"),
            "--trust-env",
            *ONCE,
        ],
        says=["/log: length not declared"],
        check=Fate(requests=0),
    ),
    Fault(
        "N5",
        "FIN at half under TLS",
        lambda scene: [trusted_server(scene).on("/log", Answer(BODY, sent=HALF)).url("/log"), "--trust-env", *ONCE],
        1,
        says=[f"got {HALF} of {SIZE} bytes (closed too early) after 5 lines"],
        check=Fate("incomplete", 5, 0),
    ),
]
