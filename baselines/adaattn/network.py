"""AdaAttN's network: for each place of the content, the mean and deviation of the style places that
it attends to.

Source: Liu, Lin, He, Li, Wang, Li, Sun, Li, Ding: "AdaAttN: Revisit Attention Mechanism in
Arbitrary Neural Style Transfer", ICCV 2021, arXiv 2108.03647; what the paper leaves open is as in
its authors' second implementation (github.com/Huage001/AdaAttN), whose weights are published.

At relu3_1, relu4_1 and relu5_1, with features F and keys K of content c and style s:

    A = softmax(Q^T G) with Q = f(norm(K_c)), G = g(norm(K_s))          (eq. 2), (n_c, n_s)
    V = h(F_s);   M = V A^T;   S = sqrt(V^2 A^T - M^2)                  (eqs. 3 and 4)
    AdaAttN = S norm(F_c) + M                                           (eq. 5)

f, g and h are 1 x 1 convolutions, norm is instance normalisation. K_l are the features of layer l
with all shallower ones, brought to its size (eq. 1). The outcomes of relu4_1 and relu5_1 are added
and decoded; that of relu3_1 joins them in the decoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional

from baselines.adain.network import normalised
from baselines.attention import attended
from baselines.checkpoints import Part, fill, read_parts
from baselines.layers import convolution, doubled
from baselines.normalised_vgg import NormalisedVGG, load_encoder
from baselines.sides import check_sides, filled
from baselines.style_network import StyleNetwork

LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
#: Channels of the layers.
CHANNELS = (64, 128, 256, 512, 512)
#: The published files.
PARTS = (
    Part("encoder", ("vgg_normalised.pth",)),
    Part("transformer", ("latest_net_transformer.pth",)),
    Part("decoder", ("latest_net_decoder.pth",)),
    Part("adaattn_3", ("latest_net_adaattn_3.pth",)),
)
#: At relu3_1 a style with more places than this is seen at so many of them, drawn with this seed,
#: as in the published test.
MOST_PLACES, SEED = 64 * 64, 6666
#: The content is brought to a multiple of this: the decoder doubles sizes.
_STEP = 16


def key(features: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the key of the last of some layers: all of them at its size, normalised (eq. 1)."""
    size = features[-1].shape[-2:]
    shallower = [functional.interpolate(each, size) for each in features[:-1]]
    return torch.cat([normalised(each) for each in (*shallower, features[-1])], dim=1)


class Seen(NamedTuple):
    """What attention needs of a style: keys G (k, n_s) and values V (c, n_s)."""

    keys: torch.Tensor
    values: torch.Tensor


class Asked(NamedTuple):
    """What attention needs of a content: queries Q (k, n_c) and norm(F_c), (1, c, h, w)."""

    queries: torch.Tensor
    features: torch.Tensor


class AdaAttN(nn.Module):
    """Attention-weighted statistics at one layer; names of modules are the published keys'.

    Args:
        channels: of the layer.
        key_channels: of its key.
        most: places of a style that it sees at most; all if None.
    """

    def __init__(self, channels: int, key_channels: int, most: int | None = None) -> None:
        super().__init__()
        self.f, self.g = (nn.Conv2d(key_channels, key_channels, 1) for _ in range(2))
        self.h = nn.Conv2d(channels, channels, 1)
        self.most = most

    def see(self, features: torch.Tensor, key: torch.Tensor) -> Seen:
        """Look at a style's features (1, c, h, w) and their key."""
        keys, values = (each.squeeze(0).flatten(1) for each in (self.g(key), self.h(features)))
        places = keys.shape[1]
        if self.most is not None and places > self.most:
            drawn = torch.randperm(places, generator=torch.Generator().manual_seed(SEED))
            chosen = drawn[: self.most].to(keys.device)
            keys, values = keys[:, chosen], values[:, chosen]
        return Seen(keys, values)

    def ask(self, features: torch.Tensor, key: torch.Tensor) -> Asked:
        """Look at a content's features (1, c, h, w) and their key."""
        return Asked(self.f(key).squeeze(0).flatten(1), normalised(features))

    def forward(self, content: Asked, style: Seen) -> torch.Tensor:
        """Return S norm(F_c) + M, (1, c, h, w)."""
        values = torch.cat([style.values, style.values.square()])
        moments = attended(content.queries, style.keys, values)
        mean, square = moments.reshape(2, *content.features.shape[1:])
        deviation = (square - mean.square()).relu().sqrt()
        transferred: torch.Tensor = deviation * content.features + mean
        return transferred


class Transformer(nn.Module):
    """The attention at relu4_1 and relu5_1, and the convolution that merges what they give."""

    def __init__(self) -> None:
        super().__init__()
        self.attn_adain_4_1 = AdaAttN(CHANNELS[3], sum(CHANNELS[:4]))
        self.attn_adain_5_1 = AdaAttN(CHANNELS[4], sum(CHANNELS[:5]))
        self.merge_conv = nn.Conv2d(CHANNELS[3], CHANNELS[3], 3)

    def forward(self, fourth: torch.Tensor, fifth: torch.Tensor) -> torch.Tensor:
        """Merge (1, 512, h, w) of relu4_1 and (1, 512, h / 2, w / 2) of relu5_1."""
        both = fourth + functional.interpolate(fifth, scale_factor=2.0, mode="nearest")
        merged: torch.Tensor = self.merge_conv(functional.pad(both, (1, 1, 1, 1), mode="reflect"))
        return merged


