"""The published setting with this project's engine; see `protocol`. A third argument: bf16."""

from __future__ import annotations

import sys

import torch
from protocol import BETA1, BETA2, EPSILON, RATE, serve, spec_and_threads

from dfr.encoder import CONTENT_LAYERS, STYLE_LAYERS, Encoder
from dfr.evaluation import loss_and_gradient
from dfr.objective import Objective
from dfr.statistics import gram
from dfr.weights import load_vgg19


def main() -> None:
    """Build network, targets and optimiser, then take steps when told."""
    spec, threads = spec_and_threads()
    torch.set_num_threads(threads)
    encoder = Encoder(load_vgg19(), precision=sys.argv[3])
    content, style = torch.from_numpy(spec["content"]), torch.from_numpy(spec["style"])
    with torch.no_grad():
        targets = encoder(style, STYLE_LAYERS)
        objective = Objective(
            content=encoder(content, CONTENT_LAYERS),
            style={layer: gram(targets[layer]) for layer in STYLE_LAYERS},
        )
    picture = content.clone().requires_grad_(True)
    optimiser = torch.optim.Adam([picture], lr=RATE, betas=(BETA1, BETA2))
    done = 0

    def step() -> torch.Tensor:
        nonlocal done
        done += 1
        losses, picture.grad = loss_and_gradient(picture, objective, encoder)
        optimiser.param_groups[0]["eps"] = EPSILON / (1 - BETA2**done) ** 0.5
        optimiser.step()
        with torch.no_grad():
            picture.clamp_(0, 1)
        return losses[0]

    serve({"torch": torch.__version__}, step)


if __name__ == "__main__":
    main()
