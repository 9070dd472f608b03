"""Definitions of access logs as they stand in the manuals of nginx and Apache and in what distributions ship."""

from __future__ import annotations

NGINX = {
    "combined": (
        '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
    ),
    "main": (
        '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" '
        '"$http_user_agent" "$http_x_forwarded_for"'
    ),
    "compression": (
        '$remote_addr - $remote_user [$time_local] "$request" $status $bytes_sent '
        '"$http_referer" "$http_user_agent" "$gzip_ratio"'
    ),
    "ingress": (
        '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent" '
        "$request_length $request_time [$proxy_upstream_name] [$proxy_alternative_upstream_name] $upstream_addr "
        "$upstream_response_length $upstream_response_time $upstream_status $req_id"
    ),
}
COMMON = r"%h %l %u %t \"%r\" %>s %b"
COMBINED = COMMON + r" \"%{Referer}i\" \"%{User-agent}i\""
APACHE = {
    "common": COMMON,
    "vhost_common": "%v " + COMMON,
    "combined": COMBINED,
    "combinedio": COMBINED + " %I %O",
    "referer": "%{Referer}i -> %U",
    "agent": "%{User-agent}i",
    "milliseconds": "%{%d/%b/%Y %T}t.%{msec_frac}t %{%z}t",
    "vhost_combined": r"%v:%p %h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"",
    "ssl_common": r"%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x \"%r\" %b",
    "conditional": "%400,501{User-agent}i|%!200,304,302{Referer}i",
    "commented referer": "%{referer}i %U %h",
}
