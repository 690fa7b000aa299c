"""What an entry says: the models of its ``entry.json``, which `eval.submissions.entry_file` reads.

NAME.zip
  entry.json                        see `Entry`; sealed like the files of a run
  outputs/CONTENT/STYLE/MODE.png    as the run kept them

One file can be sent and stored as it is. Nothing in it is compressed again (PNG is already), in one
order and with one date, so the same run gives the same bytes. Contents and styles are not in it:
whoever checks it takes them from the set itself, so that nobody can send others.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from dfr.core.images import MIN_SIDE
from eval.measures.registry import DEFAULT, DEFAULT_OUTPUT_COLUMNS, OUTPUT_MEASURES, columns_of
from eval.submissions.form import Form

MANIFEST = "entry.json"
#: The columns that an entry has of every output, and of every two: what each run takes as it goes.
OUTPUT_COLUMNS = DEFAULT_OUTPUT_COLUMNS
PAIR_COLUMNS = tuple(c for name in DEFAULT if name not in OUTPUT_MEASURES for c in columns_of(name))

_PART = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
_HASH = r"^[0-9a-f]{64}$"
Part = Annotated[str, Field(pattern=_PART)]
Hash = Annotated[str, Field(pattern=_HASH)]
Number = Annotated[float, Field(allow_inf_nan=False)] | None
_TEXTS = {"content", "style", "mode", "mode_a", "mode_b"}


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    for name, value in row.items():
        if isinstance(value, str) != (name in _TEXTS):
            raise ValueError(f"'{name}' is {value!r}")
    return row


Row = Annotated[dict[str, Part | Number], AfterValidator(_numbers)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Source(_Strict):
    """A content or a style of the set: its name in cells, its file's name, and its SHA-256."""

    name: Part
    file: Part
    sha256: Hash


class Pictures(_Strict):
    """Which set, which of its pictures, and how they are brought to the working size.

    Attributes:
        name: of the set, see `eval.submissions.sets`.
        contents: in order.
        styles: likewise.
        size: see `dfr.core.images.Size`.
        resizing: see `dfr.core.image_settings.ImageSettings`.
        saving: likewise.
    """

    name: Part
    contents: tuple[Source, ...] = Field(min_length=1, max_length=1000, strict=False)
    styles: tuple[Source, ...] = Field(min_length=1, max_length=1000, strict=False)
    size: str = Field(max_length=20)
    resizing: str = Field(max_length=20)
    saving: str = Field(max_length=20)


class Weights(_Strict):
    """The weights of VGG-19, which measures too."""

    source: str = Field(max_length=500)
    sha256: Hash


class Checkpoint(_Strict):
    """Whose weights a method has, and its files with their SHA-256."""

    whose: str = Field(max_length=500)
    files: dict[str, Hash]


class Made(_Strict):
    """How the outputs were made, as the run tells it.

    Attributes:
        label: of the method in the run.
        method: its name in the table of methods; ``external`` where only its outputs were there.
        settings: all of them.
        packages: what other packages brought to it, with their versions.
        weights: of VGG-19.
        checkpoint: the method's own trained weights; None where it has none.
        precision: of the encoder that stylizes.
        seed: of the run.
    """

    label: str
    method: str
    settings: dict[str, Any]
    packages: dict[str, str]
    weights: Weights
    checkpoint: Checkpoint | None
    precision: str
    seed: int


class Environment(_Strict):
    """Where outputs were made, see `dfr.core.provenance.environment`."""

    version: str
    git: str
    device: str
    system: str
    cores: int | None
    threads: int
    workers: int
    libraries: dict[str, str]

    @property
    def machine(self) -> str:
        """What seconds can be compared within."""
        return (
            f"{self.device}, {self.system}, cores: {self.cores or 'unknown'}, threads: "
            f"{self.threads}, processes: {self.workers}"
        )


class Cost(_Strict):
    """What the outputs of a pair cost, see `eval.runs.cell`."""

    computed: Number
    iterations: Number
    evaluations: Number
    seconds: Number
    seconds_targets: Number
    seconds_per_output: Number
    peak_memory_mb: Number
    memory_kind: str | None
    rows_beside: Number


