r"""The formats of single programs, as templates for a line: servers and proxies, frameworks, databases, systems.

Written from the programs' manuals, as `templates` is. A field that a line has and its template does not name, such as a
whole URL beside its parts, is in no question.
"""

# ruff: noqa: E501 - a template is easiest to compare with a line of a log where it is whole

from __future__ import annotations

from tools.fuzz.differential.model import Draw, Moment, local_seconds
from tools.fuzz.differential.templates import MESSAGE, Template, several
from tools.fuzz.differential.values import FORMS, KINDS, WEEKDAYS, dated, written, yearless

REQUEST = '"{request:request}"'
WHOLE_REQUEST = '"{method:verb} https://{host:site}:443{target:path} {protocol:protocol}"'
AGENT = '"{user_agent:agent}"'
QUOTES = '"{referrer:referrer}" ' + AGENT
REST = ' ECDHE-RSA TLSv1.2 arn:aws:x "{trace_id:word}" "shop.example.com" "arn:aws:y" 0 2026-03-07T10:00:00.100000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"'
MS = {"duration": 3}


def clf_without_zone(draw: Draw) -> tuple[bytes, Moment]:
    wall = draw.wall()
    return written(wall, "%d/%b/%Y:%H:%M:%S").encode(), local_seconds(wall, draw.zone)


def full_weekday(draw: Draw) -> tuple[bytes, Moment]:
    """Return a time of `journalctl -o short-full`."""
    wall = draw.wall()
    return f"{WEEKDAYS[wall.weekday()]} {written(wall, '%Y-%m-%d %H:%M:%S')} UTC".encode(), local_seconds(wall, draw.zone)


def early(draw: Draw) -> tuple[bytes, Moment]:
    """Return a time before ten, with a blank in front of the hour: that is all that shows MariaDB's error log."""
    wall = draw.wall()
    wall = wall.replace(hour=wall.hour % 10)
    return written(wall, "%Y-%m-%d %k:%M:%S").encode(), local_seconds(wall, draw.zone)


