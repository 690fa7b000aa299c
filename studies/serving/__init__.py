"""The voting page for many people at once: several processes behind nginx, kept running.

What the page shows is in `studies.page`; here it is only started, shared out and watched.
"""
