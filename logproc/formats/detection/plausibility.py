"""Plausibility of a format: what it finds in a sample must be hosts, programs and loggers, not words of messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy

from logproc.formats.columns.levels import is_level_word
from logproc.formats.detection.sample import NEARLY, Sample
from logproc.formats.engine import Format
from logproc.formats.known import PIECES, TIMES, timed
from logproc.formats.readers.access_lines import UNKNOWN, are_hosts, is_client
from logproc.formats.readers.expression import Expression
from logproc.formats.readers.layout import LayoutReader
from logproc.model.patterns import regex

if TYPE_CHECKING:
    from logproc.model.arrays import Mask

IS_DATE = regex(rb"\d{2,4}([-/.])\d\d\1\d{2,4}")
NO_WORD = regex(rb"[\d._:/-]")
DAEMONS = frozenset(
    (
        b"kernel systemd cron crond anacron sshd sudo su login logger last nginx apache apache2 httpd haproxy squid "
        b"varnishd traefik dhcpd dhclient named unbound dnsmasq ntpd chronyd rsyslogd syslogd auditd audit dbus "
        b"polkitd mysqld mariadbd postgres mongod redis docker dockerd containerd kubelet etcd consul vault postfix "
        b"dovecot exim sendmail clamd spamd opendkim vsftpd smbd nmbd winbindd snmpd rsyncd openvpn charon pluto "
        b"hostapd pppd filterlog keepalived zed smartd udevd rsyslog useradd passwd"
    ).split()
)
"""Programs that write to syslog, often without a process number."""


def is_plausible(form: Format, sample: Sample, fits: Mask, known: Mask) -> bool:
    """Return whether the fields that a format finds are plausible. known: which lines fit any format.

    Where a host should be, a level or a date means that the lines have another format. So do lines that begin with the same
    form of time and do not fit: the first word of some messages looks like a logger.
    """
    reader = form.exact
    if not isinstance(reader, Expression):
        return True
    if "(?P<host>" in reader.expression:
        found = reader.found_in(sample.keep(fits).texts, {"host"})
        hosts = reader.texts_of(found, "host").to_pylist()
        if PIECES["tag"] in reader.expression and not is_syslog(reader, sample.keep(fits)):
            return False
        return sum(is_level_word(host) or IS_DATE.fullmatch(host) is not None for host in hosts) * 2 < len(hosts)
    if reader.time is TIMES["iso-blank-hour"] and not any(line[10:12] == b"  " for line in sample.keep(fits).lines):
        return False  # nothing but the blank shows it
    if reader.time and not known.all():
        leading = sample.fits(timed(reader.time, leading=True))
        if not (leading & fits).any():  # its own time is further on: lines that begin with one are of another layout
            return True
        others = leading & ~known & alike(sample, fits)
        share = NEARLY if "logger" in form.fields else 0.5
        return bool(fits.sum() >= share * (fits.sum() + others.sum()))
    return True


def alike(sample: Sample, fits: Mask) -> Mask:
    """Return which lines begin as those that fit do, with a bracket or without one; all lines if those that fit differ."""
    bracketed = numpy.array([line[:1] in b"[({<" for line in sample.lines], bool)
    first = bracketed[fits]
    return bracketed == first[0] if len(first) and (first == first[0]).all() else numpy.ones(len(bracketed), bool)


def is_syslog(reader: Expression, sample: Sample) -> bool:
    """Return whether most lines surely have a host and a program, not two words of a message before a colon.

    A priority, a process number, a well-known program, JSON in the message, or a name with a digit or a sign that words do
    not have is enough. After a time in the form of syslog, so are two words in small letters.
    """
    fields = ("host", "program", "pid", "level", "message")
    found = reader.found_in(sample.texts, fields)
    known = [name for name in fields if any(reader.field_of(group.name) == name for group in found.type)]
    rows = zip(*(reader.texts_of(found, name).to_pylist() for name in known), strict=True)
    lines = [dict(zip(known, row, strict=True)) for row in rows]
    sure = sum(
        bool(
            line["pid"]
            or line.get("level")
            or line["program"].lower() in DAEMONS
            or NO_WORD.search(line["host"])
            or NO_WORD.search(line["program"])
            or line["message"].startswith(b"{")
            or (reader.time is TIMES["syslog"] and line["host"].islower() and line["program"].islower())
        )
        for line in lines
    )
    return 2 * sure > len(lines)


def has_hosts(form: Format, sample: Sample, fits: Mask) -> bool:
    """Return whether the first tokens are names of hosts, in the access log that begins with a host.

    The others begin with a client. If it is a name, and an address follows in the place of the user, it is a logger's word.
    """
    if not isinstance(form.exact, LayoutReader):
        return True
    lines = [line.split(b" ", 3) for line in sample.keep(fits).lines]
    if form.exact.layout.tokens[0] == "client":
        named = [len(line) > 2 and not is_client(line[0]) and line[2] not in UNKNOWN for line in lines]
        return not (any(named) and all(named) and all(is_client(line[2]) for line in lines))
    if form.exact.layout.tokens[0] != "host":
        return True
    return are_hosts([line[0] for line in lines])
