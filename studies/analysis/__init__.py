"""From votes to tables: win rates, strengths, agreement, what is left out, simulated voters.

Votes in, numbers out: nothing in here opens a database or draws.
"""
