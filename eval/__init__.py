"""The benchmark: from pictures to measured runs.

Rooms: data (pictures), runs (profiles, the runner, what is kept), executors (where cells are
made), measures (one file each), analysis (statistics over a run), speed (timing and races). It
imports dfr and baselines. `submissions` packs and checks entries of leaderboards; `notebook` has
what Python programs call.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eval.notebook import Run, load_run, measure

__all__ = ["Run", "load_run", "measure"]


def __getattr__(name: str) -> Any:
    """Import what Python programs call when it is asked for: many modules here need no torch."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import pkgutil

    return pkgutil.resolve_name(f"eval.notebook:{name}")
