"""The user study: what people are shown, what they answer, and what follows from it.

Rooms: design (who sees what), ballots (what was answered, in a database), analysis (from votes to
tables), page (what people see) and serving (the page by several processes). `vote.py` is the page's
entry, `commands` are those of ``dfr votes``. It imports dfr and eval.
"""
