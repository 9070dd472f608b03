"""Bytes of a log → columns.

In the order to read: `engine` (what every format has in common), `readers` (lines → raw fields, one module for each kind of
log), `columns` (raw fields → columns), `times`, `servers` (definitions of nginx and Apache → formats). `catalogue` holds the
known formats, which `known` loads; `detection` finds the one of a source. `mixed` is for sources with several formats,
`envelopes` for a log inside another log.
"""
