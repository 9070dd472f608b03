"""A log inside another log: syslog, journald or a container runtime around the lines of a program."""
