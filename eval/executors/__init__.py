"""Where cells are made: in this process, in several beside each other, or on a Ray cluster.

An executor is given jobs and gives back finished cells; what a cell is stands in eval.runs.
"""
