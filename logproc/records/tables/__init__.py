"""Records as tables with typed columns, and how these are written: JSON, CSV, text between TABs, Parquet."""
