"""The report: claims beside measurements, figures, tables, and the page.

Rooms, each of which may import those before it: inputs (the run and its votes), tables (numbers
over pairs), claims (rules and verdicts), figures, votes (the study's part), reference (numbers of
a whole run), page and leaderboard (what is built). race/, gpu/ and published/ hold tables that
were measured once. The report may import every other package, and nothing imports it.
"""
