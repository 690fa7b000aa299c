"""The weights of VGG-19 that a run was made with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dfr.core.errors import UserError
from dfr.network.weights import Vgg19Weights, load_vgg19


def weights_of(identity: Mapping[str, Any]) -> Vgg19Weights:
    """Load the weights of a run again.

    Args:
        identity: of the run, as run.json has it.

    Raises:
        UserError: they cannot be had, or those that are here are others.
    """
    wanted = identity["weights"]
    weights = load_vgg19(wanted["source"])
    if weights.sha256 != wanted["sha256"]:
        raise UserError(
            f"the VGG-19 weights are not those of the run (SHA-256 {weights.sha256[:16]}... "
            f"against {wanted['sha256'][:16]}...)"
        )
    return weights
