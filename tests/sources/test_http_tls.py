"""https: what a certificate has to be, and what redirects between https and http may do."""

from __future__ import annotations

import ssl
import time
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from logproc.model.errors import SourceError
from logproc.sources.http import HttpOptions
from logproc.sources.http.transport import PassingError, Transport
from tests.sources.http_fetch import CANARY, fetch
from tests.support.fault_server import Answer, FaultServer, ranged

LOG = b"a line of the log\n" * 2000
LONG_AGO = datetime(2001, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Return an authority that nobody trusts by itself."""
    return trustme.CA()


@pytest.fixture(scope="module")
def trusting(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> HttpOptions:
    """Return options that trust the authority."""
    path = tmp_path_factory.mktemp("tls") / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return HttpOptions(ca_file=str(path), headers={"X-Key": CANARY})


def server_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return the server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def self_signed_context(authority: trustme.CA, folder: Path) -> ssl.SSLContext:
    """Return the server's side with a certificate that vouches for itself."""
    authority.cert_pem.write_to_path(str(folder / "own.pem"))
    authority.private_key_pem.write_to_path(str(folder / "own.pem"), append=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "own.pem")
    return context


def old_context(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """Return a server's side that speaks TLS 1.0 and nothing else."""
    context = server_context(certificate)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context


@pytest.fixture(scope="module")
def context(authority: trustme.CA) -> ssl.SSLContext:
    """Return the server's side with a good certificate."""
    return server_context(authority.issue_cert("127.0.0.1"))


def test_a_trusted_server_is_read(context: ssl.SSLContext, trusting: HttpOptions) -> None:
    """Under TLS a body comes as it does without, cut or not."""
    with FaultServer(tls=context) as server:
        server.on("/log", ranged(Answer(LOG, sent=20_000)), ranged(Answer(LOG)))
        result = fetch(server.url("/log"), trusting)
    assert (result.what, result.data, result.waits) == ("", LOG, [1.0])
    assert result.permits == [("https", "127.0.0.1", server.port)] * 2


@pytest.mark.parametrize("fault", ["self-signed", "unknown authority", "expired", "wrong host", "TLS 1.0", "no TLS"])
def test_a_bad_certificate_ends_the_source_at_once(
    fault: str, authority: trustme.CA, trusting: HttpOptions, tmp_path: Path
) -> None:
    """Without a good certificate nothing is sent, nothing is read, and nothing is tried again."""
    contexts: dict[str, Callable[[], ssl.SSLContext | None]] = {
        "self-signed": lambda: self_signed_context(trustme.CA(), tmp_path),
        "unknown authority": lambda: server_context(trustme.CA().issue_cert("127.0.0.1")),
        "expired": lambda: server_context(authority.issue_cert("127.0.0.1", not_before=LONG_AGO, not_after=LONG_AGO)),
        "wrong host": lambda: server_context(authority.issue_cert("elsewhere.example")),
        "TLS 1.0": lambda: old_context(authority.issue_cert("127.0.0.1")),
        "no TLS": lambda: None,
    }
    reasons = {
        "self-signed": "self-signed certificate",
        "unknown authority": "unable to get local issuer certificate",
        "expired": "certificate has expired",
        "wrong host": "IP address mismatch",
        "TLS 1.0": "none accepted",
        "no TLS": "none accepted",
    }
    with FaultServer(tls=contexts[fault]()) as server:
        result = fetch(server.on("/log", Answer(LOG)).url("/log").replace("http://", "https://"), trusting)
    assert result.what.startswith("certificate: ")
    assert reasons[fault] in result.what
    assert isinstance(result.error, SourceError)
    assert (result.data, result.waits, server.requests) == (b"", [], [])


def test_an_unknown_authority_is_not_trusted(context: ssl.SSLContext) -> None:
    """By default the authorities of certifi are trusted and no other."""
    with FaultServer(tls=context) as server:
        result = fetch(server.on("/log", Answer(LOG)).url("/log"))
    assert result.what.startswith("certificate: ")
    assert server.requests == []


def test_a_downgrade_is_refused(context: ssl.SSLContext, trusting: HttpOptions) -> None:
    """A redirect from https to http is followed only if that is allowed, and then without secrets."""
    allowing = HttpOptions(ca_file=trusting.ca_file, headers=trusting.headers, allow_downgrade=True)
    with FaultServer(tls=context) as safe, FaultServer() as open_to_all:
        safe.on("/log", Answer(status="302 Found", headers={"Location": open_to_all.url("/log")}))
        open_to_all.on("/log", Answer(LOG))
        refused = fetch(safe.url("/log"), trusting)
        assert (refused.what, open_to_all.requests) == ("refused downgrade from https to http", [])
        assert fetch(safe.url("/log"), allowing).data == LOG
    assert CANARY not in str(open_to_all.requests[0].headers)
    assert "authorization" not in open_to_all.requests[0].headers


def test_a_mute_server_times_out() -> None:
    """A handshake that the server never begins counts as part of the connection."""
    with FaultServer(mute=True) as server:
        result = fetch(f"https://127.0.0.1:{server.port}/", HttpOptions(connect_timeout_s=0.2, retries=0))
    assert result.what == "connect timeout after 0.2s"


def test_tls_that_breaks_later_may_be_tried_again() -> None:
    """A failure after the handshake is not blamed on the certificate, unless the server asks for one of ours."""
    transport = Transport(1.0, 1.0, None, time.monotonic)
    broken, asked = ssl.SSLError(1, "x"), ssl.SSLError(1, "x")
    broken.reason, asked.reason = "DECRYPTION_FAILED_OR_BAD_RECORD_MAC", "TLSV13_ALERT_CERTIFICATE_REQUIRED"
    assert isinstance(transport.explain(broken), PassingError)
    assert str(transport.explain(broken)) == "TLS connection broken (decryption failed or bad record mac): try later"
    assert not isinstance(transport.explain(asked), PassingError)
    assert "certificate: none accepted" in str(transport.explain(broken, handshake=True))
