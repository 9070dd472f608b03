"""What the threads of a run do: the words for it, the recorder that records nothing, and what one that records gives."""
