r"""Lines that have a time of their own, whatever their layout is: such a line does not continue the record above it.

The time is at the beginning, behind little that is surely not prose: brackets, a priority, a level, a process number. A time
further on may be part of a message, and one behind white space may be in a frame or a statement.
"""

from __future__ import annotations

import re

from logproc.formats.times.forms import DAY_FIRST_HALF, EPOCH, FORMS, KLOG, MONTH_FIRST, OF_ONE_PROGRAM, SIX_DIGITS

NUMBERS = (EPOCH, KLOG, SIX_DIGITS)
"""Forms that are a time only by what is around them."""
DATES = "|".join(
    re.sub(r"\(\?P<\w+>", "(?:", form.expression)
    for form in (*FORMS, DAY_FIRST_HALF, MONTH_FIRST, *OF_ONE_PROGRAM)
    if form not in NUMBERS
)
COLOUR = r"\x1b\[[\d;]*m"
COLOURS = f"(?:{COLOUR})*"
BEFORE = (
    rf"{COLOURS}"
    r"(?:(?:\d+ )?<\d{1,3}>(?:\d )?"
    r"|\[[\w./-]{1,20}\] ?|[A-Z]{3,11}:? +(?:\[[\w./:-]{1,40}\] +)?|[A-Z], |[IWEFDVT]/?|\d+:[A-Z] )?"
    rf"[\[({{<\"']{{0,2}}{COLOURS}"
)
"""What may be in front of a time: the length and the priority of syslog, a name in brackets, a level, the process of Redis."""
PAIRS = r"(?:[\w.@/-]+=(?:\"[^\"]*\"|[^\s\"]*) +)*[\w.@-]*(?:time|timestamp|ts|date)=\"?(?:\d{4}-\d\d|\d{10})"
DAY_IN_ACCESS_LOG = r"\d{2}/[A-Z][a-z]{2}/\d{4}"
OF_PROGRAMS = (
    r"\d{6} \d{6} \d",  # HDFS
    r"type=[A-Z_]+ msg=audit\(",
    r"\d{10}\.\d{3} +\d",  # Squid
    rf"{COLOURS}[A-Z]{{4}}{COLOURS}\[\d{{4}}-\d\d-\d\d",  # logrus
    rf"time:{DAY_IN_ACCESS_LOG}:",  # LTSV
    r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d:",  # journalctl -o short-full
    rf"[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]+ -  ?{DAY_IN_ACCESS_LOG}:",  # PHP-FPM
)
"""Beginnings with a number that is a time only there, or with a time behind a word."""
OWN_TIME = (
    rf"^(?:\s*\{{\s*[\"']|{BEFORE}(?:{DATES})"
    rf"|[IWEF]\d{{4}} \d\d:\d\d:\d\d|\[?\d\d:\d\d:\d\d[.,]\d{{3,6}}[\] ]|{PAIRS}"
    rf"|{'|'.join(OF_PROGRAMS)}"
    r"|\[[IWEDC] (?:\d{6}|\d{4}-\d\d-\d\d) \d\d:\d\d:"
    rf"|(?:[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]+ |[0-9A-Za-z.:-]+ \S+ [^\[]*)\[{DAY_IN_ACCESS_LOG}[: ]\d{{2}}:)"
)
"""What a line with a time of its own looks like. An object of JSON is one, and so is a line of an access log."""
