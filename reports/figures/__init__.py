"""The charts and sheets of pictures, in the look of plotstyle.py. Each also leaves its data as CSV.

A new figure is one function and one line in charts.py.
"""
