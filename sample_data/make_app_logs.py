"""The logs of an application that does not exist, the same bytes every time; `make_sample_data` writes them.

JSON lines of a web service and of its workers, a worker's log with tracebacks, and nginx with a format of its own.
"""

from __future__ import annotations

import json
import math
import random
from datetime import UTC, datetime, timedelta

SATURDAY = datetime(2026, 3, 7, tzinfo=UTC)
LOGGERS = ("shop.cart", "shop.orders", "shop.payment", "shop.mail")
MESSAGES = {
    "shop.cart": ("cart {id} opened", "item {id} added to cart {other}"),
    "shop.orders": ("order {id} placed", "order {id} shipped with parcel {hex}"),
    "shop.payment": ("payment {hex} accepted for order {id}", "payment {hex} refused for order {id}"),
    "shop.mail": ("mail to customer {id} queued", "mail server answered in {other} ms"),
}
ROUTES = [
    ("GET", "/products", 12.0),
    ("GET", "/stock", 4.0),
    ("GET", "/search", 85.0),
    ("POST", "/orders", 40.0),
    ("POST", "/payments", 130.0),
    ("GET", "/reports/daily", 900.0),
]
"""The method and path of what a web service is asked for, and the milliseconds that it usually takes."""
INCIDENT_HOUR = 14
TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop/worker.py", line 88, in run
    self.charge(order)
  File "/srv/shop/payment.py", line 41, in charge
    raise GatewayTimeout(order.id)
shop.payment.GatewayTimeout: order {id}
"""
NGINX_FORMAT = '$remote_addr [$time_iso8601] "$request" $status $body_bytes_sent rt=$request_time'
"""The definition that `checkout-nginx.txt` is written by."""


def app_logs() -> dict[str, bytes]:
    """Return the logs by file name."""
    return {
        "api.jsonl": api_log(),
        "orders.jsonl": json_log(),
        "worker-log.txt": worker_log(),
        "checkout-nginx.txt": nginx_log(),
    }


def api_log() -> bytes:
    """Return JSON lines of a web service, most of them by day; for an hour its payments are slow and many of them fail."""
    draw = random.Random(24)
    lines = []
    for moment in moments(draw, 2000):
        if draw.random() > 0.15 + 0.85 * math.sin(math.pi * moment.hour / 24) ** 4:
            continue
        method, path, usual_ms = ROUTES[int(draw.random() ** 1.6 * len(ROUTES))]
        incident = path == "/payments" and moment.hour == INCIDENT_HOUR
        status = 503 if incident and draw.random() < 0.6 else 404 if draw.random() < 0.03 else 201 if method == "POST" else 200
        found = {
            "time": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "level": "error" if status == 503 else "warning" if status == 404 else "info",
            "method": method,
            "path": path,
            "status": status,
            "duration_ms": round(usual_ms * (40 if incident else 1) * (0.4 + 3 * draw.random() ** 4), 1),
        }
        lines.append(json.dumps(found, separators=(",", ":")) + "\n")
    return "".join(lines).encode()


def json_log() -> bytes:
    """Return JSON lines, one of which is cut."""
    draw = random.Random(21)
    lines = []
    for number, moment in enumerate(moments(draw, 800)):
        logger, level, message = event(draw)
        found = {
            "time": moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(draw.random() * 1000):03}Z",
            "level": level.lower(),
            "logger": logger,
            "msg": message,
            "took_ms": round(5 + draw.random() ** 4 * 900, 1),
            "customer": {"country": ("de", "fr", "pl", "us")[int(draw.random() ** 2 * 4)], "id": int(draw.random() * 300)},
        }
        line = json.dumps(found, separators=(",", ":"))
        lines.append(line[:40] if number == 500 else line)
    return "".join(line + "\n" for line in lines).encode()


def worker_log() -> bytes:
    """Return the log of Python's logging, with a traceback under some errors."""
    draw = random.Random(22)
    text = []
    for moment in moments(draw, 600):
        logger, level, message = event(draw)
        text.append(f"{moment:%Y-%m-%d %H:%M:%S},{int(draw.random() * 1000):03} - {logger} - {level} - {message}\n")
        if level == "ERROR":
            text.append(TRACEBACK.format(id=int(draw.random() * 90_000)))
    return "".join(text).encode()


def nginx_log() -> bytes:
    """Return an access log by NGINX_FORMAT."""
    draw = random.Random(23)
    paths = ("/checkout", "/api/v2/orders/{id}", "/api/v2/stock", "/static/app.js")
    lines = []
    for moment in moments(draw, 500):
        path = paths[int(draw.random() ** 2 * 4)].format(id=48200 + int(draw.random() * 40))
        status = (200, 200, 200, 201, 304, 404, 502)[int(draw.random() * 7)]
        seconds = draw.random() ** 5 * (4 if path == "/checkout" else 0.8) + 0.002
        client = f"198.51.100.{int(draw.random() * 60)}"
        size = int(draw.random() * 9000)
        lines.append(f'{client} [{moment.isoformat()}] "GET {path} HTTP/1.1" {status} {size} rt={seconds:.3f}\n')
    return "".join(lines).encode()


def moments(draw: random.Random, number: int) -> list[datetime]:
    """Return so many moments of one day, in order."""
    return [SATURDAY + timedelta(seconds=second) for second in sorted(int(draw.random() * 86_400) for _ in range(number))]


def event(draw: random.Random) -> tuple[str, str, str]:
    """Return the logger, the level and the message of one record."""
    logger = LOGGERS[int(draw.random() ** 1.5 * 4)]
    chance = draw.random()
    level = "ERROR" if chance < 0.03 else "WARNING" if chance < 0.1 else "INFO"
    message = MESSAGES[logger][level != "INFO" or draw.random() < 0.3]
    numbers = {"id": int(draw.random() * 90_000), "other": int(draw.random() * 500)}
    return logger, level, message.format(**numbers, hex=f"{int(draw.random() * 2**48):012x}")
