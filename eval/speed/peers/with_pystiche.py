"""The published setting with pystiche's encoder and losses; see `protocol`.

pystiche 1.0.1 (2021) reads two tables of download addresses that later versions of torchvision
do not have any more. They are not needed here, where the weights are given, so it gets empty ones.
"""

from __future__ import annotations

import importlib

import torch
from protocol import (
    CONTENT_LAYER,
    CONTENT_WEIGHT,
    STYLE_LAYERS,
    STYLE_WEIGHT,
    asked,
    serve,
)
from torch_steps import network_input, published_adam, weighted_variation

_MODELS = {
    "alexnet": ["alexnet"],
    "vgg": [f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")],
}
for _module, _names in _MODELS.items():
    _found = importlib.import_module(f"torchvision.models.{_module}")
    if not hasattr(_found, "model_urls"):
        _found.model_urls = dict.fromkeys(_names, "")

import pystiche  # noqa: E402
from pystiche import enc, loss  # noqa: E402


def main() -> None:
    """Build network, targets and optimiser, then take steps when told."""
    spec, threads, device = asked()
    torch.set_num_threads(threads)
    arrays = {name: torch.from_numpy(value).to(device) for name, value in spec.items()}
    prepared = network_input(arrays)
    encoder = enc.vgg19_multi_layer_encoder(
        pretrained=False, internal_preprocessing=False, allow_inplace=False
    )
    for name, module in encoder.named_children():
        if name.startswith("conv"):
            block, layer = name.removeprefix("conv").split("_")
            key = f"block{block}_conv{layer}"
            if f"{key}_weight" in arrays:
                module.weight.data = arrays[f"{key}_weight"]
                module.bias.data = arrays[f"{key}_bias"]
    encoder.to(device)
    for parameter in encoder.parameters():
        parameter.requires_grad_(False)

    def named(layer: str) -> str:
        block, number = layer.removeprefix("block").split("_conv")
        return f"relu{block}_{number}"

    criterion = loss.PerceptualLoss(
        content_loss=loss.FeatureReconstructionLoss(
            encoder.extract_encoder(named(CONTENT_LAYER)), score_weight=CONTENT_WEIGHT
        ),
        style_loss=loss.MultiLayerEncodingLoss(
            encoder,
            [named(layer) for layer in STYLE_LAYERS],
            lambda layer, weight: loss.GramLoss(layer, score_weight=weight),
            layer_weights="mean",
            score_weight=STYLE_WEIGHT,
        ),
    )

    criterion.set_content_image(prepared(arrays["content"]))
    criterion.set_style_image(prepared(arrays["style"]))

    def evaluate(picture: torch.Tensor) -> torch.Tensor:
        total = criterion(prepared(picture)).total() + weighted_variation(picture)
        total.backward()
        return total

    step = published_adam(arrays["content"], evaluate)
    serve({"pystiche": pystiche.__version__, "torch": torch.__version__}, step)


if __name__ == "__main__":
    main()
