"""What is known of each source: its account, its rejected lines, what was assumed about it."""
