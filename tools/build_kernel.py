"""Compile the kernel of the access log readers, beside its source: `python tools/build_kernel.py`.

`hatch_build.py` calls `compiled` for each installation. Without a compiler that works nothing is made, and logproc does
without. CC and CFLAGS are used as `make` uses them.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import zlib
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "logproc/formats/readers/native/kernel.c"
LIBRARY = SOURCE.with_suffix(".native")
COMPILERS = ("cc", "gcc", "clang")
FLAGS = ("-std=c11", "-O2", "-fPIC", "-shared", "-fvisibility=hidden")
MOST_S = 120


def compiled(library: Path = LIBRARY, *more: str) -> str:
    """Compile the kernel. Returns why not, in one line; then no file of this name is there. more: further flags."""
    library.unlink(missing_ok=True)
    compiler = shlex.split(os.environ.get("CC", "")) or [name for name in COMPILERS if shutil.which(name)][:1]
    if not compiler:
        return "no compiler was found"
    made = library.with_name(f"{library.name}.{os.getpid()}")
    flags = [*FLAGS, f"-DSOURCE={zlib.crc32(SOURCE.read_bytes())}u", *shlex.split(os.environ.get("CFLAGS", "")), *more]
    try:
        command = [*compiler, *flags, "-o", str(made), str(SOURCE)]
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=MOST_S, check=False)
    except (OSError, subprocess.SubprocessError) as error:
        made.unlink(missing_ok=True)
        return f"{compiler[0]} failed: {error}"
    if run.returncode or not made.exists():
        made.unlink(missing_ok=True)
        return f"{compiler[0]} failed: {' '.join(run.stderr.split())[:200]}"
    made.replace(library)  # at once: a process that has the old one loaded keeps it
    return ""


def main() -> None:
    problem = compiled()
    print(f"logproc: without the compiled kernel: {problem}" if problem else f"made {LIBRARY}")


if __name__ == "__main__":
    main()
