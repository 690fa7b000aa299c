"""One run: its profile, its cells, the runner that makes them, and the store that keeps them.

Also what is done with a finished run: making cells again, comparing two runs, tables. What makes
the cells is handed to the runner: `executor.py` says what it must be able to do.
"""
