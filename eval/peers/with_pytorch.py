"""The published setting in PyTorch as one would first write it; see `protocol`.

float32, PyTorch's usual layout (channels first), autograd for everything, `torch.optim.Adam`
(with the epsilon that makes it TensorFlow's).
"""

from __future__ import annotations

import torch
from protocol import (
    BETA1,
    BETA2,
    CONTENT_LAYER,
    CONTENT_WEIGHT,
    CONVOLUTIONS,
    EPSILON,
    MEAN_BGR,
    RATE,
    STYLE_LAYERS,
    STYLE_WEIGHT,
    VARIATION_WEIGHT,
    serve,
    spec_and_threads,
)
from torch.nn import functional


def main() -> None:
    """Build network, targets and optimiser, then take steps when told."""
    spec, threads = spec_and_threads()
    torch.set_num_threads(threads)
    arrays = {name: torch.from_numpy(value) for name, value in spec.items()}
    mean = torch.tensor(MEAN_BGR).view(1, 3, 1, 1)

    def features(picture: torch.Tensor) -> dict[str, torch.Tensor]:
        current, found = picture.flip(1) * 255 - mean, {}
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
    picture = arrays["content"].clone().requires_grad_(True)
    optimiser = torch.optim.Adam([picture], lr=RATE, betas=(BETA1, BETA2))
    done = 0

    def step() -> torch.Tensor:
        nonlocal done
        done += 1
        optimiser.zero_grad()
        found = features(picture)
        parts = [(gram(found[name]) - grams[name]).square().mean() for name in STYLE_LAYERS]
        kept = (found[CONTENT_LAYER] - of_content[CONTENT_LAYER]).square().mean()
        down = (picture[:, :, 1:] - picture[:, :, :-1]).abs().sum()
        right = (picture[..., 1:] - picture[..., :-1]).abs().sum()
        loss = (
            STYLE_WEIGHT * torch.stack(parts).mean()
            + CONTENT_WEIGHT * kept
            + VARIATION_WEIGHT * (down + right)
        )
        loss.backward()
        optimiser.param_groups[0]["eps"] = EPSILON / (1 - BETA2**done) ** 0.5
        optimiser.step()
        with torch.no_grad():
            picture.clamp_(0, 1)
        return loss.detach()

    serve({"torch": torch.__version__}, step)


if __name__ == "__main__":
    main()
