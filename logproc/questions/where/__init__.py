"""The filter language of `--where`."""
