"""What is minimised: content + style + total variation, one value per picture of a batch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from dfr.core.errors import UserError
from dfr.core.precision import wide
from dfr.core.row_sums import row_means, row_sums
from dfr.network.encoder import CONTENT_LAYERS, STYLE_LAYERS, Encoder
from dfr.objective.style_term import StyleTerm
from dfr.objective.style_terms import GRAM
from dfr.objective.targets import neighbours, shaped_as, stacked

Features = Mapping[str, torch.Tensor]


@dataclass(frozen=True)
class Weights:
    """How the terms are added. The defaults are the shared setting of DFR and DeCorMST.

    Attributes:
        content: factor of the mean squared difference of the content features.
        style: factor of the mean over layers of the mean squared difference of the statistic.
        variation: factor of the anisotropic total variation, a sum of absolute differences of
            the picture in [0, 1]; DFR adds 30 of it, DeCorMST none.
    """

    content: float = 1e4
    style: float = 1e-2
    variation: float = 30.0

    def __post_init__(self) -> None:
        """Refuse weights with which nothing can be minimised."""
        for name, value in vars(self).items():
            if not (value >= 0 and math.isfinite(value)):
                raise UserError(f"{name} weight {value}: must be a finite number of at least 0")

    def for_rows(
        self, count: int, layers: Iterable[str], device: torch.device | None = None
    ) -> RowWeights:
        """Return these weights for each of ``count`` pictures and each style layer."""

        def full(value: float) -> torch.Tensor:
            return torch.full((count,), value, device=device)

        return RowWeights(
            full(self.content), {layer: full(self.style) for layer in layers}, full(self.variation)
        )


@dataclass(frozen=True)
class RowWeights:
    """How the terms are added, for each of n pictures on its own, and for each style layer.

    Attributes:
        content: (n,).
        style: layer -> (n,).
        variation: (n,).
    """

    content: torch.Tensor
    style: Features
    variation: torch.Tensor

    def rows(self, rows: Sequence[int]) -> RowWeights:
        """Return the weights of a part of the pictures."""
        chosen = _indices(rows)
        return RowWeights(
            self.content[chosen],
            {layer: weight[chosen] for layer, weight in self.style.items()},
            self.variation[chosen],
        )


class Terms(NamedTuple):
    """The weighted terms of a batch of n pictures, each of shape (n,)."""

    content: torch.Tensor
    style: torch.Tensor
    variation: torch.Tensor

    @property
    def total(self) -> torch.Tensor:
        """What the optimiser sees, (n,)."""
        return self.content + self.style + self.variation

    def of(self, row: int) -> dict[str, float]:
        """Return one picture's terms and total by name."""
        return {
            "content": float(self.content[row]),
            "style": float(self.style[row]),
            "variation": float(self.variation[row]),
            "total": float(self.total[row]),
        }


