"""Where cells are made: in this process, in several beside each other, or on a Ray cluster.

Each of them is an `eval.runs.executor.Executor`: it is given batches and keeps finished cells. What
a cell is stands in eval.runs, which imports nothing from here.
"""
