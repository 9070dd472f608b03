"""A `logproc` that starts in a few milliseconds, for tests of many commands: one process loads the program and forks per run.

Every run is a process of its own with its own arguments, folder, environment and standard streams, as if the shell had
started it. Only loading numpy and pyarrow, most of the time that a small run takes, is done once.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_BYTES = 1 << 17
QUIET = {"OPENBLAS_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""A process with threads must not fork, so the libraries must not start any."""
CLIENT = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
    server.connect({address!r})
    request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [request], [0, 1, 2])
    sys.exit(int(server.recv(16)))
"""


@contextmanager
def ready_command(folder: Path) -> Iterator[Path]:
    """Put a command `logproc` into a folder; yield that folder for PATH."""
    address = str(folder / "server")
    client = folder / "client.py"
    client.write_text(CLIENT.format(address=address), "utf-8")
    command = folder / "logproc"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{client}" "$@"\n', "utf-8")
    command.chmod(0o755)
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT), **QUIET}
    program = [sys.executable, "-m", "tests.support.ready_command", address]
    with subprocess.Popen(program, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as server:
        try:
            assert server.stdout
            assert server.stdout.readline() == b"ready\n"
            yield folder
        finally:
            server.kill()


def serve(address: str) -> None:
    """Load the whole program, then fork for each request until the process is killed."""
    import logproc

    for module in pkgutil.walk_packages(logproc.__path__, "logproc."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen()
        os.write(1, b"ready\n")
        while True:
            connection, _ = listener.accept()
            if os.fork() == 0:
                answer(connection)
            connection.close()


def answer(connection: socket.socket) -> None:
    """Run one command in a child; send its exit code to the client."""
    request, descriptors, _, _ = socket.recv_fds(connection, MOST_BYTES, 3)
    child = os.fork()
    if child == 0:
        connection.close()
        run(descriptors, *json.loads(request))
    _, status = os.waitpid(child, 0)
    connection.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def run(descriptors: list[int], arguments: list[str], folder: str, variables: dict[str, str]) -> None:
    """Run the command with the streams, the folder and the environment of the client."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(variables | QUIET)
    sys.argv = ["logproc", *arguments]
    from logproc.__main__ import main

    try:
        main()
    finally:
        os._exit(70)


if __name__ == "__main__":
    serve(sys.argv[1])
