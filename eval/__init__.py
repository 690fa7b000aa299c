"""The benchmark: from pictures to measured runs.

Rooms: data (pictures), measures (one file each), analysis (statistics over a run), published (what
the authors published, and ours beside it), speed (timing and races), runs (profiles, the runner,
what is kept), executors (where cells are made) and submissions (entries of leaderboards).
`notebook` has what Python programs call. It imports dfr and baselines.
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
