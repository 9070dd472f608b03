"""Records out again: what `logproc show` writes, as JSON, CSV, Parquet or chosen fields, beside the log's own bytes."""
