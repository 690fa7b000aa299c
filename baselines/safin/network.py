"""SAFIN's network: a wavelet autoencoder, AdaIN in its shallow layers, and factorised instance
normalisation with attention in its deep ones.

Source: Singh, Hingane, Gong, Wang, ICME 2021; what the paper leaves open is as in the authors' code
(github.com/Aaditya-Singh/SAFIN).

Instead of pooling, a Haar transform splits features into a mean (LL) and three details (LH, HL, HH)
at half the size; the decoder puts them together again. The LL of blocks 1 to 3 and the details of
blocks 1 and 2 get the style's mean and deviation (AdaIN). The details of block 3, and relu4_1, go
through SAFIN, with features F of content c and style s:

    A   = softmax(Q^T K), Q = query(norm(F_c)), K = key(norm(F_s)); O = value(F_s) A^T
    out = (norm(F_c) w + b) ReLU(gamma(O)) + ReLU(beta(O))

query, key, value, gamma and beta are 1 x 1 convolutions; w and b are one number a channel, shared
by all styles.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from torch import nn

from baselines.adain.network import Statistics, adain, normalised, statistics
from baselines.attention import attended
from baselines.checkpoints import Part, fill, read_parts, those_of
from baselines.safin.wavelets import WaveDecoder, WaveEncoder
from baselines.sides import check_sides, filled
from baselines.style_network import StyleNetwork
from dfr.core.errors import UserError

#: The published files. The second is a checkpoint of its training, with three tables.
PARTS = (
    Part("encoder", ("vgg_normalised.pth",)),
    Part("trained", ("decoder.pth.tar", "decoder.pth")),
)
#: Table of that checkpoint -> the module of the network.
TABLES = {
    "decoder_state_dict": "decoder",
    "safin4_state_dict": "safin4",
    "safin3_state_dict": "safin3",
}
#: The content is brought to a multiple of this: three transforms halve it.
_STEP = 8


class Seen(NamedTuple):
    """What SAFIN needs of a style: keys and values of its attention, (c, n_s) both."""

    keys: torch.Tensor
    values: torch.Tensor


class Attention(nn.Module):
    """The three convolutions of the attention.

    Args:
        channels: of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query_conv, self.key_conv, self.value_conv = (
            nn.Conv2d(channels, channels, 1) for _ in range(3)
        )


class SAFIN(nn.Module):
    """Self-attentive factorised instance normalisation.

    Args:
        channels: of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.shared_weight = nn.Parameter(torch.ones(channels))
        self.shared_bias = nn.Parameter(torch.zeros(channels))
        self.gamma_conv, self.beta_conv = (nn.Conv2d(channels, channels, 1) for _ in range(2))
        self.attention = Attention(channels)

    def see(self, style: torch.Tensor) -> Seen:
        """Look at a style's features, (1, c, h', w')."""
        keys, values = self.attention.key_conv(normalised(style)), self.attention.value_conv(style)
        return Seen(*(each.squeeze(0).flatten(1) for each in (keys, values)))

    def forward(self, content: torch.Tensor, style: Seen) -> torch.Tensor:
        """Return the features of the content, (1, c, h, w), as the style has them."""
        plain = normalised(content)
        queries = self.attention.query_conv(plain).squeeze(0).flatten(1)
        seen = attended(queries, style.keys, style.values).reshape(content.shape)
        gamma, beta = self.gamma_conv(seen).relu(), self.beta_conv(seen).relu()
        shared = plain * self.shared_weight.view(-1, 1, 1) + self.shared_bias.view(-1, 1, 1)
        changed: torch.Tensor = shared * gamma + beta
        return changed


class Look(NamedTuple):
    """A style: block -> statistics of its bands; what SAFIN sees of the details of block 3, and of
    relu4_1.
    """

    bands: Mapping[int, list[Statistics]]
    third: list[Seen]
    fourth: Seen


class Inside(NamedTuple):
    """A content: the picture at a multiple of 8, and the bands of block 1."""

    picture: torch.Tensor
    first: list[torch.Tensor]