class Measures(_Strict):
    """The measures of a cell: a row for each output, and a row for every two."""

    outputs: list[Row]
    pairs: list[Row]


class Cell(_Strict):
    """The outputs of one pair; see `eval.runs.store` for what is not told here.

    Attributes:
        size: height and width.
        files: mode -> SHA-256 of its picture.
        environment: which of the entry's environments it was made in.
    """

    content: Part
    style: Part
    size: tuple[int, int] = Field(strict=False)
    files: dict[Part, Hash] = Field(min_length=1, max_length=100)
    measures: Measures
    cost: Cost
    same_as: dict[str, str]
    twin_of: dict[str, str]
    environment: int = Field(ge=0)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        where = f"{self.content} × {self.style}"
        if not all(MIN_SIDE <= side <= 10_000 for side in self.size):
            raise ValueError(f"{where}: no picture has the size {self.size}")
        self._check_rows([row.get("mode") for row in self.measures.outputs], list(self.files))
        for rows, keys, columns in (
            (self.measures.outputs, {"mode"}, OUTPUT_COLUMNS),
            (self.measures.pairs, {"mode_a", "mode_b"}, PAIR_COLUMNS),
        ):
            if any(set(row) != keys | set(columns) for row in rows):
                raise ValueError(f"{where}: has not the measures {', '.join(columns)}")
        self._check_rows(
            [(row["mode_a"], row["mode_b"]) for row in self.measures.pairs],
            list(combinations(self.files, 2)),
        )
        if any(value is None for row in self.measures.pairs for value in row.values()):
            raise ValueError(f"{where}: a distance between two outputs is no number")
        named = {*self.twin_of, *self.twin_of.values(), *self.same_as, *self.same_as.values()}
        if not named <= set(self.files):
            raise ValueError(f"{where}: names outputs that are not there")
        if any(self.twin_of.get(first, first) != first for first in self.twin_of.values()):
            raise ValueError(f"{where}: a twin's first output is a twin itself")
        return self

    def _check_rows(self, found: list[Any], wanted: list[Any]) -> None:
        if found != wanted:
            raise ValueError(
                f"{self.content} × {self.style}: its measures are not those of its outputs"
            )


class Entry(_Strict):
    """What ``entry.json`` holds, but for its seal.

    Attributes:
        format: of this file.
        form: who submits, and what.
        pictures: the set.
        made: how.
        environments: where.
        cells: one per pair, content by content.
        controls: the rows of the run's controls, see `eval.runs.controls`; may be empty.
    """

    format: Literal[1]
    form: Form
    pictures: Pictures
    made: Made
    environments: list[Environment] = Field(min_length=1)
    cells: list[Cell]
    controls: list[Row]

    @model_validator(mode="after")
    def _every_pair(self) -> Self:
        names = ([s.name for s in self.pictures.contents], [s.name for s in self.pictures.styles])
        for each in names:
            if len(set(each)) < len(each):
                raise ValueError("a picture of the set stands there twice")
        wanted, found = list(product(*names)), [(cell.content, cell.style) for cell in self.cells]
        if found != wanted:
            raise ValueError(
                f"has {len(found)} pairs, and not each content with each style ({len(wanted)})"
            )
        if any(set(row) != {"content", "style", "mode", *OUTPUT_COLUMNS} for row in self.controls):
            raise ValueError("its controls have not the measures of outputs")
        for cell in self.cells:
            if cell.environment >= len(self.environments):
                raise ValueError(f"{cell.content} × {cell.style}: was made nowhere")
            if list(cell.files) != list(self.cells[0].files):
                raise ValueError(f"{cell.content} × {cell.style}: has other outputs than the first")
        return self

    @property
    def modes(self) -> tuple[str, ...]:
        """The names of the outputs."""
        return tuple(self.cells[0].files)

    def rows(self) -> list[dict[str, Any]]:
        """Return its cells as `eval.runs.tables.tables` takes them; the label is its name."""
        return [
            {
                **cell.model_dump(),
                "label": self.form.name,
                "method": self.made.method,
                "curves": {},
                "losses": {},
            }
            for cell in self.cells
        ]


def member(content: str, style: str, mode: str) -> str:
    """Return where an output lies in an entry's file."""
    return f"outputs/{content}/{style}/{mode}.png"
