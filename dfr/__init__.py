"""Deep Feature Rotation, and the engine that every method here stands on.

Rooms, each of which may import those before it: core, network, objective, solvers, methods. `cli`
is the table of the `dfr` command's names, `notebook` what Python programs call. Nothing here
imports baselines, eval, studies or reports.
"""

from typing import TYPE_CHECKING, Any

from dfr.core.version import VERSION as __version__

if TYPE_CHECKING:
    from dfr.methods.method import Stylization
    from dfr.notebook import Picture, stylize

__all__ = ["Picture", "Stylization", "__version__", "stylize"]

_WHERE = {
    "stylize": "dfr.notebook:stylize",
    "Picture": "dfr.notebook:Picture",
    "Stylization": "dfr.methods.method:Stylization",
}


def __getattr__(name: str) -> Any:
    """Import what Python programs call when it is asked for: `dfr --help` needs no torch."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import pkgutil

    return pkgutil.resolve_name(_WHERE[name])
