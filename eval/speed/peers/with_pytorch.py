"""The published setting in PyTorch as one would first write it; see `protocol`.

float32, PyTorch's usual layout (channels first), autograd for everything.
"""

from __future__ import annotations

import torch
from protocol import (
    CONTENT_LAYER,
    CONTENT_WEIGHT,
    CONVOLUTIONS,
    STYLE_LAYERS,
    STYLE_WEIGHT,
    asked,
    serve,
)
from torch.nn import functional
from torch_steps import network_input, published_adam, weighted_variation


def main() -> None:
    """Build network, targets and optimiser, then take steps when told."""
    spec, threads, device = asked()
    torch.set_num_threads(threads)
    arrays = {name: torch.from_numpy(value).to(device) for name, value in spec.items()}
    prepared = network_input(arrays)

    def features(picture: torch.Tensor) -> dict[str, torch.Tensor]:
        current, found = prepared(picture), {}
        for name in CONVOLUTIONS:
            if name.endswith("conv1") and name != CONVOLUTIONS[0]:
                current = functional.max_pool2d(current, 2)
            weight, bias = arrays[f"{name}_weight"], arrays[f"{name}_bias"]
            current = functional.relu(functional.conv2d(current, weight, bias, padding=1))
            found[name] = current
        return found

    def gram(layer: torch.Tensor) -> torch.Tensor:
        rows = layer.flatten(2)
        return rows @ rows.mT / rows.shape[2]

    with torch.no_grad():
        of_style, of_content = features(arrays["style"]), features(arrays["content"])
        grams = {name: gram(of_style[name]) for name in STYLE_LAYERS}

    def evaluate(picture: torch.Tensor) -> torch.Tensor:
        found = features(picture)
        parts = [(gram(found[name]) - grams[name]).square().mean() for name in STYLE_LAYERS]
        kept = (found[CONTENT_LAYER] - of_content[CONTENT_LAYER]).square().mean()
        loss = (
            STYLE_WEIGHT * torch.stack(parts).mean()
            + CONTENT_WEIGHT * kept
            + weighted_variation(picture)
        )
        loss.backward()
        return loss

    serve({"torch": torch.__version__}, published_adam(arrays["content"], evaluate))


if __name__ == "__main__":
    main()
