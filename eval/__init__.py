"""The benchmark: from pictures to measured runs.

Rooms: data (pictures), runs (profiles, the runner, what is kept), executors (where cells are
made), measures (one file each), analysis (statistics over a run), speed (timing and races). It
imports dfr and baselines.
"""
