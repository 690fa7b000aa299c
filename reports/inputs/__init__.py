"""What a report is made from: a finished run and the votes on it, read once and checked.

Nothing is computed over pairs here, and nothing is drawn.
"""
