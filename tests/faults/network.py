"""Faults of the network and of web servers."""

from __future__ import annotations

from tests.faults import web_bodies, web_connections, web_redirects, web_resuming, web_statuses, web_surroundings, web_tls
from tests.faults.fault import Fault

FAULTS: list[Fault] = sorted(
    [
        *web_connections.FAULTS,
        *web_statuses.FAULTS,
        *web_redirects.FAULTS,
        *web_tls.FAULTS,
        *web_bodies.FAULTS,
        *web_resuming.FAULTS,
        *web_surroundings.FAULTS,
    ],
    key=lambda fault: int(fault.row[1:].rstrip("+")),
)
