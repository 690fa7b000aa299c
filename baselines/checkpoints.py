"""Reading of trained networks from files, without running anything that stands in them.

A method calls `read_parts` with the parts that its network has, then `fill` for each of them:

    tensors = read_parts(path, PARTS, "AdaIN")
    fill(decoder, tensors["decoder"], "AdaIN's decoder", path)

Files are PyTorch's (``.pth``, ``.pt``, ``.pth.tar``, ``.bin``), read with ``weights_only=True``,
and ``.safetensors``. A pickle that asks for anything but tensors is refused before that is done.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from dfr.core.errors import UserError
from dfr.network.weights import verified

SUFFIXES = (".pth", ".pth.tar", ".pt", ".bin", ".safetensors")
#: What torch says of a pickle that asks for a function or a class.
_ASKED = re.compile(r"Unsupported (?:global|class): (?:GLOBAL )?(\S+)")


@dataclass(frozen=True)
class Part:
    """A part of a network that is published as a file of its own.

    Attributes:
        name: such as ``"decoder"``; in one file with all parts its keys begin with
            ``"decoder."``.
        files: names of the file as published, without folder; the first that is there is read.
    """

    name: str
    files: tuple[str, ...]


def read_parts(
    path: Path, parts: Sequence[Part], network: str, hashes: Mapping[str, str] | None = None
) -> dict[str, dict[str, torch.Tensor]]:
    """Read all parts of a network.

    Args:
        path: a folder with a file for each part; one of these files (the others are looked for
            beside it); or one file with all parts, whose keys begin with the parts' names.
        parts: what the network consists of.
        network: its name, for messages.
        hashes: file name -> SHA-256 that it must have; others are not checked.

    Returns:
        name of the part -> key -> tensor, see `read_tensors`.

    Raises:
        UserError: nothing there, a part is missing, or a file that cannot be used.
    """
    hashes = hashes or {}
    if not path.exists():
        raise UserError(f"{path}: no such file or folder of weights for {network}")
    known = {name for part in parts for name in part.files}
    if path.is_file() and (path.name not in known or len(parts) == 1):
        stored = read_tensors(path, hashes.get(path.name))
        if len(parts) == 1 and not _begins(stored, parts[0].name):
            return {parts[0].name: stored}
        return {part.name: those_of(stored, part.name, path, network) for part in parts}
    folder = path if path.is_dir() else path.parent
    found = {}
    for part in parts:
        file = next((folder / name for name in part.files if (folder / name).is_file()), None)
        if file is None:
            raise UserError(
                f"{folder}: the {part.name} of {network} is missing; put "
                f"{' or '.join(part.files)} there"
            )
        found[part.name] = read_tensors(file, hashes.get(file.name))
    return found


def read_tensors(path: Path, sha256: str | None = None) -> dict[str, torch.Tensor]:
    """Read the tensors of one file.

    Where they stand in a table inside of a table (beside a number of epochs, say), that is
    taken; of several such tables the keys are joined with a dot.

    Args:
        path: the file.
        sha256: what its hash must be, if that is known; checked before anything is read.

    Returns:
        key -> tensor on the CPU; floats as float32.

    Raises:
        UserError: no such file, another hash, a format or content that is not read here, a cut
            file, code in its pickle, or a value that is not finite.
    """
    if not path.is_file():
        raise UserError(f"{path}: no such file of weights")
    if sha256 is not None:
        verified(path, sha256)
    if not path.name.endswith(SUFFIXES):
        raise UserError(
            f"{path}: weights are read from {', '.join(SUFFIXES)}; convert this file first"
        )
    stored = _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)
    tensors = _flat(stored)
    if not tensors:
        raise UserError(f"{path}: holds no tensors by name; is it the file of a network's weights?")
    return {key: _checked(key, tensor, path) for key, tensor in tensors.items()}


def fill(
    module: nn.Module,
    tensors: Mapping[str, torch.Tensor],
    what: str,
    path: Path,
    spare: Collection[str] = (),
) -> None:
    """Put tensors into a module: every key of it, no other key, and the shapes that it has.

    The module is then a constant: in evaluation mode, without gradients.

    Args:
        module: whose ``state_dict`` says keys and shapes.
        tensors: key -> tensor.
        what: what it is, for messages, such as ``"AdaIN's decoder"``.
        path: where they came from, for messages.
        spare: keys that may be there and are passed over, of layers that are not used.

    Raises:
        UserError: keys or shapes are others.
    """
    expected = module.state_dict()
    other = f"{path}: is not {what}"
    missing = [key for key in expected if key not in tensors]
    if missing:
        has = f"; it has {_some(tensors)}" if len(missing) == len(expected) else ""
        raise UserError(f"{other}: {_some(missing)} missing{has}")
    strange = [key for key in tensors if key not in expected and key not in spare]
    if strange:
        raise UserError(f"{other}: {_some(strange)} not of this network")
    for key, tensor in expected.items():
        if tensors[key].shape != tensor.shape:
            raise UserError(
                f"{other}: '{key}' has the shape {_shape(tensors[key])}, not {_shape(tensor)}"
            )
    module.load_state_dict({key: tensors[key] for key in expected})
    module.eval().requires_grad_(False)


def _pickled(path: Path) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pickles that were not written by torch
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file can raise anything
        said = str(error)
        asked = _ASKED.search(said)
        if asked:
            raise UserError(
                f"{path}: its pickle asks for '{asked[1]}', which is no tensor and could run code; "
                "it is not opened. Save the network's state_dict alone, or as .safetensors"
            ) from error
        if "legacy .tar" in said or "TorchScript" in said:
            raise UserError(
                f"{path}: an old or a TorchScript format that cannot be read without running "
                "code; save the network's state_dict again"
            ) from error
        raise UserError(
            f"{path}: cannot be read as PyTorch weights; it is cut short, damaged or another "
            "kind of file: fetch it again"
        ) from error


def _safetensors(path: Path) -> Any:
    import safetensors.torch  # not needed by most commands

    try:
        return safetensors.torch.load_file(path)
    except Exception as error:  # its errors are of a class that its types do not show
        raise UserError(
            f"{path}: cannot be read as safetensors ({str(error)[:120]}); it is cut short or "
            "damaged: fetch it again"
        ) from error


def _flat(stored: Any) -> dict[str, torch.Tensor]:
    """Return the tensors of a table, or of the tables in it."""
    if not isinstance(stored, Mapping):
        return {}
    own = {str(key): each for key, each in stored.items() if isinstance(each, torch.Tensor)}
    if own:
        return own
    inner = {str(key): each for key, each in stored.items() if isinstance(each, Mapping)}
    if len(inner) == 1:
        return _flat(next(iter(inner.values())))
    return {f"{name}.{key}": each for name in inner for key, each in _flat(inner[name]).items()}


def _checked(key: str, tensor: torch.Tensor, path: Path) -> torch.Tensor:
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_complex():
        raise UserError(f"{path}: '{key}' is no plain tensor")
    if not tensor.is_floating_point():
        return tensor
    if not bool(tensor.isfinite().all()):
        raise UserError(f"{path}: '{key}' has values that are not finite; the file is damaged")
    return tensor.float()


def _begins(keys: Iterable[str], name: str) -> bool:
    return any(key.startswith(f"{name}.") for key in keys)


def those_of(
    stored: Mapping[str, torch.Tensor], name: str, path: Path, network: str
) -> dict[str, torch.Tensor]:
    """Return the tensors of a part of one file: those whose keys begin with its name and a dot.

    Raises:
        UserError: there are none.
    """
    head = f"{name}."
    found = {key[len(head) :]: each for key, each in stored.items() if key.startswith(head)}
    if not found:
        raise UserError(
            f"{path}: the {name} of {network} is not in it (no key begins with '{head}'); it has "
            f"{_some(stored)}"
        )
    return found


def _some(keys: Iterable[str]) -> str:
    """Name the first of some keys and say how many more there are."""
    first, *others = keys
    return f"'{first}'" + (f" and {len(others)} more" if others else "")


def _shape(tensor: torch.Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "of a single number"
