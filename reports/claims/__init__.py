"""Published claims beside what was measured: one rule for each, with its verdict.

A rule is a function of a run's data. The published numbers themselves stand in
`eval.analysis.published_numbers`. A new claim is one function here and one line in rules.py.
"""
