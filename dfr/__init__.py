"""Deep Feature Rotation, and the engine that every method here stands on.

Rooms, each of which may import those before it: core, network, objective, solvers, methods. `cli`
is the table of the `dfr` command's names. Nothing here imports baselines, eval, studies or reports.
"""

__version__ = "0.1.0"
