"""The whole run, from sources to a snapshot. Start with `serial`, the specification; `threaded` does the same with threads."""

import logging

# A library logs nothing unless its user configures logging. Here, because whatever logs is a part of a run: `import logproc`
# alone does not load `logging`.
logging.getLogger("logproc").addHandler(logging.NullHandler())
