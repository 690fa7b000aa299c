"""The list of what DFR's authors published beside their code: each file with its SHA-256.

``eval/data/published.csv`` has one line per file, named as in the authors' layout:
``content/NAME``, ``style/NAME``, and the outputs ``CONTENT_STYLE_LAMBDA/at_30_outputK.png`` (their
notebook) and ``at_3000_outputK.png`` (their train.py), K = 1 to 4. ``commit`` is one of the
repository's in which the file lies. ``mended_sha256`` stands where a file is cut short: that of the
file with the end marker of a JPEG behind it, so that any reader takes it; the pixels that are lost
are grey.

More pairs were published than are listed: only those whose files and hashes are known here are.
The outputs are known to lie at their addresses. Of the contents and styles the folder is known, and
one file in it: an address that is wrong is told by the first fetch.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from dfr.core.errors import UserError
from dfr.core.files import wrong_value
from eval.data.collection import web_address

BUILT_IN = Path(__file__).with_name("published.csv")
REPOSITORY_URL = "https://raw.githubusercontent.com/sonnguyen129/deep-feature-rotation"

_HASH = r"^[0-9a-f]{64}$"
_OUTPUT = re.compile(r"(?P<pair>.+_(?P<weight>\d(?:\.\d+)?))/(?P<source>at_\d+)_output[1-4]\.png")


class PublishedFile(BaseModel):
    """One file of the list.

    Attributes:
        file: its place in the authors' layout.
        sha256: of its bytes.
        size: how many bytes they are.
        commit: one in which it lies there.
        mended_sha256: of the file with its end mended, where it is cut short; else empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$")
    sha256: str = Field(pattern=_HASH)
    size: int = Field(ge=1, alias="bytes")
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    mended_sha256: str = ""

    @field_validator("mended_sha256")
    @classmethod
    def _hash(cls, text: str) -> str:
        if text and not re.fullmatch(_HASH, text):
            raise ValueError("is no SHA-256")
        return text

    @property
    def is_output(self) -> bool:
        """Whether it is an output, not a content or a style."""
        return not self.file.startswith(("content/", "style/"))

    @property
    def place(self) -> str:
        """Its place in a data folder."""
        kind, name = self.file.split("/")
        return {"content": f"contents/{name}", "style": f"styles/{name}"}.get(
            kind, f"published/{self.file}"
        )

    def url(self, base: str = REPOSITORY_URL) -> str:
        """Return its address.

        Raises:
            UserError: ``base`` is no web address.
        """
        folder = "data/demo" if self.is_output else "data"
        return f"{web_address(base)}/{self.commit}/{folder}/{quote(self.file)}"


@dataclass(frozen=True)
class ListedPair:
    """One content, one style and one lambda of the list.

    Attributes:
        name: CONTENT_STYLE_LAMBDA.
        content: file of the list.
        style: likewise.
        rotation_weight: lambda.
        outputs: source (``at_30`` or ``at_3000``) -> files of the list, for 0, 90, 180, 270.
    """

    name: str
    content: str
    style: str
    rotation_weight: float
    outputs: Mapping[str, tuple[str, ...]]

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that belongs to it."""
        return (
            self.content,
            self.style,
            *(file for files in self.outputs.values() for file in files),
        )


@dataclass(frozen=True)
class PublishedList:
    """Every listed file, by its place in the authors' layout."""

    files: Mapping[str, PublishedFile]

    @cached_property
    def pairs(self) -> tuple[ListedPair, ...]:
        """The pairs of the list, in its order.

        Raises:
            UserError: an output whose name says no pair, or not four of a source.
        """
        stems = {
            kind: {Path(file).stem: file for file in self.files if file.startswith(f"{kind}/")}
            for kind in ("content", "style")
        }
        found: dict[str, dict[str, list[str]]] = {}
        weights: dict[str, float] = {}
        for file, entry in self.files.items():
            if entry.is_output:
                match = _OUTPUT.fullmatch(file)
                if match is None:
                    raise UserError(f"{file}: the list of published outputs has no such names")
                found.setdefault(match["pair"], {}).setdefault(match["source"], []).append(file)
                weights[match["pair"]] = float(match["weight"])
        pairs = []
        for name, sources in found.items():
            names = [
                (content, style)
                for content in stems["content"]
                for style in stems["style"]
                if name.rpartition("_")[0] == f"{content}_{style}"
            ]
            if len(names) != 1 or any(len(files) != 4 for files in sources.values()):
                raise UserError(
                    f"{name}: the list of published outputs has not its content, its style and "
                    "four outputs of each source"
                )
            pairs.append(
                ListedPair(
                    name=name,
                    content=stems["content"][names[0][0]],
                    style=stems["style"][names[0][1]],
                    rotation_weight=weights[name],
                    outputs={source: tuple(sorted(files)) for source, files in sources.items()},
                )
            )
        return tuple(pairs)


def read_published(path: Path = BUILT_IN) -> PublishedList:
    """Read a list of published files.

    Raises:
        UserError: it is missing, no CSV, or holds a wrong value or a file twice.
    """
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            files = [PublishedFile.model_validate(row) for row in csv.DictReader(stream)]
    except FileNotFoundError as error:
        raise UserError(f"{path}: no such list of published files") from error
    except ValidationError as error:
        raise wrong_value(path, error) from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path}: cannot be read as CSV ({error})") from error
    listed = {entry.file: entry for entry in files}
    if not files or len(listed) < len(files):
        raise UserError(f"{path}: names no file, or one of them twice")
    return PublishedList(listed)
