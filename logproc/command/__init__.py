"""The command line: options, the screen, progress, messages and exit codes."""
