"""Readers: lines of one kind of log → raw fields. Each is a module; what happens to the fields afterwards is in `engine`."""
