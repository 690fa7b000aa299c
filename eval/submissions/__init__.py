"""One method's results on a named set, as one file that can be sent: packed, read, and checked.

`sets` says which sets have a name, `form` who submits, `entry` what a file holds and `entry_file`
how it is read; `pack` makes one of a run, `keeper` gives the set's pictures to whoever checks, and
`checking` and `folder` check.
"""
