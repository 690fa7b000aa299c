"""Who sees what, fixed before the first vote: the study file, comparisons, plans and power.

Nothing in here knows of a database or of a page.
"""
