"""Cells on a Ray cluster, on this machine or on many. Ray is imported only when it is asked for."""
