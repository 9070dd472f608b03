"""What happens to pieces between the workers and the file. Each stage gives to the next; all run in the delivery's thread."""
