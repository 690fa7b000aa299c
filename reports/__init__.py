"""The report: claims beside measurements, figures, tables, and the page.

Rooms: claims (rules and verdicts), figures, votes (the study's part), page (what is built),
reference (published numbers of a whole run), race (those of a race). It may import everything.
"""
