"""Run one command, and print its exit code, seconds by the clock and on the cores, and the peak of its memory in KiB.

usage: python -S one_run.py OUTPUT COMMAND ...

A process of its own, because the kernel counts the memory that a parent has as its child's until the child executes its
program: the parent must be small.
"""

import os
import sys
import time

if __name__ == "__main__":
    output, command = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), sys.argv[2:]
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, own, as_) for own, as_ in ((null, 0), (output, 1), (null, 2))]
    start = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    wall_s = time.perf_counter() - start
    print(os.waitstatus_to_exitcode(status), wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
