"""`python -m logproc` and the command `logproc`."""

from logproc.threads.signals import install


def main() -> None:
    """Run the command line. The signal handlers come first, so that Ctrl-C never shows a traceback."""
    install()
    from logproc.command.cli import main as run

    run()


if __name__ == "__main__":
    main()
