"""The same run on many machines, by Dask's `distributed`: which scheduler, transport and retries, is its business.

    client     sources → pieces → one task each  ······················→  summarize → report
    workers                        counted → Part ┐
                                   counted → Part ┼ joined → Part ┐
                                   counted → Part ┘               ┼ joined → Part
                                             …    ── joined → Part ┘

A task that is lost with its worker is run again elsewhere, and one result of each task counts. Reading order: `pieces`, what
one task reads; `tasks`, what workers do; `unwanted`, how they stop; `tree`, which parts are merged; `messages`, what the client
is told; `fleet`, what it does; `connect`, how it gets there.
"""
