"""The threading patterns, one a file, each where the program needs it.

In the order to read:

    stop          Event            one flag that every wait looks at, and the only sleep there is
    budget        Condition        readers wait until enough memory is free, in the order in which they came
    hosts         Semaphore        at most N connections to one web server
    reader        Thread subclass  a thread that has an identity and state: it reads sources
    channel       SimpleQueue      the one line in which main waits, for messages from everyone; a `Thread(target=…)` puts END
    pool          submit           chunks to worker threads, as many as there are
    shared_tally  Lock             many workers, one result
    in_order      Lock             the same where the order matters, and nobody sleeps until it is his turn
    probe         map              a short list of questions, answers in the order asked
    live          shared variables what every thread is doing, looked at while it runs
    spool         Lock             where to write is decided under the lock, the writing is done outside
    lookup        daemon           a call that nothing can wake, and that is waited for with a limit all the same
    grace         daemon           a write that nobody may take: main waits, and after a signal not for long
    signals       main thread      Ctrl-C becomes a message

Nothing outside this folder imports `threading`, `queue`, `concurrent.futures` or `signal`. THREADING.md explains it all.
"""
