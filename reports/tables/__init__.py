"""The numbers that claims, figures and the page share: tables over pairs, and how they are written.

It reads a run through `reports.inputs` and knows nothing of claims, figures or pages.
"""
