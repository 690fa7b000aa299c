"""The page of a folder of entries: one table for each set and size, fronts, and every output.

`boards` has the numbers, `fronts` who is beaten by nobody, `drawing` their figures, `pictures` the
files that the page shows, `build` the page.
"""
