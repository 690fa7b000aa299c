"""Published claims beside what was measured: one rule for each, with its verdict.

A rule is a function of a run's data. Published numbers themselves stand in eval.analysis.
"""
