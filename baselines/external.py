"""Outputs that someone else's program made, from a folder.

FOLDER/METHOD/CONTENT__STYLE.png          the output of a pair
FOLDER/METHOD/CONTENT__STYLE__MODE.png    where a method gives several: one file per mode
FOLDER/METHOD/method.toml                 name, citation, seconds_per_output; all optional

Nothing is guessed: a file belongs to a pair by its exact name or it is listed as extra, an output
of another size is listed and not resized, and a name that can be read in two ways is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dfr.core.errors import UserError
from dfr.core.files import read_toml, wrong_value
from dfr.core.images import SUFFIXES, load

ABOUT = "method.toml"
#: The mode of a file that names none.
ONLY_MODE = "output"
_LABEL = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")
_MODE = re.compile(r"[A-Za-z0-9.-]+")


class Output(NamedTuple):
    """One output: which pair and which mode."""

    content: str
    style: str
    mode: str


@dataclass(frozen=True)
class WrongSize:
    """A picture that has not the size of its content picture.

    Attributes:
        path: the file.
        found: its (height, width).
        expected: the (height, width) it should have.
    """

    path: Path
    found: tuple[int, int]
    expected: tuple[int, int]


@dataclass(frozen=True)
class ExternalMethod:
    """A method of which only the outputs are here.

    Attributes:
        label: the folder's name in small letters; safe as a folder name, and unique.
        title: what readers see: the name in method.toml, else the folder's.
        citation: where the method is described, if that is told.
        seconds_per_output: as its maker measured them on a machine of their own, if told.
        outputs: (content, style) -> mode -> picture file; only what can be used.
        missing: outputs without a file. The modes of a method are all those of any of its files.
        extra: files and folders that belong to no pair.
        wrong_size: pictures of another size than their content's; they are not in ``outputs``,
            nor missing.
    """

    label: str
    title: str
    citation: str | None
    seconds_per_output: float | None
    outputs: Mapping[tuple[str, str], Mapping[str, Path]]
    missing: tuple[Output, ...]
    extra: tuple[Path, ...]
    wrong_size: tuple[WrongSize, ...]


class _About(BaseModel):
    """What method.toml may say."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str | None = Field(default=None, pattern=r"^\S(.*\S)?$", max_length=100)
    citation: str | None = Field(default=None, min_length=1)
    seconds_per_output: float | None = Field(default=None, gt=0, allow_inf_nan=False)


