"""The compiled kernel under AddressSanitizer and UndefinedBehaviorSanitizer, against its definitions, on random lines.

usage: python -m tools.fuzz.sanitized [--seconds N] [--seed N]

Compiles a kernel of its own. A read or write outside of an array, or anything undefined, ends the run with a report; so does
a line on which the readers differ. Needs gcc with its sanitizers (Debian: in the package gcc).
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from logproc.formats.readers.native import library
from tests.support.logs import line as access_line
from tests.support.skeletons import WANTED, assert_quick_is_exact
from tests.support.skeletons import lines_for as json_lines_for
from tests.support.twins import assert_twins_agree, lines_for
from tools.build_kernel import compiled
from tools.fuzz.kernel import SERVED, TARGETS
from tools.fuzz.mutations import mutated

FLAGS = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer")
BATCH, MANY = 100, 3000
COMBINED = next(layout for layout in SERVED if layout.name == "combined")


def start(seconds: int, seed: int) -> int:
    """Compile the kernel, and run this module again with the sanitizer's library loaded first, as it demands."""
    with tempfile.TemporaryDirectory(prefix="logproc-fuzz-") as folder:
        made = Path(folder, "kernel.native")
        if problem := compiled(made, *FLAGS):
            sys.exit(f"sanitized: {problem}")
        runtime = subprocess.run(["gcc", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
        # numpy's arrays, and so all that the kernel is given, come from the malloc that the sanitizer watches.
        watched = {"LD_PRELOAD": runtime.stdout.strip(), "ASAN_OPTIONS": "detect_leaks=0", "PYTHONMALLOC": "malloc"}
        command = [sys.executable, "-m", __spec__.name, "--seconds", str(seconds), "--seed", str(seed), "--inside", str(made)]
        return subprocess.run(command, env={**os.environ, **watched}, check=False).returncode


def fuzz(made: Path, seconds: int, seed: int) -> None:
    """Try inputs until the time is over, and say how many lines were read."""
    library.LIBRARY = made
    if library.kernel() is None:
        sys.exit(f"sanitized: {made} cannot be used")
    draw, end, lines, records = random.Random(seed), time.monotonic() + seconds, 0, 0
    while time.monotonic() < end:
        seed += 1
        for data in mutated(TARGETS[0], BATCH, seed):
            TARGETS[0].run(data)
        for layout in SERVED:
            content = lines_for(layout, draw, BATCH)
            lines += content.count(b"\n")
            records += assert_twins_agree(layout, content, layout.texts, seed)
        agents = (b"%x" % draw.getrandbits(draw.choice((4, 64, 400))) for _ in range(MANY))  # so that dictionaries grow
        content = b"".join(access_line(user_agent=agent, referrer=agent[:5]) + b"\n" for agent in agents)
        assert_twins_agree(COMBINED, content, COMBINED.texts, seed)
        for _ in range(BATCH):
            content = json_lines_for(draw, BATCH)
            assert_quick_is_exact(content, content.splitlines(), WANTED[:: draw.randint(1, 4)])
    print(f"{lines} lines of layouts, {records} of them records: no difference, and no report of a sanitizer")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside is None:
        sys.exit(start(options.seconds, options.seed))
    fuzz(options.inside, options.seconds, options.seed)


if __name__ == "__main__":
    main()
