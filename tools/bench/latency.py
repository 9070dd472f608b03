"""How long after its write a line is shown, and what following costs: `python -m tools.bench.latency`.

A writer appends lines that hold their own time. The reader takes what `show --follow` prints, and compares. `analyze --follow`
has a terminal: a line is shown when the number of lines on the screen includes it.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from contextlib import suppress
from pathlib import Path

RATES = (10, 1_000, 100_000)
SECONDS = 5.0
IDLE_S = 10.0
BATCH_S = 0.01
LINE = b'192.0.2.1 - - [07/Mar/2026:10:00:00 +0000] "GET /%d HTTP/1.1" 500 10 "-" "curl/8"\n'
TICKS = 100
SHOWN = re.compile(rb"q ends  ([\d,]+) lines")


def command(log: Path, *options: str, name: str = "show") -> list[str]:
    """Return the command that follows a log."""
    return [sys.executable, "-m", "logproc", name, "--follow", str(log), *options]


def write(log: Path, rate: int, started: threading.Event, batches: list[tuple[float, int]] | None = None) -> None:
    """Append so many lines a second, in batches as a busy server does. batches: gets when how many had been written."""
    started.wait()
    with log.open("ab", buffering=0) as file:
        begin, written = time.monotonic(), 0
        while (now := time.monotonic()) < begin + SECONDS:
            wanted = int((now - begin) * rate)
            if wanted > written:
                file.write(b"".join(LINE % time.time_ns() for _ in range(wanted - written)))
                written = wanted
                if batches is not None:
                    batches.append((time.monotonic(), written))
            time.sleep(BATCH_S)


def latencies(rate: int) -> list[float]:
    """Return how long each line took, in seconds, ascending."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "access.log"
        log.write_bytes((LINE % 0) * 20)
        run = subprocess.Popen(command(log, "--where", "status >= 500"), stdout=subprocess.PIPE)
        assert run.stdout is not None
        started, found = threading.Event(), list[float]()
        writer = threading.Thread(target=write, args=(log, rate, started), daemon=True)
        writer.start()
        for _ in range(10):  # those that are there: from now on the program waits
            run.stdout.readline()
        started.set()
        end = time.monotonic() + SECONDS + 2
        threading.Timer(SECONDS + 2, run.terminate).start()
        for line in run.stdout:
            written_ns = int(line.split(b"/", 3)[3].split(b" ", 1)[0])
            found.append((time.time_ns() - written_ns) / 1e9)
            if time.monotonic() > end:
                break
        run.wait()
        writer.join()
        return sorted(found)


def live_latencies(rate: int) -> tuple[list[float], float]:
    """Return how long each line took to be in the live report, ascending, and the share of a core that the run took."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "access.log"
        log.write_bytes((LINE % 0) * 20)
        main, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environ = {**os.environ, "TERM": "xterm-256color"}
        with subprocess.Popen(
            command(log, name="analyze"), stdin=terminal, stdout=terminal, stderr=terminal, env=environ
        ) as run:
            os.close(terminal)
            started, batches, found = threading.Event(), list[tuple[float, int]](), list[float]()
            writer = threading.Thread(target=write, args=(log, rate, started, batches), daemon=True)
            writer.start()
            end, shown, before = 0.0, 0, 0
            text = b""
            while not end or (time.monotonic() < end and (writer.is_alive() or shown < batches[-1][1])):
                text = text[-64:] + os.read(main, 1 << 16)
                now, counts = time.monotonic(), SHOWN.findall(text)
                if counts and not end:
                    before, end = ticks(run.pid), now + SECONDS + 5
                    started.set()
                count = int(counts[-1].replace(b",", b"")) - 20 if counts else 0
                for written_s, number in [batch for batch in batches if shown < batch[1]]:
                    if number <= count:
                        found += [now - written_s] * (number - shown)
                        shown = number
            share = (ticks(run.pid) - before) / TICKS / SECONDS
            os.write(main, b"q")
            with suppress(OSError):  # EIO: the other end is closed
                while os.read(main, 1 << 16):
                    pass
        os.close(main)
        return sorted(found), share


def idle_share() -> float:
    """Return the share of a core that a run takes while nothing is written to a hundred logs."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(100):
            (Path(folder) / f"{number}.log").write_bytes((LINE % 0) * 20)
        run = subprocess.Popen(command(Path(folder), "--recursive"), stdout=subprocess.DEVNULL)
        time.sleep(3)
        before = ticks(run.pid)
        time.sleep(IDLE_S)
        used = (ticks(run.pid) - before) / TICKS
        run.terminate()
        run.wait()
        return used / IDLE_S


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def main() -> None:
    """Print the table."""
    print("| | lines a second | lines | p50, s | p99, s | most, s | of a core |\n|---|---:|---:|---:|---:|---:|---:|")
    for name in ("show", "analyze"):
        for rate in RATES:
            found, share = live_latencies(rate) if name == "analyze" else (latencies(rate), None)
            p50, p99 = found[len(found) // 2], found[len(found) * 99 // 100]
            figures = f"{p50:.2f} | {p99:.2f} | {found[-1]:.2f} | {'' if share is None else f'{share:.0%}'}"
            print(f"| {name} | {rate:,} | {len(found):,} | {figures} |", flush=True)
    print(f"\nidle, 100 logs: {idle_share():.2%} of a core")


if __name__ == "__main__":
    main()
