"""What the threads of a run did: as a time line, as Chrome trace events, and in words."""
