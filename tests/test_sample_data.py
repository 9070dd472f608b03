"""sample_data/ holds what its script generates."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from sample_data.make_app_logs import NGINX_FORMAT, app_logs
from sample_data.make_sample_data import DAMAGE, write_logs
from tests.support.processes import COMMAND, environment

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FOLDER = Path(__file__).parents[1] / "sample_data"
DECODERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zst": zstd.decompress,
}
DOCUMENTATION = [ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]


def decoded(path: Path) -> bytes:
    """Return a log's decompressed bytes: compressed ones may differ between releases of a compressor."""
    return DECODERS.get(path.suffix, bytes)(path.read_bytes())


LOGS = {path.name: decoded(path) for path in sorted(FOLDER.glob("*.log*"))}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate all logs in a folder."""
    folder = tmp_path_factory.mktemp("sample_data")
    write_logs(folder)
    return folder


def test_the_folder_holds_what_the_script_makes(made: Path) -> None:
    """Generated again, the logs have the committed bytes, and there are no other files."""
    assert {path.name: decoded(path) for path in made.glob("*.log*")} == LOGS


def test_the_logs_of_the_application_are_what_the_script_makes(made: Path) -> None:
    """Generated again, they have the committed bytes."""
    for name, content in app_logs().items():
        assert (made / name).read_bytes() == (FOLDER / name).read_bytes() == content
    assert NGINX_FORMAT in (FOLDER.parent / "README.md").read_text("utf-8")


def test_the_folder_is_small() -> None:
    """All logs together stay under 600 kB."""
    assert sum(path.stat().st_size for path in FOLDER.glob("*.log*")) < 600_000


@pytest.mark.parametrize("name", LOGS)
def test_nobody_is_named(name: str) -> None:
    """Every client address is reserved for documentation."""
    clients = {
        line.split()[name.startswith("hosting")] for line in LOGS[name].splitlines() if line[:1].isalnum() and b" - " in line
    }
    addresses = [ip_address(client.decode()) for client in clients]
    assert addresses
    assert not [address for address in addresses if not any(address in network for network in DOCUMENTATION)]


def test_every_damage_is_there() -> None:
    """The damaged log holds each kind of damage once, after enough lines to detect its format."""
    lines = LOGS["damaged.log"].split(b"\n")
    assert [lines.count(line) for line in DAMAGE if line] == [1] * (len(DAMAGE) - 1)
    assert not set(lines[:5]) & set(DAMAGE)


DEMO = re.findall(r"^\t\$\(BIN\)/(logproc analyze .*)$", (FOLDER.parent / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_the_demo_shows_three_kinds_of_logs() -> None:
    """`make demo` runs three commands."""
    assert len(DEMO) == 3


@pytest.mark.parametrize("command", DEMO)
def test_the_demo_can_be_shown(command: str) -> None:
    """Each of its reports is complete, writes nothing to stderr, and fits a screen of 100 columns and 40 lines."""
    script = command.replace("logproc", shlex.join(COMMAND), 1)
    environ = environment(COLUMNS="100")
    run = subprocess.run(["bash", "-c", script], capture_output=True, text=True, cwd=FOLDER.parent, env=environ, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert len(run.stdout.splitlines()) <= 40
    assert max(map(len, run.stdout.splitlines())) <= 100
