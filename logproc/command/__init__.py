"""The command line: options, the screen, progress, messages and exit codes.

`cli` and `diff_command` define the commands. `usage/` is what users may type, `subcommands/` what each command then does, and
`terminal/` what it shows meanwhile. `usage/` and `terminal/` import neither each other nor the rest of this package.
"""
