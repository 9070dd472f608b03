"""What a report says before its panels: counted with each chunk (counts), and made into words and rows at the end (report)."""
