r"""The known formats of lines of text, as data: an expression of RE2, the form of its time, and what its fields are called.

Each is told apart by how a line begins. `{time}` stands for the expression of the form of time. The order is that of
detection where two fit as many lines: what asks for more comes first.

Sources: RFC 3164, RFC 5424; nginx (ngx_log.c); Apache (core's ErrorLogFormat, 2.2 and 2.4); Python's logging; log4j,
logback and Spring Boot's default patterns; glog; Android's `logcat -v`; HashiCorp's hclog; oslo.log; and the papers on
Loghub (Zhu et al., ISSRE 2023) for the systems that it describes.
"""

from __future__ import annotations

from logproc.formats.readers.expression import TextFormat
from logproc.formats.times import forms as moments
from logproc.formats.times.forms import TimeForm

WORDS = "TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE|ALERT|EMERG|PANIC|FINE|FINER|FINEST|CONFIG|VERBOSE"
LEVEL = f"(?P<level>{WORDS})"
MESSAGE = "(?P<message>.*)"
TAG = (
    r"(?:(?P<program>[^\s:\[]+)(?:\[(?P<pid>[^\]]*)\](?: \([^()\s]+\))?)?(?: ?\(\[?\d+\]?\))?:"
    r"|(?P<program_2>[^:\[\]]+)\[(?P<pid_2>\d+)\](?: \([^()\s]+\))?:)"
)
"""RFC 3164's tag. One with blanks, as macOS has them, is told by the process number behind it; there another one may follow."""
HOST = r"(?P<host>[^\s:\[]+|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)"
"""A name or an address, an IPv6 one too, but not the tag of a line that has no host."""
KLOG = rf"(?P<level>[IWEF]){{time}} +(?P<thread>\d+) (?P<logger>[^\]:]+):\d+\] ?{MESSAGE}"
THREADTIME = rf"{{time}} +(?:\w+ +)?(?P<pid>\d+) +(?P<thread>\d+) (?P<level>[VDIWEFAS]) (?P<logger>[^:]*?) *: ?{MESSAGE}"
"""logcat's layout with process and thread, and the user before them where it is asked for."""


def text_format(
    name: str,
    summary: str,
    example: str,
    time: TimeForm | None,
    expression: str,
    *,
    further: str = "",
    multi_line: bool = True,
) -> TextFormat:
    """Return a format; `{time}` in its expression is the form of time."""
    body = expression.replace("{time}", time.expression if time else "")
    return TextFormat(name, f"(?s)^{body}$", time, summary, example, multi_line, further)


def syslog(name: str, summary: str, example: str, time: TimeForm, tag: str) -> TextFormat:
    """Return a format of syslog: an optional priority, a time, the host, the program's tag."""
    expression = rf"(?:<\d{{1,3}}>)?{{time}} {HOST} {tag}{MESSAGE}"
    return text_format(name, summary, example, time, expression, multi_line=False)