PROGRAMS = (
    Template(
        "traefik",
        ("{client:ip} - {user:name_or_none} [{time:clf}] " + REQUEST + " {status:status} {bytes:size} " + QUOTES + ' {request_count:int} "{router:word}" "{server:word}" {duration:int}ms',),
        units={"bytes": 0, **MS},
    ),
    Template(
        "ingress_nginx",
        ("{client:ip} - {user:name_or_none} [{time:clf}] " + REQUEST + " {status:status} {bytes:size} " + QUOTES + " {request_length:int} {duration:seconds} [{proxy_upstream_name:word}] [] 10.1.0.5:80, 10.1.0.6:80 615, 0 0.008, 0.010 200, 502 {req_id:hex32}",),
        units={"bytes": 0, "duration": 0},
    ),
    Template(
        "nginx_proxy_manager",
        ('[{time:clf}] - 200 {status:status} - {method:verb} https {host:site} "{target:path}" [Client {client:ip}] [Length {bytes:size}] [Gzip -] [Sent-to {server:word}] ' + AGENT + ' "{referrer:referrer}"',),
        units={"bytes": 0},
    ),
    Template(
        "envoy",
        ("[{time:zulu}] " + REQUEST + ' {status:status} {response_flags:flags} {bytes_received:int} {bytes:count} {duration:int} 100 "{forwarded_for:forwarded}" ' + AGENT + ' "{request_id:hex32}" "{host:site}" "10.0.2.1:80"',),
        units={"bytes": 0, **MS},
    ),
    Template(
        "aws_alb",
        ("h2 {time:zulu} app/shop/50dc {client:ipv4}:{client_port:port} 10.0.0.1:80 {request_processing_time:part} {target_processing_time:part} {response_processing_time:part} {status:status} 200 {bytes_received:int} {bytes:count} " + WHOLE_REQUEST + " " + AGENT + REST,),
        units={"bytes": 0},
        sums={"duration": ("request_processing_time", "target_processing_time", "response_processing_time")},
    ),
    Template(
        "aws_elb",
        ("{time:zulu} {elb:word} {client:ipv4}:{client_port:port} 10.0.0.1:80 {request_processing_time:part} {backend_processing_time:part} {response_processing_time:part} {status:status} 200 0 {bytes:count} " + WHOLE_REQUEST + " " + AGENT + " - -",),
        units={"bytes": 0},
        sums={"duration": ("request_processing_time", "backend_processing_time", "response_processing_time")},
    ),
    Template(
        "aws_nlb",
        ("tls 2.0 {time:iso_t} net/shop/c6e7 g3d4 {client:ipv4}:{client_port:port} 172.16.0.1:443 {duration:int} 2 98 {bytes:count} - arn:x - ECDHE tlsv12 - {domain_name:site} - - - 2026-03-07T09:59:50",),
        units={"bytes": 0, **MS},
    ),
    Template(
        "aws_flow",
        ("2 {account:int} eni-1235b8ca {client:ipv4} 172.31.16.21 {client_port:port} 22 6 {packets:int} {bytes:count} {time:epoch} 1772877660 ACCEPT OK",),
        units={"bytes": 0},
    ),
    Template(
        "s3",
        ("79a59d {bucket:word} [{time:clf}] {client:ip} {user:name_or_none} 3E57 REST.GET.OBJECT a.pdf " + REQUEST + " {status:status} - {bytes:size} 1130 {duration:int} 6 " + QUOTES + " -",),
        units={"bytes": 0, **MS},
    ),
    Template(
        "cloudfront",
        ("{time:iso_tab}\tLAX1\t{bytes:count}\t{client:ip}\t{method:verb}\td11.cloudfront.net\t{path:plain_path}\t{status:plain_status}\t-\t{user_agent:encoded}\t{query:query}\t-\tHit\tSOX4\t{host:site}\thttps\t23\t{duration:part}\t-\tTLSv1.2\tECDHE\tHit\t{protocol:protocol}\t-\t-",),
        units={"bytes": 0, "duration": 0},
    ),
    Template(
        "haproxy_http",
        ('{client:ip}:{client_port:port} [{time:clf_millis}] {frontend:word} {backend:word}/srv1 10/0/30/69/{duration:int} {status:status} {bytes:count} - - {termination:dashes} 1/1/1/1/0 0/0 {{1wt.eu} {} "{method:verb} {target:path} {protocol:protocol}"',),
        units={"bytes": 0, **MS},
    ),
    Template(
        "haproxy_tcp",
        ("{client:ip}:{client_port:port} [{time:clf_millis}] {frontend:word} {backend:word}/srv1 0/0/{duration:int} {bytes:count} -- 0/0/0/0/3 0/0",),
        units={"bytes": 0, **MS},
    ),
    Template(
        "squid",
        ("{time:epoch}.659 {:spaces}{duration:int} {client:ip} {cache_status:squid}/{status:plain_status} {bytes:count} {method:verb} http://{host:site}{target:path} {user:name_or_none} HIER_DIRECT/203.0.113.206 {type:mime}",),
        units={"bytes": 0, **MS},
    ),
    Template(
        "iis",
        ("{time:iso_bare} 10.0.0.1 {method:verb} {path:plain_path} {query:query} 443 {user:name_or_none} {client:ip} {user_agent:encoded} - {status:plain_status} 0 0 {duration:int}",),
        units=MS,
    ),
    Template("php_fpm_access", ('{client:ip} - {user:name_or_none} {time:clf} "{method:verb} {target:path}" {status:status}',)),
    Template("aiohttp", ("{client:ip} [{time:clf}] " + REQUEST + " {status:status} {bytes:size} " + QUOTES,), units={"bytes": 0}),
    Template("daphne", ('{client:ip}:{client_port:port} - - [{time:clf_bare}] "{method:verb} {target:path}" {status:status} {bytes:size}',), units={"bytes": 0}),
    several("uvicorn", "{level:INFO}:     {client:ip}:{client_port:port} - " + '"{method:verb} {target:path} {protocol:protocol}" {status:plain_status} OK', "{level:INFO}:     " + MESSAGE),
    several("tornado", "[{level:DIWEC} {time:six_clock} {logger:name}:17] {status:plain_status} {method:verb} {target:path} ({client:ip}) {duration:part}ms", "[{level:DIWEC} {time:six_clock} {logger:name}:17] " + MESSAGE, units=MS),
    several("jupyter", "[{level:DIWEC} {time:iso_point} {logger:name}] " + MESSAGE),
    Template("php_server", ("[{time:ctime_bare}] {client:ip}:{client_port:port} [{status:plain_status}]: {method:verb} {target:path}", "[{time:ctime_bare}] {client:ip}:{client_port:port} {message:state}")),
    Template("chi", ('{time:slashes} "{method:verb} http://{host:site}{target:path} {protocol:protocol}" from {client:ipv4}:{client_port:port} - {status:plain_status} {bytes:count}B in {duration:latency}',), units={"bytes": 0, "duration": 0}),
    Template("werkzeug", ("{client:ip} - - [{time:clf_blank}] " + '"{method:verb} {target:path} {protocol:protocol}" {status:status} {bytes:size}',), units={"bytes": 0}),
    Template("django", ("[{time:clf_blank}] " + REQUEST + " {status:status} {bytes:count}",), units={"bytes": 0}),
    several("rails", 'Started {method:verb} "{target:path}" for {client:ip} at {time:iso_blank_zone}'),
    Template("gin", ('[GIN] {time:slashes_dash} | {status:plain_status} |     {duration:latency} |       {client:ip} | {method:verb}      "{target:path}"',), units={"duration": 0}),
    Template("morgan", ("{method:verb} {target:path} {status:plain_status} {duration:part} ms - {bytes:count}", "{client:ip} {user:name_or_none} {method:verb} {target:path} {protocol:protocol} {status:plain_status} {bytes:count} - {duration:part} ms"), units={"bytes": 0, **MS}),
    several("dotnet_console", "{time:iso_bare} {level:dotnet}: {logger:class}[{event:int}] " + MESSAGE),
    Template("dotnet_systemd", ("<{priority:severity}>{logger:class}[{event:int}] " + MESSAGE,)),
    several("php_errors", "[{time:tomcat_bare} UTC] PHP {level:php}:  " + MESSAGE),
    several("php_fpm", "[{time:tomcat_bare}] {level:fpm}: [pool {pool:word}] " + MESSAGE),
    several("sidekiq", "{time:zulu} pid={pid:int} tid={thread:word} class={logger:job} jid={job:word} elapsed={duration:part} {level:plain_upper}: " + MESSAGE, units={"duration": 0}),
    several("mysql_blank_hour", "{time:iso_blank_hour} {thread:int} [{level:MySQL}] " + MESSAGE),
    several("mysql_old_error", "{time:six_clock} [{level:old_MySQL}] " + MESSAGE),
    several("postgresql", "{time:iso_millis} UTC [{pid:int}] {user:job}@{database:word} {level:postgres}:  " + MESSAGE, "{time:iso_point} UTC [{pid:int}] {level:postgres}:  " + MESSAGE),
    several("postgresql_rds", "{time:iso_bare} UTC:{client:ipv4}({client_port:port}):{user:word}@{database:word}:[{pid:int}]:{level:postgres}:  " + MESSAGE),
    several("postgresql_csv", '{time:iso_point} UTC,"{user:word}","{database:word}",{pid:int},"{client:ipv4}:{client_port:port}",69aa.863,3,"SELECT",2026-03-07 09:00:00 UTC,3/5,0,{level:postgres},{code:sqlstate},"{message:unquoted}",,,,,,,,,"psql"'),
    several("mongodb_old", "{time:zulu} {level:mongo}  {logger:mongo_part}  [{thread:word}] " + MESSAGE),
    several("redis_old", "{pid:int}:{role:role} {time:day_month} {level:redis} " + MESSAGE),
    several("rabbitmq", "{time:iso_point} [{level:rabbit}] <{thread:erlang}> " + MESSAGE),
    several("cassandra", "{level:upper}  [{thread:thread}] {time:iso_millis} {logger:name} - " + MESSAGE),
    Template("audit", ("type={type:audit} msg=audit({time:epoch}.415:{event:int}): " + MESSAGE,)),
    Template("audit_interpreted", ("type={type:audit} msg=audit({time:iso_bare}.415:{event:int}) : " + MESSAGE,)),
    Template("dpkg", ("{time:iso_bare} {message:dpkg}",)),
    several("fail2ban", "{time:iso_millis} {logger:fail2ban} [{pid:int}]: {level:plain_upper}  " + MESSAGE),
    Template("suricata_fast", ("{time:month_day_digits}.123456  [**] [{rule:rule}] {message:state} [**] [Classification: {class:word}] [Priority: 1] {{transport:transport}} {client:ipv4}:{client_port:port} -> 10.0.0.5:80",)),
    Template("cef", ("{time:syslog} {host:host} CEF:0|{vendor:word}|{product:word}|1.0|{event:int}|{message:state}|10|src={client:ip} dst=192.0.2.8",)),
    Template("leef", ("{time:syslog} {host:host} LEEF:1.0|{vendor:word}|{product:word}|1.0|{event:int}|src={client:ip}\tdst=192.0.2.8",)),
    Template("monotonic", ("[    3.012345] {host:host} {program:word}[{pid:int}]: " + MESSAGE,)),
    Template("journald_full", ("{time:full_weekday} {host:host} {program:word}[{pid:int}]: " + MESSAGE,)),
    Template("syslog_year", ("{time:year_name} {host:host} {program:word}[{pid:int}]: " + MESSAGE, "<{priority:priority}>{time:year_name} {host:host} {program:word}: " + MESSAGE)),
    several("json", '{"time": "{time:zulu}", "level": "{level:lower}", "msg": "{message:state}", "duration_ms": {duration:int}}', units=MS),
    several("json", '{"ts": "{time:zulu}", "remote_addr": "{client:ip}", "request": "{method:verb} {target:path} {protocol:protocol}", "status": {status:plain_status}, "size": {bytes:positive}}', units={"bytes": 0}),
    Template("logfmt", ('time={time:zulu} level={level:lower} msg="{message:state}" duration_ms={duration:int}',), units=MS),
    Template(
        "haproxy_clf",
        ("{client:ip} - {user:name_or_none} [{time:clf}] " + REQUEST + ' {status:status} {bytes:size} "" "" {client_port:port} 655 "{frontend:word}" "{backend:word}" "srv1" 10 0 30 69 {duration:int} {termination:dashes} 1 1 1 1 0 0 0 "" ""',),
        units={"bytes": 0, **MS},
    ),
    several("serilog_console", "[10:00:00 {level:serilog}] " + MESSAGE),
    several("monolog", "[{time:iso_bare}] {logger:word}.{level:plain_upper}: " + MESSAGE),
    several("zerolog_console", "10:00AM {level:serilog_zero} " + MESSAGE),
    several("logrus", "{level:logrus}[0007] " + MESSAGE),
    several("logrus_timed", "{level:logrus}[{time:zulu}] " + MESSAGE),
    several("kernel", "<{level:severity}>[    3.012345] " + MESSAGE),
    several("wildfly", "{time:iso_millis} {level:upper} [{logger:name}] ({thread:thread}) " + MESSAGE),
    several("jenkins", "{time:iso_point}+0000 [id={thread:int}]\t{level:upper}\t{logger:name}#{function:word_only}: " + MESSAGE),
    Template("exim", ("{time:iso_bare} [{pid:int}] {id:exim} {message:exim_message}", "{time:iso_bare} {id:exim} {message:exim_message}")),
    several("dovecot", "{time:syslog} {program:imap}({user:word}): {level:dovecot}: {message:text}", "{time:syslog} {program:imap}: {level:dovecot}: " + MESSAGE),
    Template("bind", ("{time:tomcat} {logger:bind}: {level:bind_level}: " + MESSAGE,)),
    several("solr", "{time:iso_point} {level:upper} ({thread:thread}) [{core:core}] {logger:name} " + MESSAGE),
    Template(
        "windows_event",
        ("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='{program:word}'/><EventID>{event:int}</EventID><TimeCreated SystemTime='{time:zulu}'/><Computer>{host:host}</Computer></System></Event>",),
    ),
    Template("apache_ssl", ("[{time:clf}] {client:ip} {ssl_protocol:tls} {ssl_cipher:cipher} " + REQUEST + " {bytes:size}",), units={"bytes": 0}),
    Template(
        "bunny",
        ("{cache_status:cached_or_not}|{status:plain_status}|{time:epoch}123|{bytes:count}|{pull_zone:int}|{client:ip}|{referrer:encoded}|https://{host:site}{target:path}|WA|{user_agent:encoded}|{request_id:hex32}|DE",),
        units={"bytes": 0},
    ),
    several(
        "uwsgi",
        "[pid: {pid:small}|app: 0|req: 1/1] {client:ip} () {40 vars in 582 bytes} [{time:ctime_bare}] {method:verb} {target:path} => generated {bytes:count} bytes in {duration:int} msecs ({protocol:protocol} {status:plain_status}) 4 headers in 134 bytes (1 switches on core 0)",
        units={"bytes": 0, **MS},
    ),
    Template("actix", ("{client:ip} " + REQUEST + " {status:plain_status} {bytes:count} " + QUOTES + " {duration:part}",), units={"bytes": 0, "duration": 0}),
    Template("fiber", ("10:00:00 | {status:plain_status} |   {duration:latency} | {client:ip} | {method:verb}     | {target:path}",), units={"duration": 0}),
    Template("negroni", ("[negroni] {time:zulu} | {status:plain_status} | \t {duration:latency} | {host:site} | {method:verb} {target:path}",), units={"duration": 0}),
    Template("uvicorn_access", ("{client:ipv4}:{client_port:port} - " + REQUEST + " {status:plain_status}",)),
    Template("heroku_drain", ("83 <40>1 {time:zulu} host {program:app} {pid:dyno} - " + MESSAGE,)),
    Template("fly", ("{time:zulu} {program:app}[{instance:hex32}] {region:region} [{level:fly}] " + MESSAGE,)),
    several("svlogd", "{time:underscore} " + MESSAGE),
    Template("capnslog", ("{time:iso_micros} {level:CEWNIDT} | {logger:job}: " + MESSAGE,)),
    Template("nats", ("[{pid:small}] {time:slashes_micros} [{level:nats}] " + MESSAGE,)),
    several("scylla", "{level:plain_upper}  {time:iso_millis} [shard {thread:small}:main] {logger:name} - " + MESSAGE),
    several("caddy_console", "{time:slashes_millis}\t{level:plain_upper}\t{logger:caddy}\t{message:state}"),
    several("postgresql_words", "{time:iso_bare} UTC web shop {level:postgres}:  " + MESSAGE),
    several("postgresql_client", "{client:ipv4} {time:iso_bare} UTC {user:job}@{database:word} {level:postgres}:  " + MESSAGE),
    several("postgresql_epoch", "{time:epoch}.123 [{pid:small}] {user:job}@{database:word} {level:postgres}:  " + MESSAGE),
    Template("postgresql_syslog", ("[5-1] {user:job}@{database:word} {level:postgres}:  " + MESSAGE,)),
    Template("pgbouncer", ("{time:iso_point} UTC [{pid:small}] {level:bouncer} C-0x55d: {database:word}/{user:job}@{client:ipv4}:{client_port:port} " + MESSAGE,)),
    several("mysql_general", "{time:zulu}\t    {thread:int} {command:command}\t" + MESSAGE),
    several("mysql_old_general", "{time:six_clock}\t    {thread:int} {command:command}\t" + MESSAGE),
    several("sql_server", "{time:iso_hundredths} {logger:sql_server}      " + MESSAGE),
    several(
        "couchdb",
        "[{level:rabbit}] {time:zulu} {node:node} <{thread:erlang}> -------- " + MESSAGE,
        "[{level:rabbit}] {time:zulu} {node:node} <{thread:erlang}> {request_id:hex32} {host:site} {client:ipv4} {user:job} {method:verb} {target:path} {status:plain_status} ok {duration:int}",
        units=MS,
    ),
    several("cockroach", "{level:IWEF}{time:six_clock_micros} {thread:int} {logger:file}:100 " + MESSAGE),
    Template("ltsv", ("time:{time:clf}\thost:{client:ip}\treq:{method:verb} {target:path} {protocol:protocol}\tstatus:{status:plain_status}\tsize:{bytes:count}\treqtime:{duration:part}",), units={"bytes": 0, "duration": 0}),
)  # fmt: skip

