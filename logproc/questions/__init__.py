"""What users ask of a log: which records count, by which fields, and with which metrics."""
