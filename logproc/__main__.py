"""`python -m logproc` and the command `logproc`."""

# `signal` needs `enum`, which takes 2 ms to load; this is a part of the interpreter.
import _signal  # type: ignore[import-not-found]  # private, so that no stubs describe it


def main() -> None:
    """Run the command line. Signals come first, so that Ctrl-C never shows a traceback.

    While our handlers load, SIGINT has its default action, which ends the process without a word. (Before this function runs,
    a SIGINT shows a traceback of the interpreter's own start: 10 to 20 ms in which none of our code can help.)
    """
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:  # not ignored, as in the background of a shell
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    from logproc.threads.signals import install

    install()
    from logproc.command.cli import main as run

    run()


if __name__ == "__main__":
    main()
