"""The numbers of one whole run, committed, and the comparison of a later run with them."""
