"""The names that loggers and servers give to the columns `time`, `level`, `message` and so on.

From the documentation of bunyan, pino, zap, logrus, zerolog, slog, structlog, loguru, python-json-logger, log4j, Serilog,
NLog, ECS, GELF, OpenTelemetry, Docker's json-file driver, `journalctl -o json`, PostgreSQL, MongoDB, Elasticsearch, Caddy,
Traefik, Envoy, nginx's variables, Heroku's router, Cloudflare, Google Cloud, Azure, AWS, Kubernetes' audit log, Suricata, Zeek.

Capitals, `_` and `-` do not matter: `user_agent` is also `userAgent` and `User-Agent`. Of names in the same line the
first counts: each line of a table is a list in order of rank, its names divided by blanks.
"""

from __future__ import annotations

from collections.abc import Mapping


def table(**columns: str) -> Mapping[str, tuple[str, ...]]:
    return {column: tuple(names.split()) for column, names in columns.items()}


APPLICATION = table(
    time="time ts timestamp @timestamp datetime asctime t @t date event_time __REALTIME_TIMESTAMP StartUTC time_iso8601"
    " time_local msec start_time created t.$date t.$date.$numberLong time_millis epoch_millis timestamp_ms ts_ms time_ms"
    " EdgeStartTimestamp TimeGenerated record.time.timestamp time_unix_nano observed_time_unix_nano ObservedTimestamp"
    " log_time log_timestamp logged_at created_at occurred_at stage_timestamp request_received_timestamp"
    " receive_timestamp ingestion_time request_time EdgeEndTimestamp ts.$date timestamp.$date time.$date date.$date"
    " epoch epoch_ms unix unix_time unix_ts unix_ms unix_milli ts_us ts_ns time_us time_ns event.created event_timestamp"
    " log_ts log_date_time iso_time time_created system_time utc_time started_at dt when"
    " timestamp_in_ms data.date req_time_sec",
    level="LevelDisplayName level lvl log.level @fields.level severity levelname loglevel severity_text @l PRIORITY"
    " error_severity record.level.name level.name syslog_severity syslog.severity.name log.syslog.severity.name"
    " severity_number levelno level_number s",
    message="message msg @m RenderedMessage @mt MessageTemplate record.message event short_message body log text_payload"
    " json_payload.message json_payload.msg fields.message alert.signature text @message"
    " body.string_value nested.message",
    logger="logger logger_name log.logger logger.name Category category_name source_context Properties.SourceContext"
    " record.name name component scope.name instrumentation_scope.name caller module target c"
    " @fields.logger",
    pod="pod kubernetes.pod_name kubernetes.pod.name k8s.pod.name resource.k8s.pod.name pod_name",
    container="container kubernetes.container_name kubernetes.container.name k8s.container.name container.name container_name",
    program="program SYSLOG_IDENTIFIER service.name Resource.service.name resource.attributes.service.name service app"
    " appname application _COMM",
    host="host hostname host.name host.hostname Resource.host.name MachineName Properties.MachineName @source_host",
    pid="pid process.pid process_id process record.process.id SYSLOG_PID",
    thread="thread thread_name process.thread.name record.thread.name tid ThreadId Properties.ThreadId ctx",
    client="remote_addr client_ip request.client_ip source.ip client.ip client.address src_ip id.orig_h source_ip_address"
    " remote_host remote_ip client_address remote_ip_address ip_address x_real_ip source_ip peer_addr client ip addr peer"
    " http_request.remote_ip http_request.client_ip actor_ip data.ip data.srcip",
)
ACCESS = table(
    client="remote_addr client_ip request.client_ip request.remote_ip remote_ip ClientHost client.ip source.ip"
    " client.address req.remote_address remote_address req.ip http_request.remote_ip http_request.client_ip"
    " Properties.client_ip Properties.c_ip CIp"
    " client_addr src_ip id.orig_h source_ip_address source_ips attributes.client.address attributes.http.client_ip"
    " attributes.net.peer.ip client fwd ip remote remote_host client_address remote_ip_address ip_address x_real_ip source_ip"
    " real_ip peer_addr addr peer"
    " request.remote_addr downstream_remote_address proxy.client_ip cli_ip",
    user="remote_user ClientUsername user.name user.username username user_id user",
    request="request",
    method="request_method request.method http.request.method req.method http_request.request_method"
    " ClientRequestMethod meta.req.method req_method http.http_method attributes.http.method attributes.http.request.method"
    " Properties.http_method"
    " Properties.request_method Properties.cs_method cs_method http_method http.method method verb",
    target="request_uri request.uri RequestPath req.url http_request.request_url ClientRequestURI meta.req.url http.url"
    " url.original attributes.http.target attributes.url.path Properties.request_uri Properties.request_path uri url"
    " http.target",
    path="path url.path ClientRequestPath cs_uri_stem Properties.cs_uri_stem resource_path http.route",
    query="query_string url.query cs_uri_query",
    protocol="server_protocol request.proto request_protocol http_request.protocol ClientRequestProtocol http.protocol"
    " http.version Properties.http_version protocol proto",
    status="status response.status http.response.status_code DownstreamStatus res.status_code http_request.status"
    " EdgeResponseStatus http.status attributes.http.status_code attributes.http.response.status_code http.status_code"
    " Properties.http_status Properties.http_status_code Properties.status_code Properties.sc_status sc_status"
    " response_status.code status_code http_status response_code response_status meta.res.status_code OriginStatus",
    bytes="body_bytes_sent bytes_sent http.response.body.bytes http.response.bytes DownstreamContentSize"
    " http_request.response_size EdgeResponseBytes res.headers.content_length http.length Properties.sent_bytes"
    " Properties.response_bytes Properties.sc_bytes sc_bytes response_body_len response_length bytes size response_size"
    " bytes_written response.size response_body_size bytes_out",
    referrer="http_referer http_referrer referrer referer http.request.referrer request_Referer req.headers.referer"
    " request.headers.Referer http_request.referer ClientRequestReferer http.http_refer Properties.referer",
    user_agent="http_user_agent user_agent user_agent.original agent request_User-Agent req.headers.user-agent"
    " request.headers.User-Agent http_request.user_agent ClientRequestUserAgent http.http_user_agent Properties.user_agent"
    " attributes.user_agent.original attributes.http.user_agent meta.req.headers.user-agent",
    host="http_host server_name request.host RequestHost req.headers.host url.domain RequestAddr vhost ClientRequestHost"
    " http.hostname authority cs_host Properties.cs_host Properties.host_name Properties.host proxy.host req_host host",
    forwarded_for="http_x_forwarded_for x_forwarded_for forwarded_for xff request_X-Forwarded-For req.headers.x-forwarded-for"
    " request.headers.X-Forwarded-For ClientXForwardedFor http.xff",
)
AS_WRITTEN = frozenset(
    {"Category", "s", "c", "t", "name", "module", "component", "target", "caller", "event", "text", "process"}
)
"""Names that are only known as they are written here."""
LEVEL_SCALES = {"severity_number": "telemetry", "levelno": "python", "level_number": "python"}
"""Names of levels that are numbers of a scale of their own."""
ANY_SCALE = frozenset({"level", "lvl", "loglevel", "log.level"})
"""Names of levels, without capitals and dividers, under which small numbers may be those of any program's own scale."""
OF_SYSLOG = frozenset({"short_message", "full_message", "facility", "PRIORITY", "SYSLOG_IDENTIFIER", "syslog_severity"})
"""Keys beside which small numbers are severities of syslog, such as those of GELF."""
NEXTCLOUD = frozenset({"reqId", "app"})
"""Keys that each line of Nextcloud's log has, which counts its levels from 0, debug, to 4, fatal."""
WINDOWS = frozenset(
    {
        *("EventID", "EventId", "EventRecordID", "ProviderName", "Provider", "ProviderId", "Channel", "TimeCreated"),
        *("RecordId", "LevelDisplayName", "operationName", "resourceId", "category"),
    }
)
"""Keys that events of Windows, and of Azure, which took over its levels, have beside their level; two of them show it."""
ADDRESSES_ONLY = frozenset(
    {
        *("remoteip", "clientaddress", "remoteipaddress", "ipaddress", "xrealip", "sourceip", "peeraddr"),
        *("client", "ip", "addr", "peer"),
    }
)
"""Names, without capitals and dividers, that are a client outside of requests only if their values are addresses."""
FAMILIES = (("@m", "@mt"), ("RenderedMessage", "MessageTemplate"))
"""Names of one message: a record without the first has the second, also where other records have both."""
DATES_AND_CLOCKS = (("date", "time"), ("log_date", "log_time"), ("event_date", "event_time"), ("day", "time"))
"""A date and a time of day in two keys."""
ZONES = ("tz", "timezone", "time_zone", "zone", "utc_offset", "tz_offset")
"""The zone of a date and a time of day, in a third key."""
INSTANTS = (
    *(("instant.epochSecond", "instant.nanoOfSecond"), ("timestamp.epochSecond", "timestamp.nanoOfSecond")),
    *(
        ("time.epochSecond", "time.nanoOfSecond"),
        ("timestampSeconds", "timestampNanos"),
        ("timestamp.seconds", "timestamp.nanos"),
    ),
    *(("time.seconds", "time.nanos"), ("ts.seconds", "ts.nanos")),
)
"""Seconds since 1970 and nanoseconds in two keys, as Java's Instant and protobuf's Timestamp are written."""
DURATIONS = {
    "request_time": 0,
    "duration_s": 0,
    "elapsed_seconds": 0,
    "duration_seconds": 0,
    "duration_ms": 3,
    "latency_ms": 3,
    "elapsed_ms": 3,
    "responseTime": 3,
    "response_time_ms": 3,
    "took_ms": 3,
    "duration_us": 6,
    "duration_ns": 9,
    "event.duration": 9,
    "Duration": 9,
    "EdgeTimeToFirstByteMs": 3,
    "OriginResponseTime": 9,
    "httpRequest.latency": 0,
    "response-time": 3,
    "time_taken_ms": 3,
    "TimeTaken": 3,
    "Elapsed": 3,
    "Properties.Elapsed": 3,
    "meta.responseTime": 3,
}
"""Names of durations with a known unit, each with the power of ten to divide by to get seconds."""
UNIT_BY_VALUE = ("duration", "latency", "elapsed", "took", "response_time", "service")
"""Names of durations whose unit is inferred from the values: see `aliases.duration_of`."""
MILLISECONDS_BESIDE = (("response_flags", "duration"), ("controller action", "duration"), ("RequestPath", "Elapsed"))
"""Keys that tell the program, and its duration in milliseconds: Envoy, lograge, Serilog."""
