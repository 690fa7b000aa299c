"""Targets of style terms: made for each picture, laid out in one tensor, compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

import torch

from dfr.objective.style_term import StyleTerm


def targets_of(terms: Sequence[StyleTerm], features: torch.Tensor) -> torch.Tensor:
    """Return what each picture's style term makes of its features.

    Args:
        terms: of n pictures; neighbours with the same one go in one call.
        features: (n, c, h, w).

    Returns:
        (n, ...); where terms differ in shape (n, k), each laid out in a row with zeros behind it.
    """
    return stacked([term(features[rows]) for term, rows in neighbours(terms)])


def neighbours(terms: Sequence[StyleTerm]) -> list[tuple[StyleTerm, slice]]:
    """Return each run of equal terms with its rows."""
    found, first = [], 0
    for term, same in groupby(terms):
        count = len(list(same))
        found.append((term, slice(first, first + count)))
        first += count
    return found


def stacked(parts: Sequence[torch.Tensor]) -> torch.Tensor:
    """Put (m, ...) of several terms one after the other; see `targets_of`."""
    if len({part.shape[1:] for part in parts}) == 1:
        return torch.cat(list(parts)) if len(parts) > 1 else parts[0]
    rows = [part.flatten(1) for part in parts]
    longest = max(part.shape[1] for part in rows)
    pad = torch.nn.functional.pad
    return torch.cat([pad(part, (0, longest - part.shape[1])) for part in rows])


def shaped_as(found: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Return targets in the shape of what is compared with them, undoing `stacked`."""
    if target.shape[1:] == found.shape[1:]:
        return target
    return target.flatten(1)[:, : found[0].numel()].reshape(found.shape)


#: Two targets nearer than this, relative, at every layer are the same objective: float32 sums
#: of the same numbers in another order differ by less.
SAME = 1e-5


def target_distances(targets: Mapping[str, torch.Tensor], a: int, b: int) -> dict[str, float]:
    """Return layer -> |G_b - G_a| / |G_a| (Frobenius) of two rows of style targets.

    Args:
        targets: layer -> (n, ...).
        a: row that the distance is relative to.
        b: the other row.
    """
    return {
        layer: float((grams[b] - grams[a]).norm() / grams[a].norm().clamp_min(1e-30))
        for layer, grams in targets.items()
    }


def same_targets(targets: Mapping[str, torch.Tensor]) -> tuple[tuple[int, ...], ...]:
    """Group the rows whose targets are the same (nearer than `SAME`) at every layer.

    Args:
        targets: layer -> (n, ...).

    Returns:
        the groups, each in order, by their first rows.
    """
    groups: list[list[int]] = []
    for row in range(len(next(iter(targets.values())))):
        for group in groups:
            if max(target_distances(targets, group[0], row).values()) < SAME:
                group.append(row)
                break
        else:
            groups.append([row])
    return tuple(tuple(group) for group in groups)
