"""The user study in the report: reading votes, tables, figures, agreement with measures."""