FORMS |= {
    "zulu": dated("%Y-%m-%dT%H:%M:%S", fraction=".123", end="Z"),
    "iso_t": dated("%Y-%m-%dT%H:%M:%S"),
    "iso_tab": dated("%Y-%m-%d\t%H:%M:%S"),
    "iso_point": dated("%Y-%m-%d %H:%M:%S", fraction=".123"),
    "iso_micros": dated("%Y-%m-%d %H:%M:%S", fraction=".123456"),
    "iso_hundredths": dated("%Y-%m-%d %H:%M:%S", fraction=".12"),
    "slashes_micros": dated("%Y/%m/%d %H:%M:%S", fraction=".123456"),
    "slashes_millis": dated("%Y/%m/%d %H:%M:%S", fraction=".123"),
    "underscore": dated("%Y-%m-%d_%H:%M:%S", fraction=".12345"),
    "six_clock_micros": dated("%y%m%d %H:%M:%S", fraction=".123456"),
    "iso_blank_hour": early,
    "iso_blank_zone": dated("%Y-%m-%d %H:%M:%S", end=" +0000"),
    "clf_millis": lambda draw: ((found := clf_without_zone(draw))[0] + b".655", found[1]),
    "clf_bare": clf_without_zone,
    "clf_blank": dated("%d/%b/%Y %H:%M:%S"),
    "ctime_bare": dated("%a %b %e %H:%M:%S %Y"),
    "slashes_dash": dated("%Y/%m/%d - %H:%M:%S"),
    "tomcat_bare": dated("%d-%b-%Y %H:%M:%S"),
    "six_clock": dated("%y%m%d %H:%M:%S"),
    "day_month": yearless("%d %b %H:%M:%S", ".457"),
    "month_day_digits": dated("%m/%d/%Y-%H:%M:%S"),
    "full_weekday": full_weekday,
    "year_name": dated("%Y %b %e %H:%M:%S"),
}
KINDS |= {
    "tls": lambda draw: draw.choice((b"TLSv1.2", b"TLSv1.3")),
    "cipher": lambda draw: draw.choice((b"TLS_AES_256_GCM_SHA384", b"ECDHE-RSA-AES128-GCM-SHA256")),
    "cached_or_not": lambda draw: draw.choice((b"HIT", b"MISS")),
    "dyno": lambda draw: draw.choice((b"web.1", b"worker.2", b"router")),
    "region": lambda draw: draw.choice((b"fra", b"ams")),
    "fly": lambda draw: draw.choice((b"info", b"warn", b"error")),
    "CEWNIDT": lambda draw: draw.choice((b"C", b"E", b"W", b"N", b"I", b"D", b"T")),
    "nats": lambda draw: draw.choice((b"INF", b"WRN", b"ERR", b"DBG", b"TRC", b"FTL")),
    "caddy": lambda draw: draw.choice((b"http.log.access", b"admin", b"tls.cache")),
    "bouncer": lambda draw: draw.choice((b"DEBUG", b"LOG", b"WARNING", b"ERROR", b"FATAL")),
    "command": lambda draw: draw.choice((b"Query", b"Connect", b"Init DB")),
    "sql_server": lambda draw: draw.choice((b"Server", b"Logon", b"spid7s", b"spid51")),
    "core": lambda draw: draw.choice((b"x:shop", b"c:shop s:shard1 r:core_node2 x:shop_1")),
    "node": lambda draw: draw.choice((b"couchdb@localhost", b"couchdb@192.0.2.3")),
    "INFO": lambda _: b"INFO",
    "ip": lambda draw: draw.choice((b"192.0.2.1", b"198.51.100.9", b"203.0.113.254", b"2001:db8::1")),
    "positive": lambda draw: str(draw.randrange(1, 10**6)).encode(),
    "ipv4": lambda draw: draw.choice((b"192.0.2.1", b"198.51.100.9", b"203.0.113.254")),
    "count": lambda draw: str(draw.choice((0, 7, draw.randrange(10**6)))).encode(),
    "verb": lambda draw: draw.choice((b"GET", b"POST", b"DELETE")),
    "protocol": lambda draw: draw.choice((b"HTTP/1.1", b"HTTP/2.0")),
    "path": lambda draw: draw.choice((b"/", b"/cart", b"/cart?id=7", b"/img/a.PNG", b"/a/%20b")),
    "plain_path": lambda draw: draw.choice((b"/", b"/cart", b"/img/a.PNG")),
    "plain_status": lambda draw: draw.choice((b"200", b"302", b"404", b"503")),
    "query": lambda draw: draw.choice((b"-", b"id=7", b"q=a+b")),
    "encoded": lambda draw: draw.choice((b"curl/8.5.0", b"Mozilla/5.0+(X11)", b"-")),
    "site": lambda draw: draw.choice((b"shop.example.com", b"example.org")),
    "flags": lambda draw: draw.choice((b"-", b"UF", b"UF,URX")),
    "part": lambda draw: draw.choice((b"0.001", b"0.25", b"1.5", b"0.000")),
    "dashes": lambda draw: draw.choice((b"----", b"SH--")),
    "squid": lambda draw: draw.choice((b"TCP_MISS", b"TCP_HIT", b"TCP_TUNNEL")),
    "mime": lambda draw: draw.choice((b"-", b"text/html")),
    "DIWEC": lambda draw: draw.choice((b"D", b"I", b"W", b"E", b"C")),
    "state": lambda draw: draw.choice((b"Accepted", b"Closing", b"port scan")),
    "latency": lambda draw: draw.choice((b"1.5ms", b"250ms", b"2s", b"7us", b"1m1.5s")),
    "dotnet": lambda draw: draw.choice((b"trce", b"dbug", b"info", b"warn", b"fail", b"crit")),
    "severity": lambda draw: draw.choice((b"3", b"4", b"6", b"7")),
    "php": lambda draw: draw.choice((b"Warning", b"Notice", b"Fatal")),
    "fpm": lambda draw: draw.choice((b"DEBUG", b"NOTICE", b"WARNING", b"ERROR", b"ALERT")),
    "job": lambda draw: draw.choice((b"HardJob", b"Mail")),
    "plain_upper": lambda draw: draw.choice((b"DEBUG", b"INFO", b"WARNING", b"ERROR")),
    "old_MySQL": lambda draw: draw.choice((b"ERROR", b"Warning", b"Note")),
    "postgres": lambda draw: draw.choice((b"INFO", b"NOTICE", b"WARNING", b"ERROR", b"LOG", b"FATAL", b"PANIC")),
    "sqlstate": lambda draw: draw.choice((b"00000", b"40P01")),
    "unquoted": lambda draw: KINDS["text"](draw).replace(b'"', b"'"),
    "mongo": lambda draw: draw.choice((b"I", b"W", b"E", b"F", b"D")),
    "mongo_part": lambda draw: draw.choice((b"NETWORK", b"STORAGE")),
    "rabbit": lambda draw: draw.choice((b"debug", b"info", b"notice", b"warning", b"error", b"critical")),
    "erlang": lambda draw: b"0.%d.0" % draw.randrange(1000),
    "fail2ban": lambda draw: draw.choice((b"fail2ban.actions", b"fail2ban.filter")),
    "audit": lambda draw: draw.choice((b"SYSCALL", b"USER_LOGIN", b"CWD")),
    "dpkg": lambda draw: draw.choice(
        (b"status installed libc6:amd64 2.39-0", b"install vim:amd64 <none> 2:9", b"startup archives unpack")
    ),
    "serilog_zero": lambda draw: draw.choice((b"TRC", b"DBG", b"INF", b"WRN", b"ERR", b"FTL")),
    "logrus": lambda draw: draw.choice((b"TRAC", b"DEBU", b"INFO", b"WARN", b"ERRO", b"FATA")),
    "serilog": lambda draw: draw.choice((b"VRB", b"DBG", b"INF", b"WRN", b"ERR", b"FTL")),
    "word_only": lambda draw: draw.choice((b"add", b"markOffline")),
    "exim": lambda draw: b"1rhx%02d-0004rI-Ab" % draw.randrange(100),
    "exim_message": lambda draw: draw.choice(
        (b"Completed", b"=> bob@example.org R=dnslookup", b"== bob@example.org defer (-44)")
    ),
    "imap": lambda draw: draw.choice((b"imap-login", b"auth")),
    "dovecot": lambda draw: draw.choice((b"Info", b"Warning", b"Error", b"Fatal")),
    "bind": lambda draw: draw.choice((b"queries", b"general", b"lame-servers")),
    "bind_level": lambda draw: draw.choice((b"info", b"notice", b"warning", b"error", b"critical")),
    "rule": lambda draw: draw.choice((b"1:2016683:3", b"1:2:1")),
    "transport": lambda draw: draw.choice((b"TCP", b"UDP")),
}
