# ruff: noqa: E501 - a log's line is as long as the program wrote it
"""Small logs of many programs, made from the manuals of their formats, with what a person counts in them.

How the numbers are meant:

- A line that has its own start (a time, a level or what else opens an entry) is a record, also where a manual calls it a part of the one before
  (PostgreSQL's `DETAIL:`). An entry with its stack trace is one record, a blank line within it a blank line.
- `rejected` are torn and foreign lines. A line that belongs to the format but is no record (a directive, a heading, `-- Boot … --`) is counted with the
  continuation lines. Where entries have several lines no program can tell these apart: only `lines - records - blank` is then the same for every reader.
- `levels` are words and numbers that stand in the log: journald's `PRIORITY`, bunyan's `level`, but not the severity that a `<34>` encodes.
- `components` are what the format's manual calls logger, program, tag, module, subsystem, service or component: the logger where it has a program as well.
- A time without an offset is UTC. A record without a time takes no part in `first` and `last`; both are None where no record has one with day and year.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sample:
    """A log, and what is in it.

    source: the manual that it was made from.
    kind: the family: access, json, logfmt, syslog, nginx_error, apache_error, python, java, klog, w3c, logcat, text (a time and maybe a level), plain.
    lines: as LF ends them, or the end of the text; lines == records + rejected + blank + continuation lines.
    levels, components: records by level and by component, spelled as in the log; empty if it has none.
    first, last: the smallest and largest time of a record in UTC, fractions cut off.
    """

    name: str
    source: str
    kind: str
    text: bytes
    lines: int
    records: int
    rejected: int
    blank: int
    levels: Mapping[str, int]
    components: Mapping[str, int]
    first: str | None
    last: str | None


ACCESS = (
    Sample(
        name="nginx-combined",
        source="nginx manual, ngx_http_log_module: the predefined format combined",
        kind="access",
        text=rb"""203.0.113.9 - - [07/Mar/2026:10:00:01 +0100] "GET / HTTP/1.1" 200 5124 "-" "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0"
2001:db8:85a3::8a2e:370:7334 - - [07/Mar/2026:10:00:01 +0100] "GET /static/app.3f9c.css HTTP/2.0" 304 0 "https://shop.example.com/" "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15"
198.51.100.23 - alice [07/Mar/2026:10:00:04 +0100] "POST /api/orders?dry_run=1&note=two%20words HTTP/1.1" 201 87 "https://shop.example.com/cart" "curl/8.5.0"
203.0.113.77 - - [07/Mar/2026:10:00:07 +0100] "\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03" 400 157 "-" "-"
203.0.113.77 - - [07/Mar/2026:10:00:08 +0100] "" 400 0 "-" "-"
198.51.100.4 - - [07/Mar/2026:10:00:12 +0100] "GET /search?q=\x22quoted\x22 HTTP/1.1" 200 2311 "-" "Agent \x22with\x22 quotes/1.0 [bot]"
192.0.2.1 - - [07/Mar/2026:09:59:58 +0100] "GET /slow/report.pdf HTTP/1.1" 499 0 "-" "Go-http-client/1.1"
192.0.2.15 - - [07/Mar/2026:10:00:15 +0100] "GET /healthz HTT
192.0.2.15 - - [07/Mar/2026:10:00:20 +0100] "HEAD /healthz HTTP/1.0" 200 0 "-" "kube-probe/1.32"
""",
        lines=9,
        records=8,
        rejected=1,
        blank=0,
        levels={},
        components={},
        first="2026-03-07T08:59:58Z",
        last="2026-03-07T09:00:20Z",
    ),
    Sample(
        name="apache-common",
        source="Apache 2.4 manual, Log Files: Common Log Format",
        kind="access",
        text=rb"""192.0.2.44 - jdoe [28/Feb/2026:23:59:58 -0500] "GET /pics/rose.gif HTTP/1.0" 200 225
192.0.2.44 - - [28/Feb/2026:23:59:59 -0500] "GET /cgi-bin/guest.pl?name=O'Neil HTTP/1.1" 500 -
proxy7.example.net - - [01/Mar/2026:00:00:00 -0500] "GET http://www.example.org/ HTTP/1.1" 403 199
2001:db8::1:2 - - [01/Mar/2026:00:00:03 -0500] "OPTIONS * HTTP/1.0" 200 -

192.0.2.60 - - [01/Mar/2026:00:00:05 -0500] "-" 408 -
192.0.2.61 - - [01/Mar/2026:00:00:09 -0500] "GET /a\"b HTTP/1.1" 404 196
""",
        lines=7,
        records=6,
        rejected=0,
        blank=1,
        levels={},
        components={},
        first="2026-03-01T04:59:58Z",
        last="2026-03-01T05:00:09Z",
    ),
    Sample(
        name="apache-combined",
        source="Apache 2.4 manual, mod_log_config: combined, with escaped quotes",
        kind="access",
        text=rb"""198.51.100.7 - - [15/Jan/2026:06:30:11 +0000] "GET /manual/ HTTP/1.1" 200 9841 "https://www.example.com/?q=\"apache\"" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/133.0.0.0 Safari/537.36"
