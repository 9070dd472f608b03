"""Where the parts meet: `run_serial` is the specification, `run_threaded` does the same with threads."""