FORMATS = (
    text_format(
        "nginx_error",
        "nginx's error log",
        '2026/03/07 10:00:00 [error] 1234#0: *5 open() "/x" failed (2: No such file or directory), client: 192.0.2.7',
        moments.SLASHES,
        r"{time} \[(?P<level>\w+)\] (?P<pid>\d+)#(?P<thread>\d+): (?:\*(?P<connection>\d+) )?"
        f"{MESSAGE}",
        further=r"(?s), client: (?P<client>[^,]+)(?:, .*)?$",
    ),
    text_format(
        "apache_error",
        "Apache's error log, 2.2 and 2.4",
        "[Sat Mar 07 10:00:00.123456 2026] [core:error] [pid 42:tid 7] [client 192.0.2.7:5000] AH00037: message",
        moments.CTIME,
        r"\[{time}\] \[(?:(?P<logger>[^\]:]*):)?(?P<level>[a-z]+\d?)\] (?:\[pid (?P<pid>\d+)(?::tid (?P<thread>\d+))?\] )?"
        rf"(?:\[client (?P<client>\d+\.\d+\.\d+\.\d+|[^\]]*?)(?::\d+)?\] )?{MESSAGE}",
    ),
    text_format(
        "klog",
        "Kubernetes and Google: glog, klog",
        "I0307 10:00:00.123456    1234 controller.go:187] message",
        moments.KLOG,
        KLOG,
    ),
    text_format(
        "glog",
        "Google's glog with the year",
        "I20260307 10:00:00.123456 1234 main.cc:31] message",
        moments.EIGHT_DIGITS,
        KLOG,
    ),
    text_format(
        "logcat",
        "Android: `logcat -v threadtime`",
        "03-07 10:00:00.123  1702  2395 D WindowManager: message",
        moments.LOGCAT,
        THREADTIME,
    ),
    text_format(
        "logcat_year",
        "Android: `logcat -v threadtime -v year`, with a zone or without",
        "2026-03-07 10:00:00.123 +0100  1702  2395 D WindowManager: message",
        moments.ISO,
        THREADTIME,
    ),
    text_format(
        "logcat_time",
        "Android: `logcat -v time`",
        "03-07 10:00:00.123 D/WindowManager( 1702): message",
        moments.LOGCAT,
        rf"{{time}} (?P<level>[VDIWEFAS])/(?P<logger>[^(]*?) *\( *(?P<pid>\d+)\): ?{MESSAGE}",
    ),
    text_format(
        "logcat_brief",
        "Android: `logcat -v brief`",
        "D/WindowManager( 1702): message",
        None,
        rf"(?P<level>[VDIWEFAS])/(?P<logger>[^(]*?) *\( *(?P<pid>\d+)\): ?{MESSAGE}",
    ),
    text_format(
        "syslog_5424",
        "syslog by RFC 5424",
        '<34>1 2026-03-07T10:00:00.003Z host app 1234 ID47 [origin@32473 ip="192.0.2.7"] message',
        moments.ISO,
        r"<\d{1,3}>\d{1,2} (?:{time}|-) (?P<host>\S+) (?P<program>\S+) (?P<pid>\S+) (?P<event>\S+) "
        r'(?P<data>-|(?:\[[^\] ]+(?: [^= ]+="(?:[^"\\\]]|\\.)*")*\])+)(?: (?:\xef\xbb\xbf)?(?P<message>.*))?',
        multi_line=False,
    ),
    syslog("syslog", "syslog by RFC 3164", "Mar  7 10:00:00 host sshd[1234]: message", moments.SYSLOG, f"(?:{TAG} ?)?"),
    text_format(
        "cri",
        "Kubernetes' container runtimes (CRI)",
        "2026-03-07T10:00:00.123456789Z stdout F message",
        moments.ISO,
        rf"{{time}} (?P<stream>stdout|stderr) (?P<tag>[FP])(?: {MESSAGE})?",
    ),
    text_format(
        "spring_boot",
        "Spring Boot's default pattern",
        "2026-03-07T10:00:00.123+01:00  INFO 1 --- [app] [main] c.e.App : message",
        moments.ISO,
        rf"{{time}} +{LEVEL} +(?P<pid>\d+) --- (?:\[[^\]]*\] )??\[ *(?P<thread>[^\]]*)\] (?P<logger>\S+) *: ?{MESSAGE}",
    ),
    text_format(
        "zookeeper",
        "ZooKeeper's log4j pattern",
        "2026-03-07 10:00:00,123 [myid:1] - INFO  [main:QuorumPeerMain@127] - message",
        moments.ISO,
        rf"{{time}}(?: \[myid:[^\]]*\])? - {LEVEL} +\[(?P<thread>.*?):?(?P<logger>[^:\]]*)@[\w?]+\] - ?{MESSAGE}",
    ),
    text_format(
        "kafka",
        "Kafka's log4j pattern",
        "[2026-03-07 10:00:00,123] INFO message (kafka.log.LogManager)",
        moments.ISO,
        rf"\[{{time}}\] {LEVEL} {MESSAGE}",
        further=r" \((?P<logger>[\w.$-]+)\)$",
    ),
    text_format(
        "airflow",
        "Airflow: Python's logging with file and line",
        "[2026-03-07T10:00:00.123+0000] {taskinstance.py:1103} INFO - message",
        moments.ISO,
        rf"\[{{time}}\] \{{(?P<logger>[^}}:]*)(?::\d+)?\}} {LEVEL} - ?{MESSAGE}",
    ),
    text_format(
        "bracketed",
        "Times and levels in brackets, as Celery, gunicorn and Monolog have them",
        "[2026-03-07 10:00:00,123: INFO/MainProcess] message",
        moments.ISO,
        rf"\[{{time}}(?:: {LEVEL}/(?P<thread>[^\]]+)\]|\] \[(?P<pid>\d+)\] \[(?P<level_2>{WORDS})\]"
        rf"|\] (?P<logger>[\w.-]+)\.(?P<level_3>{WORDS}):"
        rf"|\] \[(?P<level_4>{WORDS})\](?: (?P<logger_2>[\w.-]+):)?) ?{MESSAGE}",
    ),
    text_format(
        "calico",
        "Level and process number in brackets",
        "2026-03-07 10:00:00.123 [INFO][42] felix/int_dataplane.go 1836: message",
        moments.ISO,
        rf"{{time}} \[{LEVEL}\]\[(?P<pid>\d+)\] (?P<logger>[^:\s]+)(?: \d+)?: ?{MESSAGE}",
    ),
    text_format(
        "hclog",
        "HashiCorp: Vault, Consul, Nomad",
        "2026-03-07T10:00:00.123Z [INFO]  expiration: message",
        moments.ISO,
        rf"{{time}} \[{LEVEL}\] +(?:(?P<logger>[\w./-]+): )?{MESSAGE}",
    ),
    text_format(
        "log4j",
        "Java: `time LEVEL [thread] logger - message`",
        "2026-03-07 10:00:00,123 INFO [main] org.example.App: message",
        moments.ISO,
        rf"{{time}} +\[?{LEVEL}\]? +\[(?P<thread>.*?)\] (?P<logger>[\w.$/-]+)(?: -|:) ?{MESSAGE}",
    ),
    text_format(
        "logback",
        "Java: `time [thread] LEVEL logger - message`",
        "2026-03-07 10:00:00.123 [main] INFO  org.example.App - message",
        moments.ISO,
        rf"{{time}} \[(?P<thread>.*?)\] {LEVEL} +(?P<logger>[\w.$/-]+)(?: -|:) ?{MESSAGE}",
    ),
    text_format(
        "logback_basic",
        "Java: logback's BasicConfigurator, time of day alone",
        "10:00:00.123 [main] INFO org.example.App - message",
        None,
        rf"\d\d:\d\d:\d\d\.\d{{3}} \[(?P<thread>.*?)\] {LEVEL} +(?P<logger>[\w.$/-]+) - ?{MESSAGE}",
    ),
    text_format(
        "openstack",
        "OpenStack: oslo.log",
        "2026-03-07 10:00:00.123 25746 INFO nova.compute.manager [req-1 - - - - -] message",
        moments.ISO,
        rf"(?:\S+ )?{{time}} (?P<pid>\d+) {LEVEL} (?P<logger>[\w.-]+) (?:\[(?P<context>[^\]]*)\] ?)?{MESSAGE}",
    ),
    text_format(
        "python",
        "Python's logging: `%(asctime)s - %(name)s - %(levelname)s - %(message)s`",
        "2026-03-07 10:00:00,123 - shop.cart - INFO - message",
        moments.ISO,
        rf"{{time}} - (?P<logger>[^\s]+) - {LEVEL} - ?{MESSAGE}",
    ),
    text_format(
        "loguru",
        "Python's loguru",
        "2026-03-07 10:00:00.123 | INFO     | shop.cart:add:42 - message",
        moments.ISO,
        rf"{{time}} \| (?P<level>[A-Z]+) +\| (?P<logger>[^:|]+):[^|]*? - ?{MESSAGE}",
    ),
    text_format(
        "python_plain",
        "`time LEVEL logger: message`, as Python and Java have it",
        "2026-03-07 10:00:00,123 INFO shop.cart: message",
        moments.ISO,
        rf"{{time}} \[?{LEVEL}\]? +(?:\[(?P<logger>[\w.$-]+)\]|(?P<logger_2>[\w.$-]+)):? ?(?:- )?{MESSAGE}",
    ),
    text_format(
        "python_basic",
        "Python's logging.basicConfig: `LEVEL:logger:message`",
        "INFO:shop.cart:message",
        None,
        rf"{LEVEL}:(?P<logger>[^:\s]+):{MESSAGE}",
    ),
    text_format(
        "tomcat",
        "Tomcat's JULI",
        "07-Mar-2026 10:00:00.123 INFO [main] org.apache.catalina.startup.Catalina.start message",
        moments.DAY_MONTH_YEAR,
        rf"{{time}} {LEVEL} \[(?P<thread>.*?)\] (?P<logger>[\w.$<>]+) {MESSAGE}",
    ),
    text_format(
        "spark",
        "Spark's log4j pattern",
        "26/03/07 10:00:00 INFO executor.Executor: message",
        moments.SHORT_YEAR,
        rf"{{time}} {LEVEL} (?P<logger>[\w.$]+): ?{MESSAGE}",
    ),
    text_format(
        "hdfs",
        "HDFS: `yyMMdd HHmmss pid LEVEL component: message`",
        "260307 100000 148 INFO dfs.DataNode$PacketResponder: message",
        moments.SIX_DIGITS,
        rf"{{time}} (?P<pid>\d+) {LEVEL} (?P<logger>[\w.$]+): ?{MESSAGE}",
    ),
    text_format(
        "windows_cbs",
        "Windows' component based servicing",
        "2026-03-07 10:00:00, Info                  CBS    message",
        moments.ISO,
        rf"{{time}}, (?P<level>[A-Z][a-z]+) +(?P<program>\w+) +{MESSAGE}",
    ),
    text_format(
        "bgl",
        "Blue Gene/L's RAS log",
        "- 1772877600 2026.03.07 R02-M1-N0 2026-03-07-10.00.00.675872 R02-M1-N0 RAS KERNEL INFO message",
        moments.POINTS,
        r"(?P<label>\S+) \d+ \d{4}\.\d\d\.\d\d (?P<host>\S+) {time} \S+ (?P<type>\S+) (?P<logger>\S+)"
        rf"(?: (?P<level>[A-Z]+))? {MESSAGE}",
        multi_line=False,
    ),
    text_format(
        "thunderbird",
        "Clusters of Sandia: labels and epoch seconds before syslog",
        "- 1772877600 2026.03.07 dn228 Mar 7 10:00:00 dn228/dn228 crond(pam_unix)[2915]: message",
        moments.EPOCH,
        rf"(?P<label>\S+) {{time}} \d{{4}}\.\d\d\.\d\d \S+ [A-Z][a-z]{{2}} +\d+ [\d:]+ (?P<host>\S+) (?:{TAG} ?)?{MESSAGE}",
        multi_line=False,
    ),
    text_format(
        "hpc",
        "Los Alamos' cluster log",
        "134681 node-246 unix.hw state_change.unavailable 1772877600 1 message",
        moments.EPOCH,
        rf"(?P<id>\d+) (?P<host>\S+) (?P<logger>\S+) (?P<event>\S+) {{time}} (?P<flag>-?\d+) {MESSAGE}",
        multi_line=False,
    ),
    text_format(
        "piped",
        "`time|component|pid|message`, as Huawei's Health has it",
        "20260307-10:00:00:606|Step_LSC|30002312|message",
        moments.EIGHT_DIGITS,
        rf"{{time}}\|(?P<logger>[^|]+)\|(?P<pid>\d+)\|{MESSAGE}",
    ),
    text_format(
        "proxifier",
        "Proxifier",
        "[03.07 10:00:00] chrome.exe - proxy.example.com:5070 open through proxy proxy.example.com:5070 HTTPS",
        moments.MONTH_POINT_DAY,
        rf"\[{{time}}\] (?P<program>.+?)(?: \*\d+)? - (?P<target>\S+) {MESSAGE}",
        multi_line=False,
    ),
    text_format(
        "mysql_error",
        "MySQL's and MariaDB's error log",
        "2026-03-07T10:00:00.123456Z 0 [Warning] [MY-010068] [Server] message",
        moments.ISO,
        r"{time} +(?P<thread>\d+) \[(?P<level>System|ERROR|Error|Warning|Note)\]"
        rf"(?: \[(?P<code>MY-\d+)\] \[(?P<logger>[^\]]+)\])? ?{MESSAGE}",
    ),
    text_format(
        "redis",
        "Redis and Valkey",
        "1:M 07 Mar 2026 10:00:00.010 * message",
        moments.DAY_MONTH_YEAR,
        rf"(?P<pid>\d+):(?:(?P<role>[XCSM]) {{time}} (?P<level>[.*#-])|signal-handler \(\d+\)) {MESSAGE}",
        multi_line=False,
    ),
    text_format(
        "ruby",
        "Ruby's Logger, as Rails has it in production",
        "I, [2026-03-07T10:00:00.123456 #4242]  INFO -- worker: message",
        moments.ISO,
        rf"[A-Z], \[{{time}} #(?P<pid>\d+)\] +(?P<level>[A-Z]+) -- (?P<program>[^:]*): ?{MESSAGE}",
    ),
    text_format(
        "zap_console",
        "zap's console encoder: parts between TABs",
        "2026-03-07T10:00:00.123+0100\tINFO\thttp\tserver/http.go:17\tmessage",
        moments.ISO,
        r"{time}\t(?:\x1b\[\d+m)?(?P<level>[A-Za-z]+)(?:\x1b\[0m)?\t(?:(?P<logger>[^\t]+)\t)?"
        rf"(?P<caller>[^\t ]+\.go:\d+)\t{MESSAGE}",
    ),
    text_format(
        "heroku",
        "Heroku's logs: `source[dyno]`",
        "2026-03-07T10:00:00.123456+00:00 app[web.1]: message",
        moments.ISO,
        rf"{{time}} (?P<program>app|heroku)\[(?P<pid>[\w.-]+)\]: ?{MESSAGE}",
        multi_line=False,
    ),
    syslog(
        "syslog_iso",
        "syslog with ISO times: rsyslog, systemd",
        "2026-03-07T10:00:00+01:00 host sshd[1234]: message",
        moments.ISO,
        f"{TAG} ?",
    ),
)

