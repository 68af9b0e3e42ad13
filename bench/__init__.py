"""Benchmarks that print a table, never timed tests: `python -m bench`, or `make bench`.

Everything that is measured is real: Temporal's dev server with the settings of `latchwork up`, a SQLite file that is
synced at each commit, `latchwork worker`, and a lock cloud over HTTP.  Each part is a process of its own, so that the
CPU time of each is told apart.  A module per measurement, with one function that returns figures.
"""