class SAFINNetwork(StyleNetwork):
    """The whole. Strength is the published alpha: it mixes relu4_1 alone, so at 0 the shallow
    layers still have the style's statistics.

    Args:
        encoder: see `WaveEncoder`.
        safin3: of the details of block 3.
        safin4: of relu4_1.
        decoder: see `WaveDecoder`.
    """

    def __init__(
        self, encoder: WaveEncoder, safin3: SAFIN, safin4: SAFIN, decoder: WaveDecoder
    ) -> None:
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.safin3, self.safin4 = safin3, safin4

    def look_at_style(self, style: torch.Tensor) -> Look:
        """Return the statistics and what is attended to.

        Raises:
            UserError: the picture is too small.
        """
        check_sides(style, 2 * _STEP, "SAFIN", "style")
        bands, found = {}, [style]
        for block in (1, 2, 3):
            found = self.encoder.block(block, found[0])
            bands[block] = found
        (fourth,) = self.encoder.block(4, found[0])
        return Look(
            {block: [statistics(each) for each in found] for block, found in bands.items()},
            [self.safin3.see(each) for each in bands[3][1:]],
            self.safin4.see(fourth),
        )

    def look_at_content(self, content: torch.Tensor) -> Inside:
        """Return what is known without a style.

        Raises:
            UserError: the picture is too small.
        """
        check_sides(content, _STEP + 1, "SAFIN", "content")
        picture = filled(content, _STEP, "reflect")
        return Inside(picture, self.encoder.block(1, picture))

    def painted(self, content: Inside, style: Look, strength: float) -> torch.Tensor:
        """Transfer block by block, and decode."""
        details, found = {}, content.first
        for block in (1, 2, 3):
            if block > 1:
                found = self.encoder.block(block, found[0])
            found = self._transferred(block, found, style)
            details[block] = found[1:]
        (fourth,) = self.encoder.block(4, found[0])
        deep = self.safin4(fourth, style.fourth)
        if strength < 1:
            deep = strength * deep + (1 - strength) * self._plain(content)
        picture: torch.Tensor = self.decoder(deep, details)
        return picture

    def _transferred(
        self, block: int, bands: list[torch.Tensor], style: Look
    ) -> list[torch.Tensor]:
        """Return the bands of a block with the style's statistics, or as SAFIN has them."""
        if block < 3:
            return [adain(*pair) for pair in zip(bands, style.bands[block], strict=True)]
        details = [self.safin3(*pair) for pair in zip(bands[1:], style.third, strict=True)]
        return [adain(bands[0], style.bands[3][0]), *details]

    def _plain(self, content: Inside) -> torch.Tensor:
        """Return the content's own relu4_1."""
        found = content.first
        for block in (2, 3, 4):
            found = self.encoder.block(block, found[0])
        return found[0]


def read_network(path: Path, hashes: Mapping[str, str] | None = None) -> SAFINNetwork:
    """Read the published network from its files.

    Args:
        path: a folder with both files, or one file with both; see
            `baselines.checkpoints.read_parts`.
        hashes: file name -> SHA-256 that it must have.

    Raises:
        UserError: a file that cannot be used, or is another network's.
    """
    tensors = read_parts(path, PARTS, "SAFIN", hashes)
    encoder = WaveEncoder()
    fill(encoder, tensors["encoder"], "SAFIN's encoder", path)
    decoder, safin4, safin3 = WaveDecoder(), SAFIN(512), SAFIN(256)
    trained = tensors["trained"]
    known = tuple(f"{table}." for table in TABLES)
    strange = [key for key in trained if not key.startswith(known)]
    if strange:
        raise UserError(
            f"{path}: is no checkpoint of SAFIN's training: '{strange[0]}' stands in none of its "
            f"tables {', '.join(TABLES)}"
        )
    for module, (table, name) in zip((decoder, safin4, safin3), TABLES.items(), strict=True):
        fill(module, those_of(trained, table, path, "SAFIN"), f"SAFIN's {name}", path)
    return SAFINNetwork(encoder, safin3, safin4, decoder).eval()
