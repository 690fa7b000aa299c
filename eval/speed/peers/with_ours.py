"""The published setting with this project's engine; see `protocol`. Then: the precision."""

from __future__ import annotations

import sys

import torch
from protocol import CONVOLUTIONS, asked, serve
from torch_steps import published_adam

from dfr.network.encoder import Encoder
from dfr.network.weights import Vgg19Weights
from dfr.objective.gradients import loss_and_gradient
from dfr.objective.objective import shared_objective


def main() -> None:
    """Build network, targets and optimiser, then take steps when told."""
    spec, threads, device = asked()
    torch.set_num_threads(threads)
    kernels = {
        name: (torch.from_numpy(spec[f"{name}_weight"]), torch.from_numpy(spec[f"{name}_bias"]))
        for name in CONVOLUTIONS
    }
    weights = Vgg19Weights(kernels, "caffe" if spec["bgr"] else "torchvision", sys.argv[1], "")
    encoder = Encoder(weights, precision=sys.argv[3]).to(device)
    content, style = (torch.from_numpy(spec[name]).to(device) for name in ("content", "style"))
    objective = shared_objective(content, style, encoder)

    def evaluate(picture: torch.Tensor) -> torch.Tensor:
        losses, picture.grad = loss_and_gradient(picture, objective, encoder)
        return losses[0]

    serve({"torch": torch.__version__}, published_adam(content, evaluate))


if __name__ == "__main__":
    main()