def scan(
    folder: Path,
    contents: Sequence[str],
    styles: Sequence[str],
    size: Callable[[str], tuple[int, int]] | None = None,
) -> list[ExternalMethod]:
    """Find the outputs of every method in a folder, for the pairs of a data set.

    Every picture that belongs to a pair is opened once here, so that a bad file is told before
    hours of work. Names that begin with a dot are passed over.

    Args:
        folder: with one folder per method.
        contents: names of the content pictures, see `eval.data.dataset.Picture`.
        styles: names of the style pictures.
        size: content name -> (height, width) that its outputs must have; any size if None.

    Returns:
        the methods, by label.

    Raises:
        UserError: no such folder or no method in it, a method's name that is unsafe or used
            twice, a method.toml that cannot be used, a picture that cannot be read, or two ways
            to read a file's name.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder of outputs")
    inside = list(_visible(folder))
    for path in inside:
        if path.suffix.lower() in SUFFIXES and path.is_file():
            raise UserError(f"{path}: lies in no method's folder; put it into {folder}/METHOD/")
    methods: dict[str, ExternalMethod] = {}
    for path in inside:
        if path.is_dir():
            method = _scan_method(path, contents, styles, size)
            if method.label in methods:
                raise UserError(
                    f"{path}: another method's folder has this name but for capitals; rename one"
                )
            methods[method.label] = method
    if not methods:
        raise UserError(f"{folder}: no method's folder in it; put outputs into {folder}/METHOD/")
    return [methods[label] for label in sorted(methods)]


def load_outputs(method: ExternalMethod, content: str, style: str) -> dict[str, torch.Tensor]:
    """Read a method's outputs of one pair.

    Args:
        method: from `scan`.
        content: name of the content picture.
        style: name of the style picture.

    Returns:
        mode -> (1, 3, h, w), RGB in [0, 1].

    Raises:
        UserError: the method has no usable output of this pair, or a file cannot be read.
    """
    found = method.outputs.get((content, style))
    if not found:
        raise UserError(f"method '{method.label}' has no output of {content} × {style}")
    return {mode: load(path) for mode, path in found.items()}


def _scan_method(
    folder: Path,
    contents: Sequence[str],
    styles: Sequence[str],
    size: Callable[[str], tuple[int, int]] | None,
) -> ExternalMethod:
    label = folder.name.lower()
    if not _LABEL.fullmatch(label):
        raise UserError(
            f"{folder}: a method's folder may have letters, digits, dot, dash and underscore in "
            "its name, with a letter or digit first and last; rename it"
        )
    about = _read_about(folder / ABOUT)
    files, extra = _match(folder, contents, styles)
    wrong_size = []
    for output, path in files.items():
        height, width = load(path).shape[-2:]
        expected = (height, width) if size is None else size(output.content)
        if (height, width) != expected:
            wrong_size.append(WrongSize(path, (height, width), expected))
    unusable = {wrong.path for wrong in wrong_size}
    outputs: dict[tuple[str, str], dict[str, Path]] = {}
    for output, path in files.items():
        if path not in unusable:
            outputs.setdefault((output.content, output.style), {})[output.mode] = path
    modes = sorted({output.mode for output in files}) or [ONLY_MODE]
    wanted = [Output(*pair, mode) for pair in _pairs(contents, styles) for mode in modes]
    return ExternalMethod(
        label=label,
        title=about.name or folder.name,
        citation=about.citation,
        seconds_per_output=about.seconds_per_output,
        outputs=outputs,
        missing=tuple(output for output in wanted if output not in files),
        extra=extra,
        wrong_size=tuple(wrong_size),
    )


def _match(
    folder: Path, contents: Sequence[str], styles: Sequence[str]
) -> tuple[dict[Output, Path], tuple[Path, ...]]:
    """Return the pictures that belong to a pair, in the data set's order, and all other files."""
    files: dict[Output, Path] = {}
    extra = []
    for path in _visible(folder):
        is_picture = path.suffix.lower() == ".png" and path.is_file()
        readings = list(_readings(path.stem, contents, styles)) if is_picture else []
        if len(readings) > 1:
            ways = " or ".join(" × ".join(reading) for reading in readings)
            raise UserError(f"{path}: can be read as {ways}; rename the pictures of the data set")
        if not readings:
            if path.name != ABOUT:
                extra.append(path)
        elif readings[0] in files:
            raise UserError(
                f"{path}: is the same output as {files[readings[0]].name}; remove one of them"
            )
        else:
            files[readings[0]] = path
    order = {pair: place for place, pair in enumerate(_pairs(contents, styles))}
    in_order = sorted(files, key=lambda output: (order[output[:2]], output.mode))
    return {output: files[output] for output in in_order}, tuple(extra)


def _readings(stem: str, contents: Sequence[str], styles: Sequence[str]) -> Iterator[Output]:
    """Give every way to read CONTENT__STYLE or CONTENT__STYLE__MODE; names may hold ``__`` too."""
    for content, style in _pairs(contents, styles):
        pair = f"{content}__{style}"
        if stem == pair:
            yield Output(content, style, ONLY_MODE)
        elif stem.startswith(f"{pair}__") and _MODE.fullmatch(stem[len(pair) + 2 :]):
            yield Output(content, style, stem[len(pair) + 2 :])


def _pairs(contents: Sequence[str], styles: Sequence[str]) -> list[tuple[str, str]]:
    return [(content, style) for content in contents for style in styles]


def _read_about(path: Path) -> _About:
    if not path.exists():
        return _About()
    try:
        return _About.model_validate(read_toml(path))
    except ValidationError as error:
        raise wrong_value(path, error) from error


def _visible(folder: Path) -> list[Path]:
    """Return what lies in a folder, by name, but for names that begin with a dot."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise UserError(f"{folder}: cannot be read ({error.strerror})") from error
