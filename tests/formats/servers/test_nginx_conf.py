"""What a configuration of nginx says of logs."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from logproc.formats.servers.nginx_conf import AccessLog, ConfDefinitions, definitions_in, read_conf
from logproc.model.errors import UsageError

CONF = r"""
user www; # access_log /not/this;
http {
    log_format main '$remote_addr - $remote_user [$time_local] "$request" '   # a comment; with a "quote
                    '$status $body_bytes_sent';
    log_format json escape=json '{"uri":"$uri",'
        "\"at\":\"$time_iso8601\"}";
    log_format touching '$host' 'name';
    map $uri $loggable { default 1; ~^/x\{2\}#y 0; "a;b" 1; }
    access_log logs/main.log main buffer=32k;
    access_log syslog:server=[2001:db8::1]:12345,facility=local7,tag=nginx,severity=info json;
    server {
        set $a ${uri}b#c\;d}; # the words of an odd but good directive
        access_log /spool/vhost/logs/$host;
        location / {
            content_by_lua_block { -- it's Lua; access_log a;
                local braces = "}" .. '{' .. [[ } ]]; if x then y = { } end
            }
            access_log off;
            access_log "/a b.log" touching if=$loggable;
        }
    }
}
stream { log_format main '$protocol'; access_log /stream.log main; }
"""
FAULTS = [
    ("a;\nhttp {\n  b;\n", "nginx.conf, line 2: http is not ended: `}` is missing at the end of the file"),
    ("a b\n\nc", "nginx.conf, line 1: a is not ended: `;` is missing at the end of the file"),
    ("\n}", "nginx.conf, line 2: unexpected '}'"),
    ("a { b }", "line 1: unexpected '}'"),
    (";", "line 1: unexpected ';'"),
    ("\n\na 'b", 'line 3: unexpected text, or a quote that does not end, at "\'b"'),
    ("a 'b'c;", "line 1: unexpected text, or a quote that does not end, at \"'b'c;\""),
    ("log_format main;", "line 1: log_format takes a name and one string or more"),
    ("log_format main escape=json;", "line 1: log_format takes a name and one string or more"),
    ("log_format main escape=xml $uri;", "line 1: unknown log format escaping 'xml': known are default, json, none"),
    ("log_format a $uri;\nlog_format a $uri;", "line 2: duplicate log_format a: the first is in nginx.conf, line 1"),
    ("access_log;", "line 1: access_log takes a path, or off"),
    ("x_by_lua_block { a {} ", "line 1: a block of Lua is not ended"),
]


def logs_of(conf: ConfDefinitions) -> list[tuple[str, str, int]]:
    """Return path, format and line of each log."""
    return [(log.path, log.format, log.place.line) for log in conf.access_logs]


def test_formats_and_logs_are_found_in_all_blocks_of_a_web_server() -> None:
    """Strings are put together with their escapes undone, and each log has its format or `combined`."""
    conf = definitions_in(CONF)
    assert {
        name: (found.text, found.escape, found.place.line) for name, found in conf.formats.items() if name != "combined"
    } == {
        "main": ('$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent', "default", 4),
        "json": ('{"uri":"$uri","at":"$time_iso8601"}', "json", 6),
        "touching": ("${host}name", "default", 8),
    }
    assert logs_of(conf) == [
        ("logs/main.log", "main", 10),
        ("syslog:server=[2001:db8::1]:12345,facility=local7,tag=nginx,severity=info", "json", 11),
        ("/spool/vhost/logs/$host", "combined", 14),
        ("/a b.log", "touching", 20),
    ]


def test_a_format_is_read_when_it_is_asked_for() -> None:
    """What a log's lines mean is the definition of its format, and a format without meaning says where it stands."""
    conf = definitions_in("log_format bad $uri$host;\naccess_log a;\naccess_log b bad;\naccess_log c none;")
    good, bad, unknown = conf.access_logs
    assert conf.format_of(good).definition.fields[-1] == "user_agent"
    with pytest.raises(UsageError, match=r"nginx.conf, line 1: log_format bad: .*nothing tells where \$uri ends"):
        _ = conf.format_of(bad).definition
    with pytest.raises(UsageError, match=r"nginx.conf, line 4: unknown log format 'none': known are combined, bad"):
        conf.format_of(unknown)


