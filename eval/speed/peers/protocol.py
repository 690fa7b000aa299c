"""How a contender talks: it reads a file of weights and pictures, then takes steps when told.

A contender is a script of its own process, so that it can live in another environment and bring
its own threads. But for ours, it imports nothing of this project outside of this folder.

    python with_NAME.py SPEC.npz THREADS [OPTIONS]

SPEC holds the name of the ``device`` to compute on, such as ``cuda``; the arrays ``content`` and
``style``, (1, 3, h, w) in [0, 1]; for each convolution
``NAME_weight`` and ``NAME_bias``; and the network's input: the picture, with its channels turned
round if ``bgr``, times ``scale``, minus ``shift``.

It writes one JSON object a line: first ``{"ready": {library: version}}``, then for each line
``N`` on its standard input ``{"losses": [...]}`` after N steps of Adam: the loss before each of
them. Who asked has the clock.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

#: What is computed; the shared setting of DFR and DeCorMST.
STYLE_LAYERS = tuple(f"block{block}_conv1" for block in range(1, 6))
CONTENT_LAYER = "block5_conv2"
STYLE_WEIGHT, CONTENT_WEIGHT, VARIATION_WEIGHT = 1e-2, 1e4, 30.0
RATE, BETA1, BETA2, EPSILON = 0.02, 0.99, 0.999, 0.1
CONVOLUTIONS = tuple(
    f"block{block}_conv{layer}"
    for block, layers in enumerate((2, 2, 4, 4, 2), start=1)
    for layer in range(1, layers + 1)
)


def asked() -> tuple[Mapping[str, Any], int, str]:
    """Read the command line: arrays by name, the threads to use, and the device."""
    import numpy as np

    with np.load(sys.argv[1], allow_pickle=False) as arrays:
        spec = dict(arrays)
    device = str(spec.pop("device"))
    return spec, int(sys.argv[2]), device


def serve(versions: Mapping[str, str], step: Callable[[], Any]) -> None:
    """Take steps when told; ``step`` returns the loss before it, read after all of them."""
    _say({"ready": dict(versions)})
    for line in sys.stdin:
        losses = [step() for _ in range(int(line))]
        # Numbers wait for whatever is still computed: who asked has the clock.
        _say({"losses": [float(loss) for loss in losses]})


def _say(words: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()
