"""The report of a run: figures, tables, claims beside measurements, and the page."""
