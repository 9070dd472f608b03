"""The threading patterns, one per file. The program needs each of them.

In reading order:

    stop          Event            one flag that every wait checks, and the only sleep
    budget        Condition        readers wait for free memory, first come, first served
    hosts         Semaphore        at most N connections to one web server
    reader        Thread subclass  a thread with an identity and state: it reads sources
    channel       SimpleQueue      the one place where main waits, for messages from all threads; a `Thread(target=…)` puts END
    pool          submit           a stream of chunks for the worker threads
    shared_tally  Lock             many workers add to one result
    in_order      Lock             the same where the order matters, without waiting for a turn
    sliding       Lock             the same for a window that moves: whole slices of time are forgotten
    committer     Lock, Event      what may be saved of it: counts and positions that fit each other, whenever it is killed
    unpackers     queue, submit    blocks of an archive, made in any order and delivered in theirs
    delivery      queue            pieces made in any order and written in the order of the log; memory is kept for what is due
    follower      Thread subclass  a reader of logs that have no end
    probe         map              one question per file, answers in the order of the files
    live          shared variables what every thread is doing, for the progress display
    trace         shared variables one list per thread: what it did and when, for `--trace`
    spool         Lock             the place in the file is reserved under the lock, the write is outside
    lookup        daemon           a timeout for a call that cannot be interrupted
    grace         daemon           a write that may block for ever: after a signal main waits only briefly
    handover      Condition        what one thread begins late, and another one has to end
    child         process          a pager, started beside threads
    signals       self-pipe        Ctrl-C becomes a message

Nothing outside this folder imports `threading`, `queue`, `concurrent.futures` or `signal`, except that model/errors.py takes
the number of SIGPIPE from `signal`. THREADING.md is the guide.
"""
