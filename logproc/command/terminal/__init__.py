"""The terminal: messages, live progress, the pager, and the log of the program itself."""