198.51.100.7 - - [15/Jan/2026:06:30:11 +0000] "GET /manual/style/css/manual.css HTTP/1.1" 200 5810 "https://www.example.com/manual/" "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/133.0.0.0 Safari/537.36"
203.0.113.200 - - [15/Jan/2026:06:30:20 +0000] "GET /wp-login.php HTTP/1.1" 404 431 "-" "Mozilla/5.0 \"><script>alert(1)</script>"
203.0.113.200 - "" [15/Jan/2026:06:30:21 +0000] "POST /xmlrpc.php HTTP/1.1" 401 381 "-" "-"
127.0.0.1 - - [15/Jan/2026:06:30:30 +0000] "OPTIONS * HTTP/1.0" 200 126 "-" "Apache/2.4.62 (Debian) (internal dummy connection)"
::1 - - [15/Jan/2026:06:30:31 +0000] "GET /server-status?auto HTTP/1.1" 200 1102 "-" "collectd/5.12.0"
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={},
        components={},
        first="2026-01-15T06:30:11Z",
        last="2026-01-15T06:30:31Z",
    ),
    Sample(
        name="apache-vhost-combined",
        source="Debian's apache2.conf and the Apache manual: %v:%p in front of combined with %O",
        kind="access",
        text=rb"""www.example.org:443 198.51.100.31 - - [07/Mar/2026:03:14:15 +0000] "GET / HTTP/1.1" 200 10918 "-" "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example/)"
www.example.org:80 198.51.100.31 - - [07/Mar/2026:03:14:15 +0000] "GET /robots.txt HTTP/1.1" 301 575 "-" "Mozilla/5.0 (compatible; ExampleBot/2.1; +https://bot.example/)"
api.example.org:443 2001:db8:0:1::f00d - svc-sync [07/Mar/2026:03:14:16 +0000] "PUT /v2/items/17 HTTP/1.1" 204 402 "-" "python-requests/2.32.3"
api.example.org:443 2001:db8:0:1::f00d - svc-sync [07/Mar/2026:03:14:16 +0000] "DELETE /v2/items/18 HTTP/1.1" 409 611 "-" "python-requests/2.32.3"
localhost.localdomain:80 192.0.2.9 - - [07/Mar/2026:03:14:40 +0000] "-" 408 0 "-" "-"
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={},
        components={},
        first="2026-03-07T03:14:15Z",
        last="2026-03-07T03:14:40Z",
    ),
)

JSON = (
    Sample(
        name="bunyan",
        source="bunyan's README: core fields",
        kind="json",
        text=rb"""{"name":"shop","hostname":"web-1","pid":4711,"level":30,"msg":"listening on 0.0.0.0:8080","time":"2026-03-07T10:00:00.001Z","v":0}
{"name":"shop","hostname":"web-1","pid":4711,"level":20,"widget_type":"cart","msg":"loaded \"summer\" theme","time":"2026-03-07T10:00:00.120Z","v":0}
{"name":"shop","hostname":"web-1","pid":4711,"level":40,"msg":"cache is cold","time":"2026-03-07T10:00:01.500Z","v":0}
{"name":"shop","hostname":"web-1","pid":4711,"level":50,"err":{"message":"connect ECONNREFUSED 192.0.2.5:5432","name":"Error","stack":"Error: connect ECONNREFUSED 192.0.2.5:5432\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)","code":"ECONNREFUSED"},"msg":"connect ECONNREFUSED 192.0.2.5:5432","time":"2026-03-07T10:00:02.002Z","v":0}
{"name":"mailer","hostname":"web-1","pid":4712,"level":30,"msg":"","time":"2026-03-07T10:00:02.003Z","v":0}
{"name":"shop","hostname":"web-1","pid":4711,"level":60,"msg":"giving up","time":"2026-03-07T10:00:09.999Z","v":0}
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={"20": 1, "30": 2, "40": 1, "50": 1, "60": 1},
        components={"shop": 5, "mailer": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:09Z",
    ),
    Sample(
        name="pino",
        source="pino's API manual: numeric level, epoch milliseconds, and what npm prints before it",
        kind="json",
        text=rb"""
> orders@2.3.1 start
> node server.js

{"level":30,"time":1772877600123,"pid":88,"hostname":"orders-7d9f","msg":"server up"}
{"level":30,"time":1772877600456,"pid":88,"hostname":"orders-7d9f","module":"db","msg":"pool ready","size":10}
{"level":35,"time":1772877601000,"pid":88,"hostname":"orders-7d9f","msg":"a level of its own"}
{"level":50,"time":1772877602789,"pid":88,"hostname":"orders-7d9f","err":{"type":"TypeError","message":"Cannot read properties of undefined (reading 'id')","stack":"TypeError: Cannot read properties of undefined (reading 'id')\n    at /app/routes/order.js:31:22\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)"},"msg":"Cannot read properties of undefined (reading 'id')"}
{"level":40,"time":1772877603000,"pid":88,"hostname":"orders-7d9f","msg":"retry {\"attempt\": 2}"}
""",
        lines=9,
        records=5,
        rejected=2,
        blank=2,
        levels={"30": 2, "35": 1, "40": 1, "50": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:03Z",
    ),
    Sample(
        name="pino-http",
        source="pino-http's README: req, res and responseTime",
        kind="json",
        text=rb"""{"level":30,"time":1772877660001,"pid":12,"hostname":"edge","name":"gateway","req":{"id":1,"method":"GET","url":"/items?page=2","query":{"page":"2"},"params":{},"headers":{"host":"localhost:3000","user-agent":"curl/8.5.0","accept":"*/*"},"remoteAddress":"::ffff:192.0.2.3","remotePort":40510},"res":{"statusCode":200,"headers":{"content-type":"application/json; charset=utf-8","content-length":"311"}},"responseTime":7,"msg":"request completed"}
{"level":30,"time":1772877660050,"pid":12,"hostname":"edge","name":"gateway","req":{"id":2,"method":"POST","url":"/items","query":{},"params":{},"headers":{"host":"localhost:3000","content-length":"48"},"remoteAddress":"::1","remotePort":40512},"res":{"statusCode":201,"headers":{"content-length":"27"}},"responseTime":31,"msg":"request completed"}
{"level":50,"time":1772877661234,"pid":12,"hostname":"edge","name":"gateway","req":{"id":3,"method":"GET","url":"/boom","query":{},"params":{},"headers":{"host":"localhost:3000"},"remoteAddress":"203.0.113.8","remotePort":50111},"res":{"statusCode":500,"headers":{}},"err":{"type":"Error","message":"failed with status code 500","stack":"Error: failed with status code 500\n    at onResFinished (/app/node_modules/pino-http/logger.js:115:39)"},"responseTime":2,"msg":"request errored"}
{"level":30,"time":1772877662000,"pid":12,"hostname":"edge","name":"gateway","msg":"config reloaded"}
{"level":30,"time":1772877663000,"pid":12,"hostname":"edge","name":"gateway","req":{"id":4,"method":"GET","url":"/items/9","query":{},"params":{"id":"9"},"headers":{"host":"localhost:3000"},"remoteAddress":"203.0.113.8","remotePort":50113},"res":{"statusCode":null,"headers":{}},"responseTime":3001,"msg":"request aborted"}
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={"30": 4, "50": 1},
        components={"gateway": 5},
        first="2026-03-07T10:01:00Z",
        last="2026-03-07T10:01:03Z",
    ),
    Sample(
        name="zap-json",
        source="zap's documentation: NewProduction, epoch seconds as a float",
        kind="json",
        text=rb"""{"level":"info","ts":1772877600.1234567,"caller":"server/main.go:42","msg":"starting","version":"v1.9.0"}
{"level":"info","ts":1772877600.2,"logger":"http","caller":"server/http.go:17","msg":"listening","addr":"[::]:8443"}
{"level":"warn","ts":1772877605,"logger":"http","caller":"server/http.go:88","msg":"slow request","elapsed":1.503,"path":"/v1/\"odd\""}
{"level":"error","ts":1772877606.999999,"logger":"store.sql","caller":"store/sql.go:120","msg":"query failed","error":"context deadline exceeded","stacktrace":"example.com/shop/store.(*SQL).Query\n\t/src/store/sql.go:120\nmain.run\n\t/src/main.go:77"}
{"level":"dpanic","ts":1772877607.5e0,"caller":"server/main.go:90","msg":"unexpected state"}
{"level":"fatal","ts":1.7728776085e9,"caller":"server/main.go:95","msg":"exit"}
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={"info": 2, "warn": 1, "error": 1, "dpanic": 1, "fatal": 1},
        components={"http": 2, "store.sql": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:08Z",
    ),
    Sample(
        name="structlog-json",
        source="structlog's documentation: JSONRenderer behind add_log_level and TimeStamper(fmt='iso')",
        kind="json",
        text=rb"""{"event": "app_started", "level": "info", "timestamp": "2026-03-07T10:00:00.123456Z"}
{"user_id": 17, "event": "logged_in", "logger": "shop.auth", "level": "info", "timestamp": "2026-03-07T10:00:01.000001Z"}
{"path": "/tmp/a \"b\".txt", "event": "file_missing", "logger": "shop.files", "level": "warning", "timestamp": "2026-03-07T10:00:01.5Z"}
{"event": "task_failed", "logger": "shop.tasks", "level": "error", "timestamp": "2026-03-07T10:00:02Z", "exception": "Traceback (most recent call last):\n  File \"/srv/shop/tasks.py\", line 31, in run\n    1 / 0\nZeroDivisionError: division by zero"}
{"event": "caf\u00e9 ouvert \ud83c\udf89", "logger": "shop.auth", "level": "debug", "timestamp": "2026-03-07T10:00:03.250000Z"}
{"event": "torn", "logger": "shop.auth", "level": "info", "timest
{"event": "down", "level": "critical", "timestamp": "2026-03-07T10:00:04.000000Z"}
""",
        lines=7,
        records=6,
        rejected=1,
        blank=0,
        levels={"info": 2, "warning": 1, "error": 1, "debug": 1, "critical": 1},
        components={"shop.auth": 2, "shop.files": 1, "shop.tasks": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:04Z",
    ),
    Sample(
        name="ecs-dotted",
        source="ECS logging for Java: dotted keys, log.level second",
        kind="json",
        text=rb"""{"@timestamp":"2026-03-07T10:00:00.123Z","log.level":"INFO","message":"Started in 2.1 s","ecs.version":"1.2.0","service.name":"billing","event.dataset":"billing","process.thread.name":"main","log.logger":"com.example.billing.Main"}
{"@timestamp":"2026-03-07T10:00:01.456Z","log.level":"DEBUG","message":"rate=1.25","ecs.version":"1.2.0","service.name":"billing","event.dataset":"billing","process.thread.name":"pool-1-thread-2","log.logger":"com.example.billing.Rates"}
{"@timestamp":"2026-03-07T10:00:02.789Z","log.level": "WARN","message":"No rate for \"XTS\", using 1","ecs.version":"1.2.0","service.name":"billing","event.dataset":"billing","process.thread.name":"pool-1-thread-2","log.logger":"com.example.billing.Rates"}
{"@timestamp":"2026-03-07T10:00:03.000Z","log.level":"ERROR","message":"Invoice 77 failed","ecs.version":"1.2.0","service.name":"billing","event.dataset":"billing","process.thread.name":"pool-1-thread-1","log.logger":"com.example.billing.Invoices","error.type":"java.lang.IllegalStateException","error.message":"no customer","error.stack_trace":"java.lang.IllegalStateException: no customer\n\tat com.example.billing.Invoices.make(Invoices.java:51)\n\tat com.example.billing.Main.main(Main.java:20)\n"}
{"@timestamp":"2026-03-07T10:00:04.100Z","log.level":"INFO","message":"","ecs.version":"1.2.0","service.name":"billing","event.dataset":"billing","process.thread.name":"main","log.logger":"com.example.billing.Main"}
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={"INFO": 2, "DEBUG": 1, "WARN": 1, "ERROR": 1},
        components={"com.example.billing.Main": 2, "com.example.billing.Rates": 2, "com.example.billing.Invoices": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:04Z",
    ),
    Sample(
        name="ecs-nested",
        source="ECS logging for Python and the ECS reference: nested objects",
        kind="json",
        text=rb"""{"@timestamp":"2026-03-07T10:00:00.000Z","log":{"level":"info","logger":"billing.api","origin":{"file":{"line":14,"name":"api.py"},"function":"start"},"original":"ready"},"message":"ready","ecs":{"version":"1.6.0"},"process":{"name":"MainProcess","pid":9,"thread":{"id":140021,"name":"MainThread"}}}
{"@timestamp":"2026-03-07T10:00:00.917Z","log":{"level":"info","logger":"billing.api"},"message":"GET /v1/invoices","http":{"request":{"method":"GET"},"response":{"status_code":200,"body":{"bytes":512}}},"url":{"original":"/v1/invoices?limit=5","path":"/v1/invoices"},"source":{"ip":"2001:db8::17"},"event":{"duration":15300000},"ecs":{"version":"1.6.0"}}
{"@timestamp":"2026-03-07T10:00:01.204Z","log":{"level":"warning","logger":"billing.db"},"message":"pool exhausted","ecs":{"version":"1.6.0"}}
{"@timestamp":"2026-03-07T10:00:02.311Z","log":{"level":"error","logger":"billing.db"},"message":"query failed","error":{"type":"OperationalError","message":"server closed the connection","stack_trace":"  File \"db.py\", line 8, in run\n    cursor.execute(sql)\n"},"ecs":{"version":"1.6.0"}}
{"@timestamp":"2026-03-07T10:00:05.999Z","log":{"level":"critical","logger":"billing"},"message":"exit","ecs":{"version":"1.6.0"}}
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={"info": 2, "warning": 1, "error": 1, "critical": 1},
        components={"billing.api": 2, "billing.db": 2, "billing": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:05Z",
    ),
    Sample(
        name="docker-json-file",
        source="Docker manual, JSON File logging driver",
        kind="json",
        text=rb"""{"log":"Applying migrations\n","stream":"stdout","time":"2026-03-07T10:00:00.000000001Z"}
{"log":"\n","stream":"stdout","time":"2026-03-07T10:00:00.1Z"}
{"log":"203.0.113.4 - - [07/Mar/2026:10:00:01 +0000] \"GET / HTTP/1.1\" 200 612 \"-\" \"curl/8.5.0\" \"-\"\n","stream":"stdout","time":"2026-03-07T10:00:01.120394857Z"}
{"log":"\u001b[32mready\u001b[0m on port 80\n","stream":"stderr","time":"2026-03-07T10:00:01.42Z"}
{"log":"a line that was longer than the buffer ","stream":"stdout","time":"2026-03-07T10:00:02.555555555Z"}
{"log":"and its end\n","stream":"stdout","attrs":{"tag":"web/3f2a"},"time":"2026-03-07T10:00:02.555555556Z"}
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:02Z",
    ),
    Sample(
        name="caddy",
        source="Caddy's documentation, How Logging Works: the JSON access log",
        kind="json",
        text=rb"""{"level":"info","ts":1772877600.0125,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"203.0.113.50","remote_port":"51234","client_ip":"203.0.113.50","proto":"HTTP/2.0","method":"GET","host":"example.com","uri":"/","headers":{"User-Agent":["curl/8.5.0"],"Accept":["*/*"]},"tls":{"resumed":false,"version":772,"cipher_suite":4865,"proto":"h2","server_name":"example.com"}},"bytes_read":0,"user_id":"","duration":0.000929675,"size":10900,"status":200,"resp_headers":{"Server":["Caddy"],"Content-Type":["text/html; charset=utf-8"]}}
{"level":"info","ts":1772877601.4,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"2001:db8::50","remote_port":"40112","client_ip":"2001:db8::50","proto":"HTTP/3.0","method":"POST","host":"example.com:8443","uri":"/login?next=%2F","headers":{"User-Agent":["Mozilla/5.0 \"odd\" agent"],"Cookie":["REDACTED"]}},"bytes_read":41,"user_id":"bob","duration":0.31,"size":0,"status":302,"resp_headers":{"Location":["/"]}}
{"level":"error","ts":1772877602.9999,"logger":"http.log.access.log0","msg":"handled request","request":{"remote_ip":"203.0.113.51","remote_port":"51299","client_ip":"203.0.113.51","proto":"HTTP/1.1","method":"GET","host":"example.com","uri":"/api","headers":{}},"bytes_read":0,"user_id":"","duration":3.002,"size":0,"status":502,"resp_headers":{"Server":["Caddy"]}}
{"level":"error","ts":1772877602.9999,"logger":"http.log.error.log0","msg":"dial tcp 192.0.2.10:9000: connect: connection refused","request":{"remote_ip":"203.0.113.51","remote_port":"51299","proto":"HTTP/1.1","method":"GET","host":"example.com","uri":"/api","headers":{}},"duration":3.002,"status":502,"err_id":"2k1jf9n","err_trace":"reverseproxy.statusError (reverseproxy.go:1269)"}
{"level":"info","ts":1772877630.01,"logger":"tls","msg":"storage cleaning happening too soon; skipping for now","storage":"FileStorage:/data/caddy","try_again":1772964030.01,"try_again_in":86399.999}
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={"info": 3, "error": 2},
        components={"http.log.access.log0": 3, "http.log.error.log0": 1, "tls": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:30Z",
    ),
    Sample(
        name="traefik",
        source="Traefik's documentation, Access Logs: format json and its available fields",
        kind="json",
        text=rb"""{"ClientAddr":"203.0.113.20:61544","ClientHost":"203.0.113.20","ClientPort":"61544","ClientUsername":"-","DownstreamContentSize":1024,"DownstreamStatus":200,"Duration":4823911,"OriginContentSize":1024,"OriginDuration":4700100,"OriginStatus":200,"Overhead":123811,"RequestAddr":"app.example.com","RequestContentSize":0,"RequestCount":901,"RequestHost":"app.example.com","RequestMethod":"GET","RequestPath":"/dashboard?tab=1","RequestPort":"-","RequestProtocol":"HTTP/2.0","RequestScheme":"https","RetryAttempts":0,"RouterName":"app@docker","ServiceAddr":"172.18.0.4:80","ServiceName":"app@docker","ServiceURL":"http://172.18.0.4:80","StartLocal":"2026-03-07T11:00:00.203803974+01:00","StartUTC":"2026-03-07T10:00:00.203803974Z","TLSCipher":"TLS_AES_128_GCM_SHA256","TLSVersion":"1.3","entryPointName":"websecure","level":"info","msg":"","time":"2026-03-07T11:00:00+01:00"}
{"ClientAddr":"[2001:db8::9]:40000","ClientHost":"2001:db8::9","ClientPort":"40000","ClientUsername":"ops","DownstreamContentSize":19,"DownstreamStatus":404,"Duration":88120,"OriginContentSize":0,"OriginDuration":0,"OriginStatus":0,"Overhead":88120,"RequestAddr":"app.example.com","RequestContentSize":0,"RequestCount":902,"RequestHost":"app.example.com","RequestMethod":"HEAD","RequestPath":"/none","RequestPort":"-","RequestProtocol":"HTTP/1.1","RequestScheme":"http","RetryAttempts":0,"StartLocal":"2026-03-07T11:00:01.1+01:00","StartUTC":"2026-03-07T10:00:01.1Z","entryPointName":"web","level":"info","msg":"","time":"2026-03-07T11:00:01+01:00"}
{"ClientAddr":"203.0.113.20:61544","ClientHost":"203.0.113.20","ClientPort":"61544","ClientUsername":"-","DownstreamContentSize":11,"DownstreamStatus":502,"Duration":30210998,"OriginContentSize":11,"OriginDuration":30110000,"OriginStatus":502,"Overhead":100998,"RequestAddr":"api.example.com","RequestContentSize":230,"RequestCount":903,"RequestHost":"api.example.com","RequestMethod":"POST","RequestPath":"/v1/jobs","RequestPort":"-","RequestProtocol":"HTTP/2.0","RequestScheme":"https","RetryAttempts":2,"RouterName":"api@docker","ServiceAddr":"172.18.0.5:8080","ServiceName":"api@docker","ServiceURL":"http://172.18.0.5:8080","StartLocal":"2026-03-07T11:00:02.5+01:00","StartUTC":"2026-03-07T10:00:02.5Z","entryPointName":"websecure","level":"info","msg":"","request_User-Agent":"Mozilla/5.0 \"x\"","time":"2026-03-07T11:00:02+01:00"}
{"ClientAddr":"203.0.113.21:50001","ClientHost":"203.0.113.21","ClientPort":"50001","ClientUsername":"-","DownstreamContentSize":0,"DownstreamStatus":499,"Duration":2100,"OriginContentSize":0,"OriginDuration":0,"OriginStatus":499,"Overhead":2100,"RequestAddr":"api.example.com","RequestContentSize":0,"RequestCount":904,"RequestHost":"api.example.com","RequestMethod":"GET","RequestPath":"/v1/jobs/8","RequestPort":"-","RequestProtocol":"HTTP/1.1","RequestScheme":"https","RetryAttempts":0,"RouterName":"api@docker","ServiceName":"api@docker","StartLocal":"2026-03-07T11:00:04.000000001+01:00","StartUTC":"2026-03-07T10:00:04.000000001Z","entryPointName":"websecure","level":"info","msg":"","time":"2026-03-07T11:00:04+01:00"}
{"level":"error","providerName":"docker","error":"service \"db\" error: port is missing","container":"db-7f","time":"2026-03-07T11:00:03+01:00","message":""}
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={"info": 4, "error": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:04Z",
    ),
    Sample(
        name="journald-json",
        source="systemd manual, journalctl -o json and systemd.journal-fields",
        kind="json",
        text=rb"""{"__CURSOR":"s=9f0c;i=1a2;b=77ab;m=1f;t=64c;x=1","__REALTIME_TIMESTAMP":"1772877600123456","__MONOTONIC_TIMESTAMP":"3200118","_BOOT_ID":"77ab3d1c5f1e4a63a9a6a9d28e8b7f10","_TRANSPORT":"kernel","PRIORITY":"6","SYSLOG_FACILITY":"0","SYSLOG_IDENTIFIER":"kernel","_HOSTNAME":"db-2","MESSAGE":"eth0: Link is Up - 1Gbps/Full"}
{"__CURSOR":"s=9f0c;i=1a3;b=77ab;m=20;t=64d;x=2","__REALTIME_TIMESTAMP":"1772877601000000","__MONOTONIC_TIMESTAMP":"4076662","_BOOT_ID":"77ab3d1c5f1e4a63a9a6a9d28e8b7f10","_TRANSPORT":"journal","PRIORITY":"6","SYSLOG_IDENTIFIER":"systemd","_PID":"1","_COMM":"systemd","_HOSTNAME":"db-2","UNIT":"postgresql.service","MESSAGE":"Started postgresql.service - PostgreSQL RDBMS."}
{"__CURSOR":"s=9f0c;i=1a4;b=77ab;m=21;t=64e;x=3","__REALTIME_TIMESTAMP":"1772877603999999","__MONOTONIC_TIMESTAMP":"7076661","_BOOT_ID":"77ab3d1c5f1e4a63a9a6a9d28e8b7f10","_TRANSPORT":"syslog","PRIORITY":"4","SYSLOG_FACILITY":"10","SYSLOG_IDENTIFIER":"sshd","SYSLOG_PID":"991","_PID":"991","_HOSTNAME":"db-2","MESSAGE":"Invalid user \"admin\" from 2001:db8::bad port 40022"}
{"__CURSOR":"s=9f0c;i=1a5;b=77ab;m=22;t=64f;x=4","__REALTIME_TIMESTAMP":"1772877604000001","__MONOTONIC_TIMESTAMP":"7076663","_BOOT_ID":"77ab3d1c5f1e4a63a9a6a9d28e8b7f10","_TRANSPORT":"stdout","PRIORITY":"3","SYSLOG_IDENTIFIER":"backup job","_PID":"1203","_HOSTNAME":"db-2","MESSAGE":[27,91,51,49,109,102,97,105,108,101,100,27,91,48,109]}
{"__CURSOR":"s=9f0c;i=1a6;b=77ab;m=23;t=650;x=5","__REALTIME_TIMESTAMP":"1772877605500000","__MONOTONIC_TIMESTAMP":"8576662","_BOOT_ID":"77ab3d1c5f1e4a63a9a6a9d28e8b7f10","_TRANSPORT":"syslog","PRIORITY":"6","SYSLOG_IDENTIFIER":"sshd","_PID":"991","_HOSTNAME":"db-2","MESSAGE":null}
{"__CURSOR":"s=9f0c;i=1a7;b=77ab;m=24;t=651;x=6","__REALTIME_TIMESTAMP":"1772877606000000","__MONOTONIC_TIMESTAMP":"9076662","_BOOT_ID":"77ab3d1c5f1e4a63a9a6a9d28e8b7f10","_TRANSPORT":"audit","_AUDIT_TYPE_NAME":"SERVICE_START","_HOSTNAME":"db-2","MESSAGE":"SERVICE_START pid=1 uid=0 res=success"}
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={"6": 3, "4": 1, "3": 1},
        components={"kernel": 1, "systemd": 1, "sshd": 2, "backup job": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:06Z",
    ),
    Sample(
        name="nginx-json",
        source="nginx manual, ngx_http_log_module: log_format with escape=json",
        kind="json",
        text=rb"""{"time":"2026-03-07T10:00:00+00:00","remote_addr":"203.0.113.61","remote_user":"","request":"GET / HTTP/1.1","status":200,"body_bytes_sent":3120,"request_time":0.004,"http_referrer":"","http_user_agent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"}
{"time":"2026-03-07T10:00:01+00:00","remote_addr":"2001:db8::61","remote_user":"eve","request":"POST /upload HTTP/2.0","status":413,"body_bytes_sent":176,"request_time":0.000,"http_referrer":"https://example.com/form","http_user_agent":"Agent \"quoted\" \\ 1.0"}
{"time":"2026-03-07T10:00:02+00:00","remote_addr":"203.0.113.62","remote_user":"","request":"\u0016\u0003\u0001","status":400,"body_bytes_sent":157,"request_time":0.101,"http_referrer":"","http_user_agent":""}
{"time":"2026-03-07T10:00:02+00:00","remote_addr":"203.0.113.63","remote_user":"","request":"GET /a?b=c&d=%7B%22e%22%3A1%7D HTTP/1.1","status":301,"body_bytes_sent":169,"request_time":0.000,"http_referrer":"","http_user_agent":"curl/8.5.0"}

{"time":"2026-03-07T10:00:09+00:00","remote_addr":"203.0.113.61","remote_user":"","request":"GET /api/v1/long HTTP/1.1","status":504,"body_bytes_sent":167,"request_time":60.001,"http_referrer":"","http_user_agent":"okhttp/4.12.0"}
""",
        lines=6,
        records=5,
        rejected=0,
        blank=1,
        levels={},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:09Z",
    ),
    Sample(
        name="nginx-json-escape-default",
        source="nginx manual, ngx_http_log_module: a JSON log_format without escape=json, so that quotes become \\x22",
        kind="json",
        text=rb"""{"@timestamp":"2026-03-07T23:59:58+02:00","client":"198.51.100.80","request":"GET /login HTTP/1.1","status":"200","bytes":"812","agent":"Mozilla/5.0","upstream_time":"0.012"}
{"@timestamp":"2026-03-07T23:59:59+02:00","client":"198.51.100.81","request":"GET /?q=\x22a b\x22 HTTP/1.1","status":"400","bytes":"150","agent":"-","upstream_time":"-"}
{"@timestamp":"2026-03-08T00:00:00+02:00","client":"2001:db8:5::2","request":"GET /feed HTTP/1.1","status":"200","bytes":"20311","agent":"Reader \x5C/ \x22News\x22 3.1","upstream_time":"0.090"}
{"@timestamp":"2026-03-08T00:00:00+02:00","client":"198.51.100.80","request":"PATCH /profile HTTP/1.1","status":"204","bytes":"0","agent":"Mozilla/5.0","upstream_time":"0.003, 0.120"}
{"@timestamp":"2026-03-08T00:00:05+02:00","client":"198.51.100.99","request":"\x03\x00\x00\x13\x0E\xE0","status":"400","bytes":"150","agent":"-","upstream_time":"-"}
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={},
        components={},
        first="2026-03-07T21:59:58Z",
        last="2026-03-07T22:00:05Z",
    ),
    Sample(
        name="json-app-severity",
        source="Google Cloud manual, Structured logging: severity, message, time",
        kind="json",
        text=rb"""{"severity":"DEFAULT","message":"boot","time":"2026-03-07T10:00:00.123456789Z"}
{"severity":"INFO","message":"job queued","time":"2026-03-07T10:00:01Z","logging.googleapis.com/labels":{"job":"7"},"items":[1,2,{"deep":null}]}
{"severity":"NOTICE","message":"quota at 80%","time":"2026-03-07T12:00:02.5+02:00","quota":{"used":80,"of":100}}
{"severity":"WARNING","message":"key \"region\" missing","time":"2026-03-07T10:00:03.000Z"}
{"severity":"ERROR","message":"panic: boom\n\ngoroutine 7 [running]:\nmain.work()\n\t/app/main.go:12 +0x1d","time":"2026-03-07T10:00:04.9Z"}
{"severity":"EMERGENCY","message":"disk lost","time":"2026-03-07T10:00:05Z"}
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={"DEFAULT": 1, "INFO": 1, "NOTICE": 1, "WARNING": 1, "ERROR": 1, "EMERGENCY": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:05Z",
    ),
    Sample(
        name="json-uncaught-trace",
        source="Winston's README, format.timestamp() and format.json(); Node prints an uncaught exception as it is",
        kind="json",
        text=rb"""{"level":"info","message":"worker 1 online","service":"thumbs","timestamp":"2026-03-07T10:00:00.010Z"}
{"level":"verbose","message":"resize 800x600","service":"thumbs","timestamp":"2026-03-07T10:00:00.455Z"}
{"level":"silly","message":"{\"nested\":\"json\"}","service":"thumbs","timestamp":"2026-03-07T10:00:00.456Z"}
{"level":"error","message":"Input file is missing","service":"thumbs","stack":"Error: Input file is missing\n    at Sharp.toBuffer (/app/node_modules/sharp/lib/output.js:163:17)","timestamp":"2026-03-07T10:00:01.000Z"}
/app/worker.js:12
    throw new Error("unexpected");
    ^

Error: unexpected
    at Object.<anonymous> (/app/worker.js:12:11)
{"level":"info","message":"worker 2 online","service":"thumbs","timestamp":"2026-03-07T10:00:02.750Z"}
""",
        lines=11,
        records=5,
        rejected=5,
        blank=1,
        levels={"info": 2, "verbose": 1, "silly": 1, "error": 1},
        components={"thumbs": 5},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:02Z",
    ),
    Sample(
        name="python-json-logger",
        source="python-json-logger's documentation: the names of logging's attributes",
        kind="json",
        text=rb"""{"asctime": "2026-03-07 10:00:00,123", "levelname": "INFO", "name": "root", "message": "starting"}
{"asctime": "2026-03-07 10:00:00,999", "levelname": "INFO", "name": "urllib3.connectionpool", "message": "Retrying (Retry(total=2)) after connection broken by 'ReadTimeoutError(\"read timed out\")'"}
{"asctime": "2026-03-07 10:00:01,000", "levelname": "WARNING", "name": "root", "message": "n\u00e4chster Versuch", "attempt": 2}
{"asctime": "2026-03-07 10:00:07,310", "levelname": "ERROR", "name": "jobs", "message": "failed", "exc_info": "Traceback (most recent call last):\n  File \"jobs.py\", line 5, in run\nKeyError: 'id'"}
{"asctime": "2026-03-07 10:00:08,000", "levelname": "CRITICAL", "name": "jobs", "message": "stop", "taskName": null}
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={"INFO": 2, "WARNING": 1, "ERROR": 1, "CRITICAL": 1},
        components={"root": 2, "urllib3.connectionpool": 1, "jobs": 2},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:08Z",
    ),
    Sample(
        name="serilog-compact",
        source="Serilog's compact JSON format (CLEF): @t, @mt, @l left out for Information",
        kind="json",
        text=rb"""{"@t":"2026-03-07T10:00:00.1234567Z","@mt":"Now listening on: {address}","address":"http://[::]:5000","SourceContext":"Microsoft.Hosting.Lifetime"}
{"@t":"2026-03-07T10:00:01.0000000Z","@mt":"Hello, {Name}","Name":"\"Bo\"","SourceContext":"Shop.Greeter"}
{"@t":"2026-03-07T10:00:02.5000000+00:00","@mt":"Slow query {Elapsed} ms","@l":"Warning","Elapsed":1201.5,"SourceContext":"Shop.Data"}
{"@t":"2026-03-07T10:00:03.7654321Z","@mt":"Unhandled","@l":"Error","@x":"System.InvalidOperationException: Sequence contains no elements\r\n   at System.Linq.ThrowHelper.ThrowNoElementsException()\r\n   at Shop.Data.First() in C:\\src\\Data.cs:line 40","SourceContext":"Shop.Data"}
{"@t":"2026-03-07T10:00:04.0000001Z","@m":"plain","@i":"ab12cd34","@l":"Debug"}
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={"Warning": 1, "Error": 1, "Debug": 1},
        components={"Microsoft.Hosting.Lifetime": 1, "Shop.Greeter": 1, "Shop.Data": 2},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:04Z",
    ),
    Sample(
        name="logstash-logback",
        source="logstash-logback-encoder's README: standard fields",
        kind="json",
        text=rb"""{"@timestamp":"2026-03-07T11:00:00.512+01:00","@version":"1","message":"Tomcat started on port 8080 (http)","logger_name":"o.s.b.w.e.tomcat.TomcatWebServer","thread_name":"main","level":"INFO","level_value":20000}
{"@timestamp":"2026-03-07T11:00:01+01:00","@version":"1","message":"cart {id=3} is empty","logger_name":"com.example.Cart","thread_name":"http-nio-8080-exec-1","level":"DEBUG","level_value":10000,"traceId":"0af7651916cd43dd"}
{"@timestamp":"2026-03-07T11:00:01.003+01:00","@version":"1","message":"cart failed","logger_name":"com.example.Cart","thread_name":"http-nio-8080-exec-1","level":"ERROR","level_value":40000,"stack_trace":"java.lang.RuntimeException: outer\n\tat com.example.Cart.pay(Cart.java:9)\nCaused by: java.io.IOException: inner\n\t... 12 more\n"}
{"@timestamp":"2026-03-07T10:00:01.900Z","@version":"1","message":"retry \"pay\"","logger_name":"com.example.Cart","thread_name":"http-nio-8080-exec-1","level":"WARN","level_value":30000}
{"@timestamp":"2026-03-07T11:00:06.250+01:00","@version":"1","message":"bye","logger_name":"com.example.Main","thread_name":"SpringApplicationShutdownHook","level":"INFO","level_value":20000,"tags":["AUDIT"]}
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={"INFO": 2, "DEBUG": 1, "WARN": 1, "ERROR": 1},
        components={"o.s.b.w.e.tomcat.TomcatWebServer": 1, "com.example.Cart": 3, "com.example.Main": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:06Z",
    ),
    Sample(
        name="gelf",
        source="Graylog manual: GELF payload, epoch seconds with a fraction, syslog numbers as level",
        kind="json",
        text=rb"""{"version":"1.1","host":"app-3","short_message":"started","timestamp":1772877600.25,"level":6,"_app":"orders"}
{"version":"1.1","host":"app-3","short_message":"queue is long","timestamp":1772877601.001,"level":4,"_depth":1200}
{"version":"1.1","host":"app-3","short_message":"cannot write","full_message":"cannot write\njava.io.IOException: No space left on device\n\tat java.io.FileOutputStream.writeBytes(Native Method)","timestamp":1772877602,"level":3}
{"version":"1.1","host":"app-4","short_message":"default level","timestamp":1772877599.5}
{"version":"1.1","host":"2001:db8::4","short_message":"say \"bye\"","timestamp":1772877603.75,"level":6,"_line":356}
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={"6": 2, "4": 1, "3": 1},
        components={},
        first="2026-03-07T09:59:59Z",
        last="2026-03-07T10:00:03Z",
    ),
    Sample(
        name="mongodb",
        source="MongoDB manual, Log Messages: structured JSON since 4.4",
        kind="json",
        text=rb"""{"t":{"$date":"2026-03-07T10:00:00.123+00:00"},"s":"I",  "c":"CONTROL",  "id":23285,   "ctx":"main","msg":"Automatically disabling TLS 1.0, to force-enable TLS 1.0 specify --sslDisabledProtocols 'none'"}
{"t":{"$date":"2026-03-07T10:00:00.930+00:00"},"s":"W",  "c":"CONTROL",  "id":22120,   "ctx":"initandlisten","msg":"Access control is not enabled for the database. Read and write access to data and configuration is unrestricted","tags":["startupWarnings"]}
{"t":{"$date":"2026-03-07T10:00:01.001+00:00"},"s":"I",  "c":"NETWORK",  "id":22943,   "ctx":"listener","msg":"Connection accepted","attr":{"remote":"127.0.0.1:41832","uuid":{"uuid":{"$uuid":"6d2f0e51-2f0e-4f3c-9d60-0c1a33c0a001"}},"connectionId":1,"connectionCount":1}}
{"t":{"$date":"2026-03-07T10:00:04.500+00:00"},"s":"I",  "c":"COMMAND",  "id":51803,   "ctx":"conn1","msg":"Slow query","attr":{"type":"command","ns":"shop.orders","command":{"find":"orders","filter":{"note":"a \"quoted\" word"}},"planSummary":"COLLSCAN","durationMillis":2313}}
{"t":{"$date":"2026-03-07T10:00:05.000+00:00"},"s":"E",  "c":"STORAGE",  "id":22435,   "ctx":"thread1","msg":"WiredTiger error message","attr":{"error":28,"message":"No space left on device"}}
{"t":{"$date":"2026-03-07T10:00:05.010+00:00"},"s":"F",  "c":"-",        "id":23091,   "ctx":"thread1","msg":"Fatal assertion","attr":{"msgid":50853,"file":"src/mongo/db/storage/wiredtiger/wiredtiger_util.cpp","line":640}}
{"t":{"$date":"2026-03-07T10:00:05.011+00:00"},"s":"D1", "c":"NETWORK",  "id":22944,   "ctx":"conn1","msg":"Connection ended","attr":{"remote":"[::1]:41832"}}
""",
        lines=7,
        records=7,
        rejected=0,
        blank=0,
        levels={"I": 3, "W": 1, "E": 1, "F": 1, "D1": 1},
        components={"CONTROL": 2, "NETWORK": 2, "COMMAND": 1, "STORAGE": 1, "-": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:05Z",
    ),
)

LOGFMT = (
    Sample(
        name="go-kit",
        source="go-kit's documentation of package log: NewLogfmtLogger with ts, caller and level",
        kind="logfmt",
        text=rb"""ts=2026-03-07T10:00:00.123456789Z caller=main.go:214 level=info msg="Starting Exporter" version="(version=1.8.2, branch=HEAD)"
ts=2026-03-07T10:00:00.2Z caller=tls_config.go:313 level=info msg="Listening on" address=[::]:9100
ts=2026-03-07T10:00:05.000Z caller=collector.go:169 level=error msg="collector failed" name=hwmon duration_seconds=0.000101 err="open /sys/class/hwmon: \"permission\" denied"
ts=2026-03-07T10:00:06.501Z caller=scrape.go:44 level=warn empty= flag note=a=b
ts=2026-03-07T10:00:07Z caller=scrape.go:45 level=debug msg="line one\nline two"
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={"info": 2, "error": 1, "warn": 1, "debug": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:07Z",
    ),
    Sample(
        name="grafana",
        source="Grafana's documentation, log section: format text in files",
        kind="logfmt",
        text=rb"""logger=settings t=2026-03-07T11:00:00.123456789+01:00 level=info msg="Starting Grafana" version=11.5.2 commit=598e0338d5 branch=HEAD
logger=sqlstore t=2026-03-07T11:00:00.512000001+01:00 level=info msg="Connecting to DB" dbtype=sqlite3
logger=migrator t=2026-03-07T11:00:01.000000002+01:00 level=info msg="migrations completed" performed=0 skipped=614 duration=1.201ms
logger=context userId=1 orgId=1 uname=admin t=2026-03-07T11:00:09.9+01:00 level=info msg="Request Completed" method=GET path=/api/live/ws status=-1 remote_addr=2001:db8::3 time_ms=2 duration=2.41ms size=0 referer= handler=/api/live/ws
logger=tsdb.prometheus t=2026-03-07T11:00:10.1+01:00 level=error msg="query failed" query="sum(rate(http_requests_total{code=\"500\"}[5m]))" error="bad_data: 1:5: parse error"
logger=context userId=0 orgId=1 uname= t=2026-03-07T11:00:11.2+01:00 level=warn msg="Unauthorized" error="user token not found"
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={"info": 4, "error": 1, "warn": 1},
        components={"settings": 1, "sqlstore": 1, "migrator": 1, "context": 2, "tsdb.prometheus": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:11Z",
    ),
    Sample(
        name="heroku-router",
        source="Heroku's Dev Center, HTTP Routing: the router's messages as such; at is the severity",
        kind="logfmt",
        text=rb"""at=info method=GET path="/" host=shop.example.com request_id=8601b555-6a83-4c12-8269-97c8e32cdb22 fwd="203.0.113.14" dyno=web.1 connect=0ms service=18ms status=200 bytes=3120 protocol=https
at=info method=POST path="/cart?coupon=a%22b" host=shop.example.com request_id=d5f7b0a0-0b1a-4b6a-8f8a-111111111111 fwd="2001:db8::14,203.0.113.1" dyno=web.2 connect=1ms service=240ms status=302 bytes=412 protocol=https
at=error code=H12 desc="Request timeout" method=GET path="/report" host=shop.example.com request_id=c0ffee00-0b1a-4b6a-8f8a-222222222222 fwd="203.0.113.14" dyno=web.1 connect=1ms service=30001ms status=503 bytes=0 protocol=https
at=error code=H10 desc="App crashed" method=GET path="/favicon.ico" host=shop.example.com request_id=c0ffee01-0b1a-4b6a-8f8a-333333333333 fwd="203.0.113.14" dyno= connect= service= status=503 bytes= protocol=http
at=info method=HEAD path="/" host=shop.example.com request_id=c0ffee02-0b1a-4b6a-8f8a-444444444444 fwd="198.51.100.2" dyno=web.2 connect=0ms service=2ms status=200 bytes=0 protocol=http
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={"info": 3, "error": 2},
        components={},
        first=None,
        last=None,
    ),
    Sample(
        name="logrus-text",
        source="logrus' README: TextFormatter without a terminal",
        kind="logfmt",
        text=rb"""time="2026-03-07T10:00:00Z" level=info msg="ferry leaves the pier" boat=Aurora seats=212
time="2026-03-07T10:00:01Z" level=warning msg="seats are short" left=3 overbooked=true
time="2026-03-07T10:00:01Z" level=error msg="read \"/etc/x.conf\": no such file" error="open /etc/x.conf: no such file or directory"

time="2026-03-07T02:00:02-08:00" level=debug msg=short
time="2026-03-07T10:00:03Z" level=trace msg="tab\there"
time="2026-03-07T10:00:04Z" level=fatal msg="unable to start" func=main.main file="main.go:31"
""",
        lines=7,
        records=6,
        rejected=0,
        blank=1,
        levels={"info": 1, "warning": 1, "error": 1, "debug": 1, "trace": 1, "fatal": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:04Z",
    ),
    Sample(
        name="slog-text",
        source="Go's documentation of log/slog: TextHandler, levels between the named ones, groups",
        kind="logfmt",
        text=rb"""time=2026-03-07T10:00:00.000Z level=INFO source=/src/main.go:18 msg="hello, \"slog\"" count=3
time=2026-03-07T10:00:00.250Z level=INFO+2 msg=notice request.method=GET request.url=https://example.com/?a=b
time=2026-03-07T11:00:01.500+01:00 level=WARN msg="disk nearly full" free=12.5MiB path="/var/lib/my data"
time=2026-03-07T10:00:02.001Z level=ERROR msg=failed err="exit status 1"
time=2026-03-07T10:00:02.002Z level=DEBUG-4 msg=""
level=INFO msg="no time here"
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={"INFO": 2, "INFO+2": 1, "WARN": 1, "ERROR": 1, "DEBUG-4": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:02Z",
    ),
)

SYSLOG = (
    Sample(
        name="syslog-traditional",
        source="rsyslog manual, RSYSLOG_TraditionalFileFormat; RFC 3164; reduced repeats of sysklogd and rsyslog",
        kind="syslog",
        text=b"""\
Mar  7 09:59:59 web-1 systemd[1]: Starting Daily apt download activities...
Mar  7 10:00:00 web-1 kernel: [12345.678901] [UFW BLOCK] IN=eth0 OUT= SRC=198.51.100.66 DST=192.0.2.10 LEN=40 PROTO=TCP SPT=51000 DPT=23
Mar  7 10:00:01 web-1 CRON[2201]: (root) CMD (   cd / && run-parts --report /etc/cron.hourly)
Mar  7 10:00:02 web-1 sshd[2210]: Failed password for invalid user "oracle" from 2001:db8::666 port 51022 ssh2
Mar  7 10:00:05 web-1 sshd[2210]: message repeated 3 times: [ Failed password for invalid user "oracle" from 2001:db8::666 port 51022 ssh2]
Mar  7 10:00:09 web-1 postfix/smtpd[2300]: connect from mail.example.net[203.0.113.25]
Mar  7 10:00:12 web-1 last message repeated 3 times
Mar  7 10:00:13 web-1 app: user M\xfcller logged in#012second line
Mar  7 10:00:14 web-1 su: pam_unix(su:session): session opened for user root(uid=0) by alice(uid=1000)
Mar  7 10:00:15 192.0.2.254 %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to up
""",
        lines=10,
        records=10,
        rejected=0,
        blank=0,
        levels={},
        components={
            "systemd": 1,
            "kernel": 1,
            "CRON": 1,
            "sshd": 2,
            "postfix/smtpd": 1,
            "app": 1,
            "su": 1,
            "%LINK-3-UPDOWN": 1,
        },
        first=None,
        last=None,
    ),
    Sample(
        name="syslog-rfc3164-pri",
        source="RFC 3164, section 4: the packet with its PRI part",
        kind="syslog",
        text=rb"""<34>Oct 11 22:14:15 mail-2 su[771]: 'su postgres' failed for 'carol' on /dev/pts/3
<13>Oct 11 22:14:16 mail-2 logger: hello
<0>Oct 11 22:14:17 mail-2 kernel: Oops: 0002 [#1] PREEMPT SMP
<165>Oct  1 00:00:00 2001:db8::77 router-agent: link "ge-0/0/1" down
<191>Oct 12 00:00:00 mail-2 debugd[12]:
<30>Oct 12 00:00:01 mail-2 dhclient[330]: bound to 192.0.2.45 -- renewal in 1783 seconds.
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={},
        components={"su": 1, "logger": 1, "kernel": 1, "router-agent": 1, "debugd": 1, "dhclient": 1},
        first=None,
        last=None,
    ),
    Sample(
        name="syslog-macos",
        source="macOS manual pages syslog(1) and asl.conf(5): the bsd format of system.log",
        kind="syslog",
        text=rb"""Mar  7 10:00:00 Annas-MacBook-Pro com.apple.xpc.launchd[1] (com.apple.quicklook[511]): Service exited with abnormal code: 78
Mar  7 10:00:01 Annas-MacBook-Pro Microsoft Word[612]: Metal GPU Frame Capture Enabled
Mar  7 10:00:02 Annas-MacBook-Pro Google Chrome Helper (Renderer)[640]: CoreText note: Client requested name ".SFNS-Regular"
Mar  7 10:00:10 Annas-MacBook-Pro --- last message repeated 2 times ---
Mar  7 10:00:11 Annas-MacBook-Pro syslogd[88]: ASL Sender Statistics
Mar  7 10:00:12 Annas-MacBook-Pro login[700]: USER_PROCESS: 700 ttys000
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={},
        components={
            "com.apple.xpc.launchd": 1,
            "Microsoft Word": 1,
            "Google Chrome Helper (Renderer)": 1,
            "syslogd": 1,
            "login": 1,
        },
        first=None,
        last=None,
    ),
    Sample(
        name="rsyslog-iso",
        source="rsyslog manual, RSYSLOG_FileFormat, Debian 12's default",
        kind="syslog",
        text=rb"""2026-03-07T10:00:00.123456+01:00 db-1 systemd[1]: Started cron.service - Regular background program processing daemon.
2026-03-07T10:00:00.200000+01:00 db-1 cron[612]: (CRON) INFO (pidfile fd = 3)
2026-03-07T10:00:01.000001+01:00 db-1 kernel: [    0.000000] Linux version 6.1.0-31-amd64 (debian-kernel@lists.debian.org)
2026-03-07T10:00:02.5+01:00 db-1 sshd[700]: Accepted publickey for deploy from 2001:db8::22 port 50022 ssh2: ED25519 SHA256:abc/def+0
2026-03-07T10:00:03+01:00 db-1 sudo:   deploy : TTY=pts/0 ; PWD=/home/deploy ; USER=root ; COMMAND=/usr/bin/systemctl restart "my app"
2026-03-07T10:00:04.999999+01:00 db-1 rsyslogd: [origin software="rsyslogd" swVersion="8.2302.0" x-pid="590"] rsyslogd was HUPed
2026-03-07T10:00:0
2026-03-07T10:00:06.000000+01:00 db-1 sshd[700]: message repeated 2 times: [ Connection closed by 198.51.100.9 port 22 [preauth]]
""",
        lines=8,
        records=7,
        rejected=1,
        blank=0,
        levels={},
        components={"systemd": 1, "cron": 1, "kernel": 1, "sshd": 2, "sudo": 1, "rsyslogd": 1},
        first="2026-03-07T09:00:00Z",
        last="2026-03-07T09:00:06Z",
    ),
    Sample(
        name="syslog-rfc5424",
        source="RFC 5424, section 6",
        kind="syslog",
        text=b"""\
<34>1 2026-03-07T22:14:15.003Z node7.example.com su - ID47 - \xef\xbb\xbf'su postgres' failed for 'carol' on /dev/pts/3
<165>1 2026-03-07T05:14:15.000003-07:00 192.0.2.1 bakery 8710 - - %% it's 5 o'clock: 100% ready
<165>1 2026-03-07T22:14:16.1Z node7.example.com stock - ID47 [order@32473 no="17" source="Web shop" weight="3.5"] \xef\xbb\xbforder is packed
<165>1 2026-03-07T22:14:16Z node7.example.com stock 77 ID48 [a@1 q="say \\"hi\\" \\] here"][b@1 empty=""]
<13>1 - - - - - - only a text
<13>1 2026-03-07T23:59:59.999999+00:00 2001:db8::5 app-7 4 - [timeQuality tzKnown="1" isSynced="0"] done
<14>1 2026-03-07T22:14:20Z node7.example.com stock 77 - - level=error msg="inner words"
""",
        lines=7,
        records=7,
        rejected=0,
        blank=0,
        levels={},
        components={"su": 1, "bakery": 1, "stock": 3, "app-7": 1},
        first="2026-03-07T12:14:15Z",
        last="2026-03-07T23:59:59Z",
    ),
    Sample(
        name="systemd-short-iso",
        source="systemd manual, journalctl -o short-iso",
        kind="syslog",
        text=rb"""2026-03-07T10:00:00+0000 node-a kernel: Linux version 6.12.9-arch1-1 (linux@archlinux)
2026-03-07T10:00:00+0000 node-a systemd[1]: Inserted module 'autofs4'
2026-03-07T10:00:03+0000 node-a NetworkManager[455]: <info>  [1772877603.1234] device (wlan0): state change: config -> ip-config (reason 'none')
2026-03-07T10:00:05+0000 node-a (sd-pam)[512]: pam_unix(systemd-user:session): session closed for user core
-- Boot 3c9e0f2b7a5c4d4f9f9a1f6f3a0c1b22 --
2026-03-07T10:05:00+0000 node-a kernel: Command line: root=UUID=1111-2222 rw quiet
2026-03-07T10:05:10+0000 node-a podman[901]: time="2026-03-07T10:05:10Z" level=warning msg="cgroup v1"
2026-03-07T10:05:11+0000 node-a app[902]: Traceback (most recent call last):
                                            File "app.py", line 1, in <module>
                                          NameError: name 'x' is not defined
""",
        lines=10,
        records=7,
        rejected=0,
        blank=0,
        levels={},
        components={"kernel": 2, "systemd": 1, "NetworkManager": 1, "(sd-pam)": 1, "podman": 1, "app": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:05:11Z",
    ),
    Sample(
        name="haproxy-http",
        source="HAProxy configuration manual, 8.2.3 HTTP log format, via syslog",
        kind="syslog",
        text=rb"""Mar  7 10:00:00 lb-1 haproxy[2764]: Proxy http-in started.
Mar  7 10:00:00 lb-1 haproxy[2764]: 192.0.2.30:33317 [07/Mar/2026:10:00:00.655] http-in static/disk2 4/0/1/17/22 200 5310 - - ---- 1/1/1/1/0 0/0 {www.example.com} {} "GET /index.html HTTP/1.1"
Mar  7 10:00:01 lb-1 haproxy[2764]: 2001:db8::30:33320 [07/Mar/2026:10:00:01.002] https-in~ app/<NOSRV> -1/-1/-1/-1/3 400 187 - - PR-- 2/2/0/0/0 0/0 {|} "<BADREQ>"
Mar  7 10:00:02 lb-1 haproxy[2764]: 192.0.2.31:40001 [07/Mar/2026:10:00:02.100] https-in~ app/app2 0/0/1/+204/+205 503 212 - - SC-- 3/3/1/0/3 0/0 {shop.example.com|Mozilla/5.0 (X11; Linux)} "POST /order?x=\"1\" HTTP/2.0"
Mar  7 10:00:05 lb-1 haproxy[2764]: Server app/app1 is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: 0ms. 1 active and 0 backup servers left.
Mar  7 10:00:06 lb-1 haproxy[2764]: 192.0.2.30:33317 [07/Mar/2026:10:00:06.000] http-in http-in/<NOSRV> 0/-1/-1/-1/0 301 97 - - LR-- 1/1/0/0/0 0/0 "GET / HTTP/1.1"
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={},
        components={"haproxy": 6},
        first=None,
        last=None,
    ),
)

NGINX_ERROR = (
    Sample(
        name="nginx-error",
        source="nginx manual, error_log and ngx_log_error: time [level] pid#tid: *connection message",
        kind="nginx_error",
        text=rb"""2026/03/07 10:00:00 [notice] 1#1: using the "epoll" event method
2026/03/07 10:00:00 [notice] 1#1: nginx/1.27.4
2026/03/07 10:00:04 [error] 31#31: *12 open() "/usr/share/nginx/html/favicon.ico" failed (2: No such file or directory), client: 203.0.113.7, server: localhost, request: "GET /favicon.ico HTTP/1.1", host: "example.com", referrer: "http://example.com/"
2026/03/07 10:00:05 [warn] 31#31: *15 a client request body is buffered to a temporary file /var/cache/nginx/client_temp/0000000001, client: 2001:db8::7, server: _, request: "POST /upload HTTP/1.1", host: "example.com"
2026/03/07 10:00:09 [crit] 31#31: *19 SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking, client: 203.0.113.8, server: [::]:443
2026/03/07 10:00:11 [error] 32#32: *22 connect() failed (111: Connection refused) while connecting to upstream, client: 203.0.113.7, server: example.com, request: "GET /api HTTP/2.0", upstream: "http://[::1]:3000/api", host: "example.com"
2026/03/07 10:00:12 [alert] 1#1: worker process 32 exited on signal 9
2026/03/07 10:00:13 [emerg] 1#1: bind() to 0.0.0.0:80 failed (98: Address already in use)
""",
        lines=8,
        records=8,
        rejected=0,
        blank=0,
        levels={"notice": 2, "error": 2, "warn": 1, "crit": 1, "alert": 1, "emerg": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:13Z",
    ),
    Sample(
        name="nginx-error-fastcgi",
        source="nginx manual, ngx_http_fastcgi_module: what PHP writes to stderr is logged with its lines",
        kind="nginx_error",
        text=rb"""2026/03/07 10:01:00 [error] 7#7: *101 FastCGI sent in stderr: "PHP message: PHP Warning:  Undefined variable $user in /var/www/app/index.php on line 12" while reading response header from upstream, client: 198.51.100.5, server: app.example.com, request: "GET / HTTP/1.1", upstream: "fastcgi://unix:/run/php/php8.3-fpm.sock:", host: "app.example.com"
2026/03/07 10:01:02 [error] 7#7: *103 FastCGI sent in stderr: "PHP message: PHP Fatal error:  Uncaught RuntimeException: no \"cart\" in /var/www/app/Cart.php:40
Stack trace:
#0 /var/www/app/Cart.php(22): Cart->load()
#1 /var/www/app/index.php(9): Cart->show('a', Object(User))
#2 {main}
  thrown in /var/www/app/Cart.php on line 40" while reading response header from upstream, client: 198.51.100.5, server: app.example.com, request: "GET /cart HTTP/1.1", upstream: "fastcgi://unix:/run/php/php8.3-fpm.sock:", host: "app.example.com"
2026/03/07 10:01:03 [info] 7#7: *103 client 198.51.100.5 closed keepalive connection
2026/03/07 10:01:07 [debug] 7#7: *104 http cl:-1 max:1048576
""",
        lines=9,
        records=4,
        rejected=0,
        blank=0,
        levels={"error": 2, "info": 1, "debug": 1},
        components={},
        first="2026-03-07T10:01:00Z",
        last="2026-03-07T10:01:07Z",
    ),
)

APACHE_ERROR = (
    Sample(
        name="apache-error-2.2",
        source="Apache 2.2 manual, Log Files: Error Log",
        kind="apache_error",
        text=rb"""[Sat Mar 07 10:00:00 2026] [notice] Apache/2.2.34 (Unix) mod_ssl/2.2.34 configured -- resuming normal operations
[Sat Mar 07 10:00:03 2026] [error] [client 192.0.2.14] client denied by server configuration: /srv/www/private/
[Sat Mar 07 10:00:04 2026] [error] [client 192.0.2.14] File does not exist: /var/www/favicon.ico, referer: http://www.example.com/"x"
[Sat Mar 07 10:00:04 2026] [warn] RSA server certificate CommonName (CN) `old.example.com' does NOT match server name!?
sh: /usr/bin/convert: not found
[Sat Mar 07 10:00:09 2026] [error] [client 2001:db8::14] PHP Fatal error:  Call to undefined function foo() in /var/www/a.php on line 3
[Sat Mar 07 10:00:30 2026] [crit] (28)No space left on device: mod_rewrite: could not create rewrite_log_lock
""",
        lines=7,
        records=6,
        rejected=1,
        blank=0,
        levels={"notice": 1, "error": 3, "warn": 1, "crit": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:30Z",
    ),
    Sample(
        name="apache-error-2.4",
        source="Apache 2.4 manual, core: ErrorLogFormat's default for threaded MPMs",
        kind="apache_error",
        text=rb"""[Sat Mar 07 10:00:00.123456 2026] [mpm_event:notice] [pid 812:tid 140247] AH00489: Apache/2.4.62 (Debian) OpenSSL/3.0.15 configured -- resuming normal operations
[Sat Mar 07 10:00:00.123999 2026] [core:notice] [pid 812:tid 140247] AH00094: Command line: '/usr/sbin/apache2'
[Sat Mar 07 10:00:05.000001 2026] [authz_core:error] [pid 815:tid 140251] [client 203.0.113.30:51234] AH01630: client denied by server configuration: /var/www/html/.git/config
[Sat Mar 07 10:00:06.500000 2026] [ssl:warn] [pid 815:tid 140252] AH01909: www.example.com:443:0 server certificate does NOT include an ID which matches the server name
[Sat Mar 07 10:00:07.000000 2026] [proxy:error] [pid 815:tid 140252] (111)Connection refused: AH00957: http: attempt to connect to [::1]:8080 (localhost:8080) failed
[Sat Mar 07 10:00:07.000100 2026] [proxy_http:error] [pid 815:tid 140252] [client 2001:db8::30:40000] AH01114: HTTP: failed to make connection to backend: localhost, referer: https://www.example.com/?q="a"
[Sat Mar 07 10:00:08.999999 2026] [:error] [pid 816:tid 140300] [client 203.0.113.31:40112] PHP Notice:  Undefined index: id in /var/www/html/x.php on line 7
[Sat Mar 07 10:00:09.100000 2026] [ssl:trace3] [pid 816:tid 140300] ssl_engine_kernel.c(2147): [client 203.0.113.31:40113] OpenSSL: Handshake: start
[Sat Mar 07 10:00:12.000000 2026] [php:error] [pid 816] [client 203.0.113.31:40114] PHP Fatal error:  Uncaught Exception: boom in /var/www/html/y.php:2
Stack trace:
#0 {main}
  thrown in /var/www/html/y.php on line 2
""",
        lines=12,
        records=9,
        rejected=0,
        blank=0,
        levels={"notice": 2, "error": 5, "warn": 1, "trace3": 1},
        components={"mpm_event": 1, "core": 1, "authz_core": 1, "ssl": 2, "proxy": 1, "proxy_http": 1, "php": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:12Z",
    ),
)

PYTHON = (
    Sample(
        name="python-dashes",
        source="Python manual, Logging HOWTO: '%(asctime)s - %(name)s - %(levelname)s - %(message)s'",
        kind="python",
        text=rb"""2026-03-07 10:00:00,123 - parcels - DEBUG - reading parcels.toml
2026-03-07 10:00:00,124 - parcels - INFO - info - with - dashes
2026-03-07 10:00:00,999 - parcels.worker - WARNING - queue "a b" is full
2026-03-07 10:00:01,000 - parcels.worker - ERROR - job failed
Traceback (most recent call last):
  File "/srv/app/worker.py", line 20, in run
    result = job()
             ^^^^^
ValueError: invalid literal for int() with base 10: 'x'
2026-03-07 10:00:02,500 - __main__ - CRITICAL - stopped
""",
        lines=10,
        records=5,
        rejected=0,
        blank=0,
        levels={"DEBUG": 1, "INFO": 1, "WARNING": 1, "ERROR": 1, "CRITICAL": 1},
        components={"parcels": 2, "parcels.worker": 2, "__main__": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:02Z",
    ),
    Sample(
        name="python-level-name",
        source="Python manual, logging: '%(asctime)s %(levelname)s %(name)s: %(message)s', with chained exceptions",
        kind="python",
        text=rb"""2026-03-07 10:00:00,001 INFO django.server: "GET /admin/ HTTP/1.1" 302 0
2026-03-07 10:00:03,450 ERROR django.request: Internal Server Error: /orders/
Traceback (most recent call last):
  File "/srv/orders/views.py", line 12, in index
KeyError: 'orders'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/srv/orders/views.py", line 14, in index
    raise LookupError("no orders")
LookupError: no orders
2026-03-07 10:00:04,000 WARNING django.request: Not Found: /favicon.ico
2026-03-07 10:00:05,777 INFO orders: a message
of two lines
""",
        lines=15,
        records=4,
        rejected=0,
        blank=2,
        levels={"INFO": 2, "ERROR": 1, "WARNING": 1},
        components={"django.server": 1, "django.request": 2, "orders": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:05Z",
    ),
    Sample(
        name="python-basicconfig",
        source="Python manual, logging.basicConfig's default: '%(levelname)s:%(name)s:%(message)s'",
        kind="python",
        text=rb"""WARNING:root:the kettle is empty
INFO:root:filling it
DEBUG:urllib3.connectionpool:https://example.com:443 "GET /a HTTP/1.1" 200 None
ERROR:root:no train to \xd8rebro: 12:30
ERROR:jobs.mail:could not send
Traceback (most recent call last):
  File "<stdin>", line 2, in <module>
ConnectionRefusedError: [Errno 111] Connection refused
CRITICAL:jobs:
""",
        lines=9,
        records=6,
        rejected=0,
        blank=0,
        levels={"WARNING": 1, "INFO": 1, "DEBUG": 1, "ERROR": 2, "CRITICAL": 1},
        components={"root": 3, "urllib3.connectionpool": 1, "jobs.mail": 1, "jobs": 1},
        first=None,
        last=None,
    ),
    Sample(
        name="airflow-2",
        source="Airflow's configuration reference, log_format: '[%(asctime)s] {%(filename)s:%(lineno)d} %(levelname)s - %(message)s'",
        kind="python",
        text=b"""\
[2026-03-07 10:00:00,123] {taskinstance.py:1087} INFO - Dependencies all met for <TaskInstance: etl.load manual__2026-03-07T09:59:00+00:00 [queued]>
[2026-03-07 10:00:00,200] {taskinstance.py:1283} INFO -\x20
--------------------------------------------------------------------------------
[2026-03-07 10:00:00,201] {taskinstance.py:1284} INFO - Starting attempt 1 of 2
[2026-03-07 10:00:01,900] {logging_mixin.py:115} WARNING - /usr/lib/python3.11/site-packages/x.py:3 DeprecationWarning: use "y"
[2026-03-07 10:00:02,050] {taskinstance.py:1889} ERROR - Task failed with exception
Traceback (most recent call last):
  File "/opt/airflow/dags/etl.py", line 44, in load
    hook.run(sql)
psycopg2.OperationalError: could not connect to server: Connection refused
\tIs the server running on host "db" (192.0.2.12) and accepting
\tTCP/IP connections on port 5432?

[2026-03-07 10:00:02,100] {local_task_job.py:156} INFO - Task exited with return code 1
""",
        lines=14,
        records=6,
        rejected=0,
        blank=1,
        levels={"INFO": 4, "WARNING": 1, "ERROR": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:02Z",
    ),
    Sample(
        name="gunicorn",
        source="gunicorn's documentation and glogging: '%(asctime)s [%(process)d] [%(levelname)s] %(message)s' with %z",
        kind="python",
        text=rb"""[2026-03-07 10:00:00 +0200] [7] [INFO] Starting gunicorn 23.0.0
[2026-03-07 10:00:00 +0200] [7] [INFO] Listening at: http://[::]:8000 (7)
[2026-03-07 10:00:01 +0200] [9] [INFO] Booting worker with pid: 9
[2026-03-07 10:00:31 +0200] [7] [CRITICAL] WORKER TIMEOUT (pid:9)
[2026-03-07 10:00:31 +0200] [9] [ERROR] Error handling request /slow
Traceback (most recent call last):
  File "/venv/lib/python3.12/site-packages/gunicorn/workers/sync.py", line 134, in handle
    self.handle_request(listener, req, client, addr)
SystemExit: 1
[2026-03-07 10:00:32 +0200] [7] [WARNING] Worker with pid 9 was terminated due to signal 9
""",
        lines=10,
        records=6,
        rejected=0,
        blank=0,
        levels={"INFO": 3, "CRITICAL": 1, "ERROR": 1, "WARNING": 1},
        components={},
        first="2026-03-07T08:00:00Z",
        last="2026-03-07T08:00:32Z",
    ),
    Sample(
        name="celery",
        source="Celery's configuration manual, worker_log_format: '[%(asctime)s: %(levelname)s/%(processName)s] %(message)s'",
        kind="python",
        text=rb"""[2026-03-07 10:00:00,512: INFO/MainProcess] Connected to redis://localhost:6379/0
[2026-03-07 10:00:00,600: INFO/MainProcess] celery@worker-1 ready.
[2026-03-07 10:00:04,001: WARNING/ForkPoolWorker-2] printed by a task
[2026-03-07 10:00:05,250: ERROR/ForkPoolWorker-2] Task shop.tasks.mail[0d9bc7f2-6f2a] raised unexpected: SMTPServerDisconnected('Connection "lost"')
Traceback (most recent call last):
  File "/srv/shop/tasks.py", line 8, in mail
    server.send(message)
smtplib.SMTPServerDisconnected: Connection "lost"
[2026-03-07 10:00:06,000: DEBUG/MainProcess] pidbox received method ping()
""",
        lines=9,
        records=5,
        rejected=0,
        blank=0,
        levels={"INFO": 2, "WARNING": 1, "ERROR": 1, "DEBUG": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:06Z",
    ),
    Sample(
        name="loguru",
        source="Loguru's documentation: the default format, levels padded to eight",
        kind="python",
        text=rb"""2026-03-07 10:00:00.123 | INFO     | __main__:main:12 - starting
2026-03-07 10:00:00.456 | SUCCESS  | app.io:save:40 - wrote "a | b.txt"
2026-03-07 10:00:01.000 | WARNING  | app.io:<lambda>:7 - odd
2026-03-07 10:00:02.999 | ERROR    | __main__:main:19 - An error has been caught in function 'main', process 'MainProcess' (42), thread 'MainThread' (139)
Traceback (most recent call last):

> File "/srv/app/run.py", line 19, in main
    divide(1, 0)

ZeroDivisionError: division by zero
2026-03-07 10:00:03.000 | TRACE    | app.io:close:51 - closed
""",
        lines=11,
        records=5,
        rejected=0,
        blank=2,
        levels={"INFO": 1, "SUCCESS": 1, "WARNING": 1, "ERROR": 1, "TRACE": 1},
        components={"__main__": 2, "app.io": 3},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:03Z",
    ),
)

JAVA = (
    Sample(
        name="log4j-level-first",
        source="Log4j manual, Pattern Layout: %d %-5p [%t] %c - %m%n",
        kind="java",
        text=b"""\
2026-03-07 10:00:00,001 INFO  [main] com.example.shop.Application - Starting up
2026-03-07 10:00:00,950 DEBUG [pool-2-thread-1] com.example.shop.Cache - put "k1" -> [1, 2, 3]
2026-03-07 10:00:01,234 ERROR [http-nio-8080-exec-3] com.example.shop.OrderService - Order 17 failed
com.example.shop.OrderException: could not save order
\tat com.example.shop.OrderService.save(OrderService.java:88)
\tat com.example.shop.OrderController.post(OrderController.java:31) ~[shop.jar:1.4.2]
\tat java.base/java.lang.Thread.run(Thread.java:1583)
Caused by: java.sql.SQLException: connection reset: ERROR [08006]
\tat org.postgresql.core.v3.QueryExecutorImpl.execute(QueryExecutorImpl.java:368)
\t... 12 more
2026-03-07 10:00:01,300 WARN  [http-nio-8080-exec-3] com.example.shop.OrderService - rolled back
2026-03-07 10:00:02,000 FATAL [main] com.example.shop.Application - shutting down
2026-03-07 10:00:02,001 TRACE [Thread with spaces-1] c.e.s.Cache - cleared
""",
        lines=13,
        records=6,
        rejected=0,
        blank=0,
        levels={"INFO": 1, "DEBUG": 1, "ERROR": 1, "WARN": 1, "FATAL": 1, "TRACE": 1},
        components={
            "com.example.shop.Application": 2,
            "com.example.shop.Cache": 1,
            "com.example.shop.OrderService": 2,
            "c.e.s.Cache": 1,
        },
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:02Z",
    ),
    Sample(
        name="logback-thread-first",
        source="Logback manual, layouts: %d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level %logger{36} - %msg%n",
        kind="java",
        text=b"""\
2026-03-07 10:00:00.123 [main] INFO  c.e.billing.BillingApplication - Started in 3.2 seconds
2026-03-07 10:00:00.456 [pool-1-thread-1] DEBUG c.e.billing.Invoices - invoice {id=3, total="9.99"}

2026-03-07 10:00:01.000 [pool-1-thread-2] ERROR c.e.billing.Invoices - Unexpected
java.lang.NullPointerException: Cannot invoke "String.length()" because "name" is null
\tat c.e.billing.Invoices.check(Invoices.java:17)
\tat c.e.billing.Invoices.lambda$all$0(Invoices.java:12)
\tSuppressed: java.lang.Exception: Resource 'db'
\t\tat c.e.billing.Db.close(Db.java:5)
\t\t... 4 common frames omitted
2026-03-07 10:00:01.001 [pool-1-thread-2] WARN  ROOT - multi
  line message
2026-03-07 10:00:05.999 [SpringShutdownHook] INFO  c.e.billing.BillingApplication - bye
""",
        lines=13,
        records=5,
        rejected=0,
        blank=1,
        levels={"INFO": 2, "DEBUG": 1, "ERROR": 1, "WARN": 1},
        components={"c.e.billing.BillingApplication": 2, "c.e.billing.Invoices": 2, "ROOT": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:05Z",
    ),
    Sample(
        name="logback-basic",
        source="Logback manual, BasicConfigurator: the time of day alone",
        kind="java",
        text=b"""\
06:58:59.031 [main] INFO  org.acme.garden.Main -- Opening the gate.
06:58:59.046 [main] DEBUG org.acme.garden.Pump -- 12 litres
06:58:59.050 [main] ERROR org.acme.garden.Pump -- broken
java.lang.IllegalArgumentException: n < 0
\tat org.acme.garden.Pump.run(Pump.java:24)
06:58:59.051 [main] INFO  org.acme.garden.Main -- Closing the gate.
""",
        lines=6,
        records=4,
        rejected=0,
        blank=0,
        levels={"INFO": 2, "DEBUG": 1, "ERROR": 1},
        components={"org.acme.garden.Main": 2, "org.acme.garden.Pump": 2},
        first=None,
        last=None,
    ),
    Sample(
        name="spring-boot-3",
        source="Spring Boot reference, Logging: the default console pattern, with the banner before it",
        kind="java",
        text=b"""\
  .   ____          _
 :: Spring Boot ::                (v3.4.3)

2026-03-07T10:00:00.451+01:00  INFO 31 --- [myapp] [           main] c.e.myapp.MyApplication                  : Starting MyApplication v0.0.1-SNAPSHOT using Java 21.0.6 with PID 31 (/srv/myapp.jar started by app in /srv)
2026-03-07T10:00:01.948+01:00  INFO 31 --- [myapp] [           main] o.s.b.w.embedded.tomcat.TomcatWebServer  : Tomcat initialized with port 8080 (http)
2026-03-07T10:00:02.003+01:00  INFO 31 --- [myapp] [           main] o.a.c.c.C.[Tomcat].[localhost].[/]       : Initializing Spring embedded WebApplicationContext
2026-03-07T10:00:09.100+01:00  WARN 31 --- [myapp] [nio-8080-exec-1] .w.s.m.s.DefaultHandlerExceptionResolver : Resolved [org.springframework.web.HttpRequestMethodNotSupportedException: Request method 'POST' is not supported]
2026-03-07T10:00:10.000+01:00 ERROR 31 --- [myapp] [nio-8080-exec-2] o.a.c.c.C.[.[.[/].[dispatcherServlet]    : Servlet.service() for servlet [dispatcherServlet] in context with path [] threw exception

java.lang.IllegalStateException: boom
\tat com.example.myapp.Controller.boom(Controller.java:14) ~[!/:0.0.1-SNAPSHOT]
Caused by: java.io.IOException: disk
\t... 12 common frames omitted

2026-03-07T10:00:12.345+01:00 DEBUG 31 --- [myapp] [   scheduling-1] c.e.myapp.Jobs                           : tick
""",
        lines=15,
        records=6,
        rejected=2,
        blank=3,
        levels={"INFO": 3, "WARN": 1, "ERROR": 1, "DEBUG": 1},
        components={
            "c.e.myapp.MyApplication": 1,
            "o.s.b.w.embedded.tomcat.TomcatWebServer": 1,
            "o.a.c.c.C.[Tomcat].[localhost].[/]": 1,
            ".w.s.m.s.DefaultHandlerExceptionResolver": 1,
            "o.a.c.c.C.[.[.[/].[dispatcherServlet]": 1,
            "c.e.myapp.Jobs": 1,
        },
        first="2026-03-07T09:00:00Z",
        last="2026-03-07T09:00:12Z",
    ),
    Sample(
        name="spring-boot-2",
        source="Spring Boot 2 reference, Logging: the default console pattern",
        kind="java",
        text=b"""\
2026-03-07 10:00:00.112  INFO 45469 --- [           main] com.example.Legacy                       : No active profile set, falling back to default profiles: default
2026-03-07 10:00:01.253  INFO 45469 --- [ost-startStop-1] o.a.c.c.C.[Tomcat].[localhost].[/]       : Initializing Spring embedded WebApplicationContext
2026-03-07 10:00:01.698 ERROR 45469 --- [io-8080-exec-10] com.example.Legacy                       : lookup of "a : b" failed
org.springframework.dao.EmptyResultDataAccessException: Incorrect result size: expected 1, actual 0
\tat org.springframework.dao.support.DataAccessUtils.nullableSingleResult(DataAccessUtils.java:97) ~[spring-tx-5.3.39.jar!/:5.3.39]
2026-03-07 10:00:02.000 TRACE 45469 --- [           main] com.example.Legacy                       : done
""",
        lines=6,
        records=4,
        rejected=0,
        blank=0,
        levels={"INFO": 2, "ERROR": 1, "TRACE": 1},
        components={"com.example.Legacy": 3, "o.a.c.c.C.[Tomcat].[localhost].[/]": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:02Z",
    ),
    Sample(
        name="kafka",
        source="Kafka's config/log4j.properties: [%d] %p %m (%c)%n",
        kind="java",
        text=b"""\
[2026-03-07 10:00:00,123] INFO Registered kafka:type=kafka.Log4jController MBean (kafka.utils.Log4jControllerRegistration$)
[2026-03-07 10:00:00,999] INFO [KafkaServer id=0] started (kafka.server.KafkaServer)
[2026-03-07 10:00:03,000] WARN [Producer clientId=p-1] Got error produce response (UNKNOWN) on topic-partition orders-0, retrying (3 attempts left) (org.apache.kafka.clients.producer.internals.Sender)
[2026-03-07 10:00:04,500] ERROR [ReplicaManager broker=0] Error processing append operation on partition orders-0 (kafka.server.ReplicaManager)
org.apache.kafka.common.errors.NotEnoughReplicasException: The size of the current ISR Set(0) is insufficient
[2026-03-07 10:00:05,000] INFO KafkaConfig values:\x20
\tadvertised.listeners = PLAINTEXT://[2001:db8::2]:9092
\tbroker.id = 0
 (kafka.server.KafkaConfig)
[2026-03-07 10:00:06,000] FATAL Exiting (kafka.server.KafkaServer)
""",
        lines=10,
        records=6,
        rejected=0,
        blank=0,
        levels={"INFO": 3, "WARN": 1, "ERROR": 1, "FATAL": 1},
        components={
            "kafka.utils.Log4jControllerRegistration$": 1,
            "kafka.server.KafkaServer": 2,
            "org.apache.kafka.clients.producer.internals.Sender": 1,
            "kafka.server.ReplicaManager": 1,
            "kafka.server.KafkaConfig": 1,
        },
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:06Z",
    ),
    Sample(
        name="tomcat-juli",
        source="Tomcat's documentation, Logging: OneLineFormatter",
        kind="java",
        text=b"""\
07-Mar-2026 10:00:00.123 INFO [main] org.apache.catalina.startup.VersionLoggerListener.log Server version name:   Apache Tomcat/10.1.36
07-Mar-2026 10:00:01.000 INFO [main] org.apache.coyote.AbstractProtocol.start Starting ProtocolHandler ["http-nio-8080"]
07-Mar-2026 10:00:09.870 WARNING [main] org.apache.catalina.util.SessionIdGeneratorBase.createSecureRandom Creation of SecureRandom took [1,021] milliseconds.
07-Mar-2026 10:00:11.111 SEVERE [http-nio-8080-exec-1] org.apache.catalina.core.StandardWrapperValve.invoke Servlet.service() for servlet [jsp] threw exception
\tjava.lang.ArithmeticException: / by zero
\t\tat org.apache.jsp.index_jsp._jspService(index_jsp.java:121)
07-Mar-2026 10:00:12.000 FINE [main] org.apache.catalina.core.StandardServer.await end
""",
        lines=7,
        records=5,
        rejected=0,
        blank=0,
        levels={"INFO": 2, "WARNING": 1, "SEVERE": 1, "FINE": 1},
        components={
            "org.apache.catalina.startup.VersionLoggerListener.log": 1,
            "org.apache.coyote.AbstractProtocol.start": 1,
            "org.apache.catalina.util.SessionIdGeneratorBase.createSecureRandom": 1,
            "org.apache.catalina.core.StandardWrapperValve.invoke": 1,
            "org.apache.catalina.core.StandardServer.await": 1,
        },
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:12Z",
    ),
    Sample(
        name="java-util-logging",
        source="Java API, java.util.logging.SimpleFormatter: two lines an entry, the level on the second",
        kind="java",
        text=b"""\
Mar 07, 2026 10:00:00 AM com.example.Main main
INFO: starting
Mar 07, 2026 10:00:01 AM com.example.Main load
WARNING: file "a.cfg" is missing
Mar 07, 2026 1:05:09 PM com.example.Worker run
SEVERE: failed
java.io.IOException: broken pipe
\tat com.example.Worker.run(Worker.java:9)

""",
        lines=9,
        records=3,
        rejected=0,
        blank=1,
        levels={"INFO": 1, "WARNING": 1, "SEVERE": 1},
        components={"com.example.Main": 2, "com.example.Worker": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T13:05:09Z",
    ),
)

KLOG = (
    Sample(
        name="klog",
        source="klog's documentation of its header: Lmmdd hh:mm:ss.uuuuuu threadid file:line] msg",
        kind="klog",
        text=b"""\
I0307 10:00:00.123456       1 server.go:632] external host was not specified, using 192.0.2.40
I0307 10:00:00.200000       1 structured.go:12] "Starting controller" name="pod \\"gc\\"" workers=5
W0307 10:00:01.000001       1 reflector.go:561] failed to list *v1.Pod: Get "https://[2001:db8::1]:6443/api/v1/pods": dial tcp: connection refused
E0307 10:00:01.000099    4711 controller.go:145] "Failed to ensure lease exists, will retry" err="context deadline exceeded" interval="200ms"
E0307 10:00:02.500000    4711 runtime.go:77] Observed a panic: runtime error: index out of range [3] with length 3
goroutine 1 [running]:
k8s.io/apimachinery/pkg/util/runtime.logPanic({0x1a2b3c0, 0xc000})
\t/src/runtime.go:75 +0x85
F0307 10:00:03.000000       1 main.go:40] exit
""",
        lines=9,
        records=6,
        rejected=0,
        blank=0,
        levels={"I": 2, "W": 1, "E": 2, "F": 1},
        components={},
        first=None,
        last=None,
    ),
    Sample(
        name="glog-file",
        source="glog's manual: the lines at the head of a log file, and its prefix with a year",
        kind="klog",
        text=rb"""Log file created at: 2026/03/07 10:00:00
Running on machine: build-3
Running duration (h:mm:ss): 0:00:00
Log line format: [IWEF]yyyymmdd hh:mm:ss.uuuuuu threadid file:line] msg
I20260307 10:00:00.000123 139871 main.cc:31] Found "3" cookies
W20260307 10:00:00.750000 139871 cache.cc:101] cache miss [key=a]
E20260307 10:00:05.999999 139875 io.cc:77] Check failed: fd >= 0 (-1 vs. 0)
I20260307 10:00:06.000000 139871 main.cc:60] done
""",
        lines=8,
        records=4,
        rejected=0,
        blank=0,
        levels={"I": 2, "W": 1, "E": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:06Z",
    ),
)

W3C = (
    Sample(
        name="iis",
        source="IIS manual, W3C Extended Log File Format; lines end with CR LF",
        kind="w3c",
        text=b"""\
#Software: Microsoft Internet Information Services 10.0\r
#Version: 1.0\r
#Date: 2026-03-07 10:00:00\r
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r
2026-03-07 10:00:00 192.0.2.80 GET / - 443 - 203.0.113.90 Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) - 200 0 0 15\r
2026-03-07 10:00:01 192.0.2.80 GET /images/logo.png v=3 443 - 203.0.113.90 Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64) https://example.com/ 304 0 0 2\r
2026-03-07 10:00:04 192.0.2.80 POST /login.aspx ReturnUrl=%2f 443 EXAMPLE\\anna 203.0.113.91 curl/8.5.0 - 302 0 0 140\r
2026-03-07 10:00:09 fe80::1%4 GET /api/items id=1|7|80040e14|Syntax_error 80 - 2001:db8::91 - - 500 0 64 31007\r
2026-03-07 10:00:10 192.0.2.80 GET /x\r
2026-03-07 10:00:12 192.0.2.80 HEAD /health - 80 - 192.0.2.1 ELB-HealthChecker/2.0 - 200 0 0 0\r
""",
        lines=10,
        records=5,
        rejected=1,
        blank=0,
        levels={},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:12Z",
    ),
    Sample(
        name="cloudfront",
        source="CloudFront developer guide, standard logging: tab-separated, its first fields",
        kind="w3c",
        text=b"""\
#Version: 1.0
#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken
2026-03-07\t10:00:00\tFRA56-P4\t2390\t198.51.100.44\tGET\td2example7shop.cloudfront.net\t/index.html\t200\t-\tMozilla/5.0%20(X11;%20Linux%20x86_64)\t-\t-\tHit\taT3-kd02Qm_1vXbZr8LwPfYhUe6cNsJgOi5oKtRqWxMzEyDuBa7A==\twww.example.com\thttps\t23\t0.001
2026-03-07\t10:00:02\tFRA56-P4\t731\t2001:db8::44\tGET\td2example7shop.cloudfront.net\t/a%2520b.jpg\t403\thttps://www.example.com/\tcurl/8.5.0\tx=1&y=2\t-\tError\tbU4-le13Rn_2wYcAs9MxQgZiVf7dOtKhPj6pLuSrXyNaFzEvCb8B==\twww.example.com\thttp/2\t73\t0.120
2026-03-07\t09:59:59\tIAD89-C1\t0\t198.51.100.45\tPOST\td2example7shop.cloudfront.net\t/upload\t000\t-\t-\t-\t-\tClientCommError\tcV5-mf24So_3xZdBt0NyRhAjWg8ePuLiQk7qMvTsYzObGaFwDc9C==\twww.example.com\thttps\t1024\t30.500
2026-03-07\t10:00:05\tFRA56-P4\t512\t198.51.100.44\tHEAD\td2example7shop.cloudfront.net\t/\t301\t-\t%2522quoted%2522\t-\t-\tRedirect\tdW6-ng35Tp_4yAeCu1OzSiBkXh9fQvMjRl8rNwUtZaPcHbGxEd0D==\twww.example.com\thttp\t40\t0.000
""",
        lines=6,
        records=4,
        rejected=0,
        blank=0,
        levels={},
        components={},
        first="2026-03-07T09:59:59Z",
        last="2026-03-07T10:00:05Z",
    ),
    Sample(
        name="w3c-two-fields",
        source="W3C working draft Extended Log File Format: fields that change within a file",
        kind="w3c",
        text=rb"""#Version: 1.0
#Date: 2026-03-06 23:59:00
#Fields: date time c-ip cs-method cs-uri-stem sc-status
2026-03-06 23:59:58 192.0.2.101 GET /garden/roses.html 200
2026-03-06 23:59:59 192.0.2.102 GET /garden/none.html 404
#Software: Example Server 2
#Date: 2026-03-07 00:00:00
#Fields: date time time-taken bytes cs-uri sc-status cs(User-Agent)
2026-03-07 00:00:01 0.250 4096 http://example.com/garden 200 "Agent with ""quotes"" 1.0"
2026-03-07 00:00:02 0.001 - http://example.com/pond 500 -
#Remark: rotated by hand

2026-03-07 00:00:03 1.5 12 http://example.com/gate 200 -
""",
        lines=13,
        records=5,
        rejected=0,
        blank=1,
        levels={},
        components={},
        first="2026-03-06T23:59:58Z",
        last="2026-03-07T00:00:03Z",
    ),
)

LOGCAT = (
    Sample(
        name="logcat-threadtime",
        source="Android developers' manual, logcat -v threadtime, the default",
        kind="logcat",
        text=b"""\
--------- beginning of system
03-07 10:00:00.123  1234  1250 I ActivityManager: Start proc 4321:com.example.app/u0a123 for activity {com.example.app/.MainActivity}
03-07 10:00:00.456  4321  4321 D Example App: onCreate: savedInstanceState=null
--------- beginning of main
03-07 10:00:01.000  4321  4345 W System.err: java.net.SocketTimeoutException: timeout
03-07 10:00:01.000  4321  4345 W System.err: \tat okhttp3.internal.http2.Http2Stream$StreamTimeout.newTimeoutException(Http2Stream.kt:675)
03-07 10:00:02.999  4321  4321 E AndroidRuntime: FATAL EXCEPTION: main
03-07 10:00:02.999  4321  4321 E AndroidRuntime: Process: com.example.app, PID: 4321
03-07 10:00:03.001   612   700 V vndservice: say "hi": [::1]
03-07 10:00:03.500  1234  1250 F libc    : Fatal signal 11 (SIGSEGV), code 1
""",
        lines=10,
        records=8,
        rejected=0,
        blank=0,
        levels={"I": 1, "D": 1, "W": 2, "E": 2, "V": 1, "F": 1},
        components={"ActivityManager": 1, "Example App": 1, "System.err": 2, "AndroidRuntime": 2, "vndservice": 1, "libc": 1},
        first=None,
        last=None,
    ),
    Sample(
        name="logcat-brief",
        source="Android developers' manual, logcat -v brief",
        kind="logcat",
        text=b"""\
--------- beginning of main
I/ActivityManager( 1234): Displayed com.example.app/.MainActivity: +541ms
D/OpenGLRenderer(31415): Swap behavior 1
W/Example App( 4321): slow "frame": 32 ms
E/SQLiteLog( 4321): (1) no such table: orders in "SELECT * FROM orders"
I/chatty  ( 4321): uid=10123(com.example.app) identical 3 lines
E/SQLiteLog( 4321):\x20
""",
        lines=7,
        records=6,
        rejected=0,
        blank=0,
        levels={"I": 2, "D": 1, "W": 1, "E": 2},
        components={"ActivityManager": 1, "OpenGLRenderer": 1, "Example App": 1, "SQLiteLog": 2, "chatty": 1},
        first=None,
        last=None,
    ),
    Sample(
        name="logcat-time",
        source="Android developers' manual, logcat -v time",
        kind="logcat",
        text=rb"""--------- beginning of main
03-07 10:00:00.001 D/WifiService( 1234): acquireWifiLockLocked: WifiLock{NetCache type=1}
03-07 10:00:00.910 I/Choreographer( 4321): Skipped 31 frames!  The application may be doing too much work on its main thread.
03-07 10:00:01.000 W/ResourceType( 4321): Failure getting entry for 0x01080a5e
03-07 10:00:04.321 E/Volley  ( 4321): [412] BasicNetwork.performRequest: Unexpected response code 500 for https://[2001:db8::2]/a
03-07 10:00:05.000 V/AudioManager( 1234): playSoundEffect
""",
        lines=6,
        records=5,
        rejected=0,
        blank=0,
        levels={"D": 1, "I": 1, "W": 1, "E": 1, "V": 1},
        components={"WifiService": 1, "Choreographer": 1, "ResourceType": 1, "Volley": 1, "AudioManager": 1},
        first=None,
        last=None,
    ),
    Sample(
        name="logcat-year-zone",
        source="Android developers' manual, logcat -v threadtime with the modifiers year, zone and usec",
        kind="logcat",
        text=rb"""2026-03-07 10:00:00.123456 +0100  1234  1250 I PackageManager: Update package com.example.app
2026-03-07 10:00:00.200000 +0100  1234  1251 W PackageManager: Unknown permission "x.y" in package com.example.app
2026-03-07 10:00:05.999999 +0100  4321  4321 D Example App: resumed
2026-03-07 10:00:05.999999 +0100  4321  4400 V Example App: "resumed" at [2001:db8::1]
2026-03-07 10:00:06.000000 +0100   612   700 E HWComposer: getActiveConfig: failed
""",
        lines=5,
        records=5,
        rejected=0,
        blank=0,
        levels={"I": 1, "W": 1, "D": 1, "V": 1, "E": 1},
        components={"PackageManager": 2, "Example App": 2, "HWComposer": 1},
        first="2026-03-07T09:00:00Z",
        last="2026-03-07T09:00:06Z",
    ),
)

TEXT = (
    Sample(
        name="postgresql",
        source="PostgreSQL manual, Error Reporting and Logging: log_line_prefix '%m [%p] '",
        kind="text",
        text=b"""\
2026-03-07 10:00:00.123 UTC [1] LOG:  starting PostgreSQL 17.4 on x86_64-pc-linux-gnu, compiled by gcc, 64-bit
2026-03-07 10:00:00.124 UTC [1] LOG:  listening on IPv6 address "::", port 5432
2026-03-07 10:00:00.900 UTC [31] LOG:  database system was shut down at 2026-03-07 09:58:11 UTC
2026-03-07 10:00:07.001 UTC [77] ERROR:  duplicate key value violates unique constraint "orders_pkey"
2026-03-07 10:00:07.001 UTC [77] DETAIL:  Key (id)=(17) already exists.
2026-03-07 10:00:07.001 UTC [77] STATEMENT:  INSERT INTO orders (id, note)
\tVALUES (17, 'two
\tlines')
2026-03-07 10:00:08.500 UTC [80] WARNING:  there is no transaction in progress
2026-03-07 10:00:09.000 UTC [81] FATAL:  password authentication failed for user "app"
2026-03-07 10:00:10.000 UTC [1] LOG:  checkpoint starting: time
""",
        lines=11,
        records=9,
        rejected=0,
        blank=0,
        levels={"LOG": 4, "ERROR": 1, "WARNING": 1, "FATAL": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:10Z",
    ),
    Sample(
        name="mysql-error",
        source="MySQL 8.0 reference manual, Error Log Output Format: time thread [label] [err_code] [subsystem] msg",
        kind="text",
        text=rb"""2026-03-07T10:00:00.835618Z 0 [System] [MY-010116] [Server] /usr/sbin/mysqld (mysqld 8.0.41) starting as process 1
2026-03-07T10:00:00.936146Z 0 [Warning] [MY-010068] [Server] CA certificate ca.pem is self signed.
2026-03-07T10:00:01.000127Z 1 [System] [MY-013576] [InnoDB] InnoDB initialization has started.
2026-03-07T10:00:02.963127Z 0 [Note] [MY-010253] [Server] IPv6 is available.
2026-03-07T10:00:04.109022Z 9 [ERROR] [MY-012574] [InnoDB] Unable to lock ./ibdata1 error: 11
2026-03-07T12:00:05.500000+02:00 12 [Note] [MY-010914] [Server] Aborted connection 12 to db: 'shop' user: 'app' host: '2001:db8::6' (Got an error reading communication packets).
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={"System": 2, "Warning": 1, "Note": 2, "ERROR": 1},
        components={"Server": 4, "InnoDB": 2},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:05Z",
    ),
    Sample(
        name="redis",
        source="Redis' redis.conf and serverLogRaw: pid:role day month year time mark message",
        kind="text",
        text=rb"""1:C 07 Mar 2026 10:00:00.001 * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo
1:C 07 Mar 2026 10:00:00.002 # Warning: no config file specified, using the default config. In order to specify a config file use redis-server /path/to/redis.conf
1:M 07 Mar 2026 10:00:00.010 * Ready to accept connections tcp
1:M 07 Mar 2026 10:05:00.123 - Accepted 127.0.0.1:50404
1:M 07 Mar 2026 10:05:00.200 . 12 clients connected (0 replicas), 1048576 bytes in use
21:C 07 Mar 2026 10:05:01.000 * DB saved on disk
1:signal-handler (1772878000) Received SIGTERM scheduling shutdown...
1:M 07 Mar 2026 10:06:40.500 # User requested shutdown...
""",
        lines=8,
        records=8,
        rejected=0,
        blank=0,
        levels={"*": 3, "#": 2, "-": 1, ".": 1},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:06:40Z",
    ),
    Sample(
        name="dmesg-human-time",
        source="util-linux manual, dmesg -T",
        kind="text",
        text=rb"""[Sat Mar  7 10:00:00 2026] Linux version 6.1.0-31-amd64 (debian-kernel@lists.debian.org)
[Sat Mar  7 10:00:00 2026] Command line: BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet
[Sat Mar  7 10:00:01 2026] usb 1-1: new high-speed USB device number 2 using xhci_hcd
[Sat Mar  7 10:00:03 2026] EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.
[Sat Mar  7 10:12:09 2026] Out of memory: Killed process 4711 (my "app") total-vm:8123456kB
[Sat Mar  7 10:12:09 2026]  ? __die_body+0x1a/0x60
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:12:09Z",
    ),
    Sample(
        name="rails",
        source="Ruby's Logger documentation: Formatter, as a Rails app in production uses it",
        kind="text",
        text=b"""\
# Logfile created on 2026-03-07 10:00:00 +0000 by logger.rb/v1.6.4
I, [2026-03-07T10:00:00.123456 #4242]  INFO -- : [5f0e] Started GET "/orders?page=2" for 203.0.113.5 at 2026-03-07 10:00:00 +0000
I, [2026-03-07T10:00:00.130001 #4242]  INFO -- : [5f0e] Processing by OrdersController#index as HTML
D, [2026-03-07T10:00:00.135000 #4242] DEBUG -- : [5f0e]   Order Load (0.4ms)  SELECT "orders".* FROM "orders" LIMIT 20
I, [2026-03-07T10:00:00.150000 #4242]  INFO -- : [5f0e] Completed 500 Internal Server Error in 20ms (ActiveRecord: 0.4ms | Allocations: 3120)
F, [2026-03-07T10:00:00.151000 #4242] FATAL -- : [5f0e]\x20
[5f0e] ActionView::Template::Error (undefined method 'total' for nil):
[5f0e]     1: <h1><%= @order.total %></h1>
[5f0e] app/views/orders/index.html.erb:1
W, [2026-03-07T10:00:02.000000 #4242]  WARN -- sidekiq: heartbeat late
A, [2026-03-07T10:00:03.000000 #4242]   ANY -- : unknown severity
""",
        lines=11,
        records=7,
        rejected=0,
        blank=0,
        levels={"INFO": 3, "DEBUG": 1, "FATAL": 1, "WARN": 1, "ANY": 1},
        components={"sidekiq": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:03Z",
    ),
    Sample(
        name="go-log",
        source="Go's documentation of package log: LstdFlags, and Lmicroseconds with Lshortfile",
        kind="text",
        text=b"""\
2026/03/07 10:00:00 listening on [::]:8080
2026/03/07 10:00:01 GET "/a b" 200 1.2ms
2026/03/07 10:00:02.123456 main.go:23: with microseconds and a file
2026/03/07 10:00:05 http: panic serving 192.0.2.3:50511: runtime error: invalid memory address or nil pointer dereference
goroutine 34 [running]:
net/http.(*conn).serve.func1()
\t/usr/local/go/src/net/http/server.go:1947 +0xbe
panic({0x6b1c40?, 0x8e5a60?})
2026/03/07 10:00:06 http: TLS handshake error from 203.0.113.3:40000: EOF
""",
        lines=9,
        records=5,
        rejected=0,
        blank=0,
        levels={},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:06Z",
    ),
    Sample(
        name="zap-console",
        source="zap's documentation: NewDevelopment, console encoder, tabs between the parts",
        kind="text",
        text=b"""\
2026-03-07T10:00:00.123+0100\tINFO\tserver/main.go:42\tstarting\t{"version": "v1.9.0"}
2026-03-07T10:00:00.200+0100\tDEBUG\thttp\tserver/http.go:17\tlistening\t{"addr": "[::]:8443"}
2026-03-07T10:00:01.000+0100\tWARN\thttp\tserver/http.go:88\tslow "request"\t{"elapsed": "1.5s"}
example.com/shop/server.handle
\t/src/server/http.go:88
2026-03-07T10:00:02.999+0100\tERROR\tstore/sql.go:120\tquery failed\t{"error": "context deadline exceeded"}
example.com/shop/store.(*SQL).Query
\t/src/store/sql.go:120
main.main
\t/src/main.go:77
2026-03-07T10:00:03.000+0100\tINFO\tserver/main.go:99\tbye
""",
        lines=11,
        records=5,
        rejected=0,
        blank=0,
        levels={"INFO": 2, "DEBUG": 1, "WARN": 1, "ERROR": 1},
        components={"http": 2},
        first="2026-03-07T09:00:00Z",
        last="2026-03-07T09:00:03Z",
    ),
    Sample(
        name="kubernetes-cri",
        source="Kubernetes design of kubelet CRI logging: time stream tag message; each line a record, P and F alike",
        kind="text",
        text=b"""\
2026-03-07T10:00:00.123456789Z stdout F starting worker
2026-03-07T10:00:00.2Z stderr F warning: config "a.yaml" not found, using defaults
2026-03-07T10:00:01.000000001Z stdout P the first part of a long line
2026-03-07T10:00:01.000000002Z stdout F and its end
2026-03-07T11:00:02.5+01:00 stdout F 192.0.2.7 - - [07/Mar/2026:10:00:02 +0000] "GET / HTTP/1.1" 200 612
2026-03-07T10:00:03.999999999Z stderr F \tat com.example.Main.main(Main.java:3)
2026-03-07T10:00:04.0Z stdout F {"done":true}
""",
        lines=7,
        records=7,
        rejected=0,
        blank=0,
        levels={},
        components={},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:04Z",
    ),
    Sample(
        name="heroku-logs",
        source="Heroku's Dev Center, Logging: timestamp source[dyno]: message, app and router mixed",
        kind="text",
        text=b"""\
2026-03-07T10:00:00.123456+00:00 heroku[web.1]: Starting process with command `bundle exec puma -p 3000`
2026-03-07T10:00:03.000001+00:00 app[web.1]: Puma starting in single mode...
2026-03-07T10:00:05.500000+00:00 heroku[router]: at=info method=GET path="/" host=shop.example.com request_id=8601b555-6a83-4c12-8269-97c8e32cdb22 fwd="203.0.113.14" dyno=web.1 connect=0ms service=18ms status=200 bytes=3120 protocol=https
2026-03-07T10:00:06.000000+00:00 app[web.1]:\x20
2026-03-07T10:00:36.700000+00:00 heroku[router]: at=error code=H12 desc="Request timeout" method=GET path="/report" host=shop.example.com request_id=c0ffee00-0b1a-4b6a-8f8a-222222222222 fwd="2001:db8::14" dyno=web.1 connect=1ms service=30001ms status=503 bytes=0 protocol=https
2026-03-07T10:00:40.000000+00:00 app[api]: Release v12 created by user anna@example.com
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={},
        components={"heroku": 3, "app": 3},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:40Z",
    ),
    Sample(
        name="csv-events",
        source="RFC 4180, with a heading, quoted commas, doubled quotes and a line end within quotes",
        kind="text",
        text=b"""\
timestamp,level,service,message\r
2026-03-07 10:00:00,INFO,orders,started\r
2026-03-07 10:00:01,WARN,orders,"slow, very ""slow"" query"\r
2026-03-07 10:00:02,ERROR,billing,"two\r
lines"\r
2026-03-07 10:00:03,INFO,orders,\r
2026-03-07 10:00:04,INFO,billing,done\r
""",
        lines=7,
        records=5,
        rejected=0,
        blank=0,
        levels={"INFO": 3, "WARN": 1, "ERROR": 1},
        components={"orders": 3, "billing": 2},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:04Z",
    ),
    Sample(
        name="bracketed-levels",
        source="Monolog's documentation: LineFormatter '[%datetime%] %channel%.%level_name%: %message% %context% %extra%'",
        kind="text",
        text=rb"""[2026-03-07T10:00:00.123456+00:00] app.INFO: User logged in {"id":7} []
[2026-03-07T10:00:00.500000+00:00] security.DEBUG: Checking "remember me" [] {"uid":"a1b2"}
[2026-03-07T10:00:02.000000+00:00] request.CRITICAL: Uncaught PHP Exception RuntimeException: "boom" at /srv/app/src/A.php line 9 {"exception":"[object] (RuntimeException(code: 0): boom at /srv/app/src/A.php:9)
[stacktrace]
#0 /srv/app/public/index.php(20): run()
#1 {main}
"} []
[2026-03-07T10:00:03.000000+00:00] app.NOTICE: done [] []
""",
        lines=8,
        records=4,
        rejected=0,
        blank=0,
        levels={"INFO": 1, "DEBUG": 1, "CRITICAL": 1, "NOTICE": 1},
        components={"app": 2, "security": 1, "request": 1},
        first="2026-03-07T10:00:00Z",
        last="2026-03-07T10:00:03Z",
    ),
)

PLAIN = (
    Sample(
        name="dmesg",
        source="util-linux manual, dmesg: seconds since the start of the machine",
        kind="plain",
        text=rb"""[    0.000000] Linux version 6.1.0-31-amd64 (debian-kernel@lists.debian.org)
[    0.000000] Command line: BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet
[    1.204417] usb 1-1: new high-speed USB device number 2 using xhci_hcd
[   12.000001] EXT4-fs (sda1): mounted filesystem with ordered data mode. Quota mode: none.
[86400.123456] Out of memory: Killed process 4711 (my "app") total-vm:8123456kB
[86400.123460]  ? __die_body+0x1a/0x60
""",
        lines=6,
        records=6,
        rejected=0,
        blank=0,
        levels={},
        components={},
        first=None,
        last=None,
    ),
    Sample(
        name="prose",
        source="no format: what a script prints",
        kind="plain",
        text=b"""\
Copying files to /mnt/backup ...
  photos: 1,204 files, 3.1 GB
  letters: 17 files, "old ones" skipped
\x20\t
Note that 2 files could not be read.
Caf\xc3\xa9 and \xfcber are words of two encodings.
Done in 00:04:12""",
        lines=7,
        records=6,
        rejected=0,
        blank=1,
        levels={},
        components={},
        first=None,
        last=None,
    ),
)

SAMPLES: tuple[Sample, ...] = (
    *ACCESS,
    *JSON,
    *LOGFMT,
    *SYSLOG,
    *NGINX_ERROR,
    *APACHE_ERROR,
    *PYTHON,
    *JAVA,
    *KLOG,
    *W3C,
    *LOGCAT,
    *TEXT,
    *PLAIN,
)
