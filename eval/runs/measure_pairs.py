"""Measure outputs of a run again, from the pictures that it keeps: one measure, one file."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from dfr.core.errors import UserError
from dfr.core.images import load
from dfr.core.provenance import environment
from dfr.network import hed
from dfr.network.encoder import Encoder
from dfr.network.lpips import TRUNKS
from dfr.objective.objective import yardstick
from eval.measures.context import LAYERS, Context
from eval.measures.pca_bases import PcaBases, fit_bases
from eval.measures.registry import (
    DEFAULT,
    MEASURES,
    OUTPUT_MEASURES,
    brought,
    columns_of,
    measure,
)
from eval.runs.added import CONTROLS_FILE, FOLDER, Added, key_of
from eval.runs.controls import control_rows
from eval.runs.run_weights import weights_of
from eval.runs.store import RunStore
from eval.runs.tools import lpips_of

#: Seconds after which what was measured so far is written.
EVERY = 60.0

Tell = Callable[[str], None]
Row = dict[str, Any]


@dataclass
class Instruments:
    """What the measures of pairs look with, each made when it is first needed.

    Attributes:
        store: the run.
        device: where to compute.
        made: what is made: ``encoder`` (max pooling, fp32), ``lpips`` by trunk, ``bases``.
    """

    store: RunStore
    device: torch.device
    made: dict[str, Any] = field(default_factory=dict)

    def prepare(self, name: str) -> bool:
        """Make what one measure needs; True when all of it is there.

        Raises:
            UserError: weights are not here, or are not those of the run.
        """
        _ = self.encoder  # every measure has a yardstick
        theirs = None if name == CONTROLS_FILE else brought(name)
        if theirs is not None:
            theirs.load()
        needs = {need for each in of(name) for need in MEASURES[each].needs}
        if "lpips" in needs and "lpips" not in self.made:
            self.made["lpips"] = {trunk: lpips_of(trunk, self.device) for trunk in TRUNKS}
        if "bases" in needs and "bases" not in self.made:
            contents = self.store.description["identity"]["contents"]
            files = [self._content(item["name"]) for item in contents]
            self.made["bases"] = fit_bases(map(load, files), self.encoder)
        if "hed" in needs:
            hed.load_hed(self.device)
        return True

    @property
    def encoder(self) -> Encoder:
        """That of the run, in fp32."""
        if "encoder" not in self.made:
            weights = weights_of(self.store.description["identity"])
            self.made["encoder"] = Encoder(weights).to(self.device)
        encoder: Encoder = self.made["encoder"]
        return encoder

    def context(self, content: str, style: str, size: Sequence[int]) -> Context:
        """Return the context of a pair, without outputs."""
        height, width = size
        one, other = (
            load(self.store.picture_path(kind, name, height, width))
            for kind, name in (("content", content), ("style", style))
        )
        return Context(
            content=one,
            style=other,
            outputs={},
            yardstick=yardstick(one.to(self.device), other.to(self.device), self.encoder),
            encoder=self.encoder,
            lpips=self.made.get("lpips", {}),
            bases=self.made.get("bases", PcaBases({}, {})),
        )

    def weights(self, name: str) -> dict[str, str]:
        """Return the SHA-256 of what a measure looks with, by name of the network."""
        found = {"vgg19": self.encoder.weights.sha256}
        if "hed" in MEASURES[of(name)[0]].needs:
            found["hed"] = hed.SHA256
        return found

    def _content(self, name: str) -> Path:
        found = list(self.store.folder.glob(f"pictures/content/*/{name}.png"))
        if not found:
            raise UserError(
                f"{self.store.folder}: keeps no picture of the content {name}, which the E "
                "statistic's directions are fitted to"
            )
        return found[0]


@dataclass
class Book:
    """The file of one measure while it is filled.

    Attributes:
        store: the run.
        name: of the measure.
        rows: key, see `eval.runs.added.key_of` -> the row.
    """

    store: RunStore
    name: str
    rows: dict[tuple[str, ...], Row] = field(default_factory=dict)

    @classmethod
    def open(cls, store: RunStore, name: str) -> Book:
        """Go on with what is there."""
        before = Added.read(store.folder).files.get(name, {"rows": []})
        return cls(store, name, {key_of(row): dict(row) for row in before["rows"]})

    def add(self, row: Mapping[str, Any]) -> None:
        """Take in a row, in the place of an older one of the same outputs."""
        self.rows[key_of(row)] = dict(row)

    def write(self, instruments: Instruments) -> None:
        """Write the file."""
        self.store.write_sealed(
            f"{FOLDER}/{self.name}.json",
            {
                "measure": self.name,
                **self._package(),
                "environment": environment(instruments.device),
                "weights": instruments.weights(self.name),
                "rows": list(self.rows.values()),
            },
        )

    def _package(self) -> dict[str, str]:
        theirs = None if self.name == CONTROLS_FILE else brought(self.name)
        return {} if theirs is None else {"package": theirs.package}


def of(name: str) -> tuple[str, ...]:
    """Return the measures that a file's name stands for: itself, or the controls' many."""
    return DEFAULT if name == CONTROLS_FILE else (name,)


def lacking(store: RunStore, cells: Sequence[Row]) -> list[str]:
    """Return the measures of pairs that some output of a run lacks, and the controls likewise.

    Args:
        store: the run.
        cells: all of it, see `eval.runs.store.RunStore.cells`.
    """
    controls = Added.read(store.folder).controls()
    names = [name for name in MEASURES if any(_lacks(cell, name) for cell in cells)]
    wanted = {(cell["content"], cell["style"]) for cell in cells}
    whole = {(row["content"], row["style"]) for row in controls if DEFAULT[0] in row}
    return names if wanted <= whole else [CONTROLS_FILE, *names]


def measure_pairs(
    store: RunStore,
    cells: Sequence[Row],
    names: Sequence[str],
    instruments: Instruments,
    tell: Tell = lambda _: None,
) -> None:
    """Measure what outputs and controls of a run lack, and write it into the run's folder.

    What was measured stays when it is stopped, and is not measured again.

    Args:
        store: the run.
        cells: all of it, as for `lacking`.
        names: of measures of outputs or of two outputs, and ``controls``.
        instruments: with what these need, see `Instruments.prepare`.
        tell: told which pair is measured.

    Raises:
        UserError: a picture was changed or is not there.
    """
    pairs: dict[tuple[str, str], list[Row]] = {}
    for cell in cells:
        pairs.setdefault((cell["content"], cell["style"]), []).append(cell)
    controls = {key_of(row): row for row in Added.read(store.folder).controls()}
    books = {name: Book.open(store, name) for name in names}
    written = time.monotonic()
    try:
        for number, (pair, its_cells) in enumerate(pairs.items(), 1):
            tell(f"[{number}/{len(pairs)}] {pair[0]} × {pair[1]}")
            context = instruments.context(*pair, its_cells[0]["size"])
            for cell in its_cells:
                _measure_cell(store, cell, context, books)
            for name in names:
                todo = [each for each in of(name) if _no_control(controls, pair, each)]
                for row in control_rows(context, pair, todo) if todo else ():
                    books[name].add(row)
                    controls.setdefault(key_of(row), {}).update(row)
            if time.monotonic() - written > EVERY:
                _write(books.values(), instruments)
                written = time.monotonic()
    finally:
        _write(books.values(), instruments)


def _measure_cell(store: RunStore, cell: Row, context: Context, books: Mapping[str, Book]) -> None:
    names = [name for name in books if name in MEASURES and _lacks(cell, name)]
    if not names:
        return
    folder = store.cell_folder(cell["content"], cell["style"], cell["label"])
    outputs = {mode: load(folder / item["file"]) for mode, item in cell["files"].items()}
    # What is remembered of pictures is let go with the cell.
    eye = context.encoder.remembering(LAYERS)
    found = measure(replace(context, outputs=outputs, encoder=eye), names)
    key = {name: cell[name] for name in ("content", "style", "label")}
    for name in names:
        for row in found["outputs" if name in OUTPUT_MEASURES else "pairs"]:
            modes = {k: v for k, v in row.items() if k in ("mode", "mode_a", "mode_b")}
            hashes = [cell["files"][mode]["sha256"] for mode in modes.values()]
            numbers = {column: row[column] for column in columns_of(name)}
            books[name].add({**key, **modes, "sha256": hashes, **numbers})


def _lacks(cell: Row, name: str) -> bool:
    rows = cell["measures"]["outputs" if name in OUTPUT_MEASURES else "pairs"]
    return any(column not in row for row in rows for column in columns_of(name))


def _no_control(controls: Mapping[tuple[str, ...], Row], pair: tuple[str, str], name: str) -> bool:
    if name not in OUTPUT_MEASURES:
        return False
    mine = [row for key, row in controls.items() if key[:2] == pair]
    return not mine or any(column not in row for row in mine for column in columns_of(name))


def _write(books: Iterable[Book], instruments: Instruments) -> None:
    for book in books:
        book.write(instruments)
