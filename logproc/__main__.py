"""`python -m logproc` and the command `logproc`."""

from logproc.threads.signals import install


def main() -> None:
    """Run the command line. The handlers come first: from then on Ctrl-C gives a report and not a traceback."""
    install()
    from logproc.command.cli import main as run

    run()


if __name__ == "__main__":
    main()