LOWER = "trace|debug|info|notice|warn|warning|error|err|crit|critical|fatal|alert|emerg|panic"
CAPITALIZED = "Trace|Debug|Info|Information|Notice|Warn|Warning|Error|Critical|Fatal|Note|System"
ANY_LEVEL = (
    rf"\b(?P<level>{WORDS}|LOG)\b|[\[<(](?P<level_2>(?:{LOWER}|{CAPITALIZED}))[\])>]"
    rf"|\b(?:level|lvl|severity)=\"?(?P<level_3>\w+)|\t(?P<level_4>{LOWER}|{CAPITALIZED})\t"
)
"""A level where it is surely one: a word in capitals, or one in brackets, between TABs or behind `level=`."""
HEAD_BYTES = 128
"""Time and level of a text that has no known format are looked for at the beginning of a line."""


def timed(form: TimeForm, *, leading: bool) -> TextFormat:
    """Return the format of any text with a time of a form.

    leading: at the beginning of each record, after at most two brackets or quotes, and what has none goes on with a record.
    Otherwise somewhere in its first bytes, where a word begins or behind the letter of a level (klog), and a line that has
    none is a record without a time.
    """
    time = rf"{form.expression}(?:[^0-9a-zA-Z]|$)"
    expression = rf"(?s)^[\[({{<\"']{{0,2}}{time}" if leading else rf"(?s)\b[A-Z]?{time}|$"
    return any_text("text", "Any text with a time in it", expression, form, multi_line=leading)


def any_text(name: str, summary: str, expression: str, form: TimeForm | None = None, *, multi_line: bool = False) -> TextFormat:
    """Return a format of lines that are a message as a whole, in the head of which a level is looked for."""
    return TextFormat(name, expression, form, summary, "", multi_line, ANY_LEVEL, HEAD_BYTES)


PLAIN = any_text("plain", "Any text: lines without a time that could be found", "")
