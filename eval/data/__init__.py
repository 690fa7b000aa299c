"""The pictures of a run: the embedded set, folders, and the benchmark's own set under a lock.

Downloading, importing, checking and listing pictures belongs here.
"""
