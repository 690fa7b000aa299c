"""The user study in the report: its section, tables and figures, and how measures agree with it.

The command ``dfr votes rank`` stands here too. Votes are read in `reports.inputs`.
"""
