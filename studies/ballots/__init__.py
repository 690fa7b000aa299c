"""The database of a study: who takes part, what they were shown, and what they answered.

Its tables and their versions, places of participants, export and import belong here.
"""
