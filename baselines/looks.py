"""What a network has seen of style pictures, kept for the next pair that has the same style."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import torch

_Way = TypeVar("_Way", bound=float)
_Seen = TypeVar("_Seen")

#: Bytes that are kept at most: some AdaAttN styles of 512 pixels, thousands of AdaIN's.
MOST = 256 * 2**20


class Looks:
    """Looks at style pictures, up to some bytes; those that were not used for longest leave first.

    Args:
        most: bytes of all tensors that are kept.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most, self._bytes = most, 0
        self._kept: OrderedDict[tuple[str, float], tuple[Any, int]] = OrderedDict()

    def of(
        self, style: torch.Tensor, ways: Iterable[_Way], look: Callable[[_Way], _Seen]
    ) -> dict[_Way, _Seen]:
        """Return what was seen of a picture in some ways, and look where nothing was.

        Args:
            style: the picture; known by its values and shape.
            ways: what tells them apart, such as the degrees by which it is turned.
            look: looks at the picture in one of them; gives tensors, or tuples, mappings and
                dataclasses of them.

        Returns:
            way -> what was seen.
        """
        digest, found = _digest(style), dict[_Way, _Seen]()
        for way in ways:
            key = digest, way
            if key not in self._kept:
                seen = look(way)
                self._kept[key] = seen, _bytes(seen)
                self._bytes += self._kept[key][1]
            self._kept.move_to_end(key)
            found[way] = self._kept[key][0]
        while self._bytes > self._most:
            _, (_, freed) = self._kept.popitem(last=False)
            self._bytes -= freed
        return found

    def forget(self) -> None:
        """Keep nothing of earlier pictures."""
        self._kept.clear()
        self._bytes = 0


def _digest(picture: torch.Tensor) -> str:
    values = picture.detach().cpu().contiguous()
    told = hashlib.sha256(f"{tuple(values.shape)} {values.dtype}".encode())
    told.update(values.numpy().tobytes())
    return told.hexdigest()


def _bytes(found: Any) -> int:
    if isinstance(found, torch.Tensor):
        return found.untyped_storage().nbytes()
    if dataclasses.is_dataclass(found):
        return sum(map(_bytes, vars(found).values()))
    if isinstance(found, Mapping):
        return sum(map(_bytes, found.values()))
    if isinstance(found, tuple | list):
        return sum(map(_bytes, found))
    return 0