class Decoder(nn.Module):
    """(1, 512, h, w), and (1, 256, 2 h, 2 w) of relu3_1, to the picture (1, 3, 8 h, 8 w)."""

    def __init__(self) -> None:
        super().__init__()
        self.decoder_layer_1 = nn.Sequential(*convolution(512, 256), doubled())
        self.decoder_layer_2 = nn.Sequential(
            *convolution(256 + 256, 256), *convolution(256, 256), *convolution(256, 256),
            *convolution(256, 128), doubled(),
            *convolution(128, 128), *convolution(128, 64), doubled(),
            *convolution(64, 64), *convolution(64, 3)[:-1],
        )  # fmt: skip

    def forward(self, merged: torch.Tensor, third: torch.Tensor) -> torch.Tensor:
        """Decode."""
        both = torch.cat([self.decoder_layer_1(merged), third], dim=1)
        picture: torch.Tensor = self.decoder_layer_2(both)
        return picture


class Inside(NamedTuple):
    """A content: the picture at a size that the network can take, and what it asks."""

    picture: torch.Tensor
    asked: Mapping[int, Asked]


class AdaAttNNetwork(StyleNetwork):
    """The whole.

    The paper has no strength. Here it mixes what the decoder gets: that of the style, and that of
    the content picture as its own style.

    Args:
        encoder: normalised VGG-19 to relu5_1.
        adaattn_3: the attention at relu3_1, see `third`.
        transformer: that at relu4_1 and relu5_1.
        decoder: what paints.
    """

    def __init__(
        self,
        encoder: NormalisedVGG,
        adaattn_3: AdaAttN,
        transformer: Transformer,
        decoder: Decoder,
    ) -> None:
        super().__init__()
        self.encoder, self.adaattn_3 = encoder, adaattn_3
        self.transformer, self.decoder = transformer, decoder

    @property
    def attention(self) -> dict[int, AdaAttN]:
        """Number of a layer -> its attention."""
        at = self.transformer
        return {2: self.adaattn_3, 3: at.attn_adain_4_1, 4: at.attn_adain_5_1}

    def look_at_style(self, style: torch.Tensor) -> dict[int, Seen]:
        """Return layer -> keys and values."""
        found = list(self.encoder(style, LAYERS).values())
        return {
            number: attention.see(found[number], key(found[: number + 1]))
            for number, attention in self.attention.items()
        }

    def look_at_content(self, content: torch.Tensor) -> Inside:
        """Return layer -> queries and normalised features, of the content at a multiple of 16.

        Raises:
            UserError: it is too small to be continued by reflection.
        """
        check_sides(content, _STEP + 1, "AdaAttN")
        picture = filled(content, _STEP, "reflect")
        found = list(self.encoder(picture, LAYERS).values())
        return Inside(
            picture,
            {
                number: attention.ask(found[number], key(found[: number + 1]))
                for number, attention in self.attention.items()
            },
        )

    def painted(self, content: Inside, style: Mapping[int, Seen], strength: float) -> torch.Tensor:
        """Decode what lies between the content's own statistics (0) and the style's (1)."""
        third, merged = self._transferred(content, style)
        if strength < 1:
            own = self._transferred(content, self.look_at_style(content.picture))
            third, merged = (
                strength * theirs + (1 - strength) * mine
                for theirs, mine in zip((third, merged), own, strict=True)
            )
        picture: torch.Tensor = self.decoder(merged, third)
        return picture

    def _transferred(
        self, content: Inside, style: Mapping[int, Seen]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        third, fourth, fifth = (
            attention(content.asked[number], style[number])
            for number, attention in self.attention.items()
        )
        return third, self.transformer(fourth, fifth)


def third() -> AdaAttN:
    """Return the untrained attention at relu3_1."""
    return AdaAttN(CHANNELS[2], sum(CHANNELS[:3]), MOST_PLACES)


def read_network(path: Path) -> AdaAttNNetwork:
    """Read the published network from its files.

    Args:
        path: a folder with the four files, or one file with all; see
            `baselines.checkpoints.read_parts`.

    Raises:
        UserError: a file that cannot be used, or is another network's.
    """
    tensors = read_parts(path, PARTS, "AdaAttN")
    encoder = load_encoder(tensors["encoder"], path, "relu5_1", "AdaAttN's encoder")
    with torch.device("meta"):
        transformer, decoder, attention = Transformer(), Decoder(), third()
    for name, module in (
        ("transformer", transformer),
        ("decoder", decoder),
        ("adaattn_3", attention),
    ):
        module.to_empty(device="cpu")
        fill(module, tensors[name], f"AdaAttN's {name}", path)
    return AdaAttNNetwork(encoder, attention, transformer, decoder).eval()
