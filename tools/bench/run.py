"""The project's benchmark: `make bench`. Generates its logs, runs all programs in turn, and says which promises were kept.

usage: python -m tools.bench.run [--rounds N] [--lines N] [--markdown] [--without NAME ...] [--only NAME ...]

Logs are kept in .bench/ (8 GB with the default sizes). Programs that are not installed are named and left out. Only ratios
within one run are meaningful, and only on an otherwise idle machine.
"""

from __future__ import annotations

import argparse
import compileall
from importlib.util import find_spec
from pathlib import Path

from tools.bench.common import machine, print_markdown, print_plain
from tools.bench.contests import access, app, growth, records, sources

CONTESTS = {
    "access": access.measured,
    "app": app.measured,
    "records": records.measured,
    "sources": sources.measured,
    "growth": growth.measured,
}


def main() -> None:
    """Run the benchmark that the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--lines", type=int, default=2_000_000, help="of the access log; others have ten times or a tenth")
    parser.add_argument("--markdown", action="store_true", help="print tables for docs/speed.md")
    parser.add_argument(
        "--without", nargs="*", default=[], metavar="NAME", help="leave out some of: C goaccess mawk DuckDB Polars jq"
    )
    parser.add_argument("--only", nargs="*", choices=list(CONTESTS), default=list(CONTESTS), help="measure only these")
    options = parser.parse_args()
    show = print_markdown if options.markdown else print_plain
    compile_first()
    print(machine())
    promises = [promise for name in options.only for promise in CONTESTS[name](options, show)]
    show(["", "measured", "promised", ""], [promise.row() for promise in promises])


def compile_first() -> None:
    """Compile logproc. An environment may forbid Python to keep compiled code, and then every run would compile it anew."""
    if spec := find_spec("logproc"):
        compileall.compile_dir(Path(str(spec.origin)).parent, quiet=1)


if __name__ == "__main__":
    main()