@dataclass(frozen=True)
class Objective:
    """The distance of a batch of pictures from their targets.

    Attributes:
        content: layer -> (1, c, h, w), the features of the one content picture; or (n, c, h, w),
            those of each output's own.
        style: layer -> (n, ...): what the style term of each of the n outputs makes of its style,
            see `dfr.objective.targets`.
        terms: the style term of each of the n outputs; DeCorMST has five different ones.
        weights: how the terms are added, for all outputs or for each.
    """

    content: Features
    style: Features
    terms: tuple[StyleTerm, ...] = field(default=(GRAM,))
    weights: Weights | RowWeights = Weights()

    @property
    def layers(self) -> tuple[str, ...]:
        """Every layer that the encoder has to give."""
        return tuple({**dict.fromkeys(self.style), **dict.fromkeys(self.content)})

    def rows(self, rows: Sequence[int]) -> Objective:
        """Return the objective of a part of the outputs."""
        chosen = _indices(rows)
        weights = self.weights
        return Objective(
            content={
                layer: target if len(target) == 1 else target[chosen]
                for layer, target in self.content.items()
            },
            style={layer: target[chosen] for layer, target in self.style.items()},
            terms=tuple(self.terms[row] for row in rows),
            weights=weights if isinstance(weights, Weights) else weights.rows(rows),
        )

    def __call__(self, pictures: torch.Tensor, features: Features) -> Terms:
        """Compute the weighted terms.

        Args:
            pictures: (n, 3, h, w) in [0, 1].
            features: the pictures' features at `layers`.
        """
        none = pictures.new_zeros(pictures.shape[0])
        weights = self.weights
        varies = isinstance(weights, RowWeights) or weights.variation > 0
        return Terms(
            content=weights.content * self._content(features) if self.content else none,
            style=self._style(features) if self.style else none,
            variation=weights.variation * total_variation(pictures) if varies else none,
        )

    def _content(self, features: Features) -> torch.Tensor:
        return _mean(
            row_means((wide(features[layer]) - target).square())
            for layer, target in self.content.items()
        )

    def _style(self, features: Features) -> torch.Tensor:
        weights = self.weights
        return _mean(
            (weights.style if isinstance(weights, Weights) else weights.style[layer])
            * self._apart(features[layer], target)
            for layer, target in self.style.items()
        )

    def _apart(self, features: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        """Return how far each picture's features are from its target in one layer, (n,)."""
        parts = []
        for term, rows in neighbours(self.terms):
            found = term(features[rows])
            parts.append(term.apart(found, shaped_as(found, target[rows])))
        return torch.cat(parts) if len(parts) > 1 else parts[0]


def _indices(rows: Sequence[int]) -> slice | list[int]:
    """Return what takes these rows of a tensor: a slice where they are neighbours.

    A slice is a view; a list would be sent to the device, which a solver's loop must not wait for.
    """
    if rows and list(rows) == list(range(rows[0], rows[0] + len(rows))):
        return slice(rows[0], rows[0] + len(rows))
    return list(rows)


def _mean(layers: Iterable[torch.Tensor]) -> torch.Tensor:
    """Return the mean of (n,) values over layers, added one by one.

    So a picture's value does not depend on how many others there are, to the last bit.
    """
    parts = list(layers)
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total / len(parts)


def joined(objectives: Sequence[Objective]) -> Objective:
    """Return one objective with the outputs of several, in their order.

    Each output keeps its own content, target, style term and weights, so each is what it is alone.

    Args:
        objectives: of one size, with the same layers.
    """
    counts = [len(each.terms) for each in objectives]
    content_layers, style_layers = objectives[0].content, objectives[0].style

    device = next(iter(objectives[0].style.values())).device
    weights = [
        each.weights.for_rows(count, style_layers, device)
        if isinstance(each.weights, Weights)
        else each.weights
        for each, count in zip(objectives, counts, strict=True)
    ]
    return Objective(
        content={
            layer: torch.cat(
                [
                    each.content[layer].expand(count, -1, -1, -1)
                    for each, count in zip(objectives, counts, strict=True)
                ]
            )
            for layer in content_layers
        },
        style={
            layer: stacked([each.style[layer] for each in objectives]) for layer in style_layers
        },
        terms=tuple(term for each in objectives for term in each.terms),
        weights=RowWeights(
            torch.cat([each.content for each in weights]),
            {layer: torch.cat([each.style[layer] for each in weights]) for layer in style_layers},
            torch.cat([each.variation for each in weights]),
        ),
    )


def total_variation(pictures: torch.Tensor) -> torch.Tensor:
    """Anisotropic total variation: the sum of absolute differences of neighbours, (n,)."""
    down = pictures[:, :, 1:, :] - pictures[:, :, :-1, :]
    right = pictures[:, :, :, 1:] - pictures[:, :, :, :-1]
    return row_sums(down.abs()) + row_sums(right.abs())


@torch.no_grad()
def shared_objective(
    content: torch.Tensor, style: torch.Tensor, encoder: Encoder, weights: Weights = Weights()
) -> Objective:
    """Return the shared setting of DFR and DeCorMST with the unrotated style: DFR at rotation 0.

    Args:
        content: (1, 3, h, w).
        style: (1, 3, h', w').
        encoder: with max pooling, as the shared setting has it.
        weights: how the terms are added.
    """
    targets = encoder(style, STYLE_LAYERS)
    return Objective(
        content=encoder(content, CONTENT_LAYERS),
        style={layer: GRAM(targets[layer]) for layer in STYLE_LAYERS},
        weights=weights,
    )


def yardstick(content: torch.Tensor, style: torch.Tensor, encoder: Encoder) -> Objective:
    """Return the common yardstick: the shared setting's content and (unrotated) style loss.

    Every method is measured with it, also one that optimises something else; see
    `shared_objective` for the arguments.
    """
    return shared_objective(content, style, encoder, Weights(variation=0.0))
