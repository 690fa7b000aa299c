"""Statistics over the rows of a run: paired differences, intervals, tests, growth of time.

Numbers in, numbers out: nothing in here reads a run or draws. Published numbers stand here too.
"""