@pytest.mark.parametrize(("text", "what"), FAULTS)
def test_what_is_not_a_configuration_is_refused_with_its_line(text: str, what: str) -> None:
    """The error names the file and the line."""
    with pytest.raises(UsageError) as caught:
        definitions_in(text)
    assert what in str(caught.value)


def test_includes_are_relative_to_the_first_file(tmp_path: Path) -> None:
    """Files of includes are read in the order of their names, in the blocks round the include, hidden ones not."""
    (tmp_path / "sites").mkdir()
    (tmp_path / "nginx.conf").write_text(
        "http { include formats; include sites/*.conf; include none/*; }\nstream { include s; }"
    )
    (tmp_path / "formats").write_text("log_format main $uri;")
    (tmp_path / "s").write_text("log_format main $uri; access_log s main;")
    (tmp_path / "sites" / "b.conf").write_text("access_log b main;")
    (tmp_path / "sites" / "a.conf").write_text("\naccess_log a main; include sites/c;")
    (tmp_path / "sites" / ".d.conf").write_text("access_log d main;")
    (tmp_path / "sites" / "c").write_text("access_log c;")
    conf = read_conf(tmp_path / "nginx.conf")
    assert logs_of(conf) == [("a", "main", 2), ("c", "combined", 1), ("b", "main", 1)]
    assert conf.access_logs[0].place.file == str(tmp_path / "sites" / "a.conf")


def test_a_file_that_cannot_be_read_is_named_where_it_is_included(tmp_path: Path) -> None:
    """A missing file is an error of the line that names it, and so are files that include themselves."""
    main = tmp_path / "nginx.conf"
    with pytest.raises(UsageError, match=r"cannot read .*nginx.conf: no such file"):
        read_conf(main)
    main.write_text("\ninclude missing.conf;")
    with pytest.raises(UsageError, match=r"nginx.conf, line 2: cannot read .*missing.conf: no such file"):
        read_conf(main)
    main.write_text("include nginx.conf;")
    with pytest.raises(UsageError, match="more than 20 includes inside each other"):
        read_conf(main)
    main.write_text("include a b;")
    with pytest.raises(UsageError, match="include takes one file"):
        read_conf(main)


@pytest.mark.needs("nginx")
@pytest.mark.parametrize("strings", [r"'a\'b\\c\td' \"e'f\" g#h", r"a\ b c\;d 'x''", "${uri}{;", r"'#' a#b #c"])
def test_words_are_those_of_nginx(tmp_path: Path, strings: str) -> None:
    """What nginx takes as a configuration is taken here, and the other way round."""
    conf = tmp_path / "nginx.conf"
    conf.write_text(f"pid {tmp_path}/pid; events {{}}\nhttp {{ log_format it '$uri' {strings}\n; }}\n")
    command = ["/usr/sbin/nginx", "-t", "-q", "-c", str(conf), "-e", "stderr"]
    good = subprocess.run(command, check=False, capture_output=True, cwd=tmp_path).returncode == 0
    try:
        read_conf(conf)
    except UsageError:
        assert not good
    else:
        assert good


def test_a_text_alone_follows_no_includes() -> None:
    """Without a file there is no folder to look in."""
    assert definitions_in("include missing.conf; access_log a;").access_logs == (
        AccessLog("a", "combined", definitions_in("access_log a;").access_logs[0].place),
    )


@pytest.mark.parametrize("piece", ["a{", "a{ b;", "x_by_lua_block { [[ ", "x_by_lua_block { --[[ "])
def test_a_configuration_is_read_in_time_proportional_to_it(piece: str) -> None:
    """Deep blocks and long strings of Lua without an end are refused soon."""
    before = time.process_time()
    with pytest.raises(UsageError):
        definitions_in(piece + piece[-5:] * 40_000)
    assert time.process_time() - before < 1.5
