"""The collection: which MSCOCO photographs and which paintings the benchmark asks for.

``eval/data/collection.toml`` names them; `eval.data.fetch` downloads them, and
`eval.data.folder_import` takes local copies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Literal, Self
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dfr.core.errors import UserError
from dfr.core.files import read_toml, wrong_value

BUILT_IN = Path(__file__).with_name("collection.toml")
COCO_URL = "http://images.cocodataset.org/val2017"
COMMONS_URL = "https://commons.wikimedia.org/wiki/Special:FilePath"
#: Commons scales a painting down to this width; the originals can have 100 million pixels.
COMMONS_WIDTH = 1280

#: The licence ids of MSCOCO's annotation files. 0 stands in none of them.
LICENCES: Mapping[int, str] = MappingProxyType(
    {
        0: "not verified",
        1: "CC BY-NC-SA 2.0",
        2: "CC BY-NC 2.0",
        3: "CC BY-NC-ND 2.0",
        4: "CC BY 2.0",
        5: "CC BY-SA 2.0",
        6: "CC BY-ND 2.0",
        7: "no known copyright restrictions",
        8: "United States government work",
    }
)

#: MSCOCO's own file names: 12 digits, before 2017 with the name of the part before them.
_COCO_NAME = re.compile(r"(?:COCO_(?:train|val|test)20\d\d_)?(\d{12})\.jpg", re.IGNORECASE)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Content(_Model):
    """One MSCOCO photograph.

    Attributes:
        id: MSCOCO's image id.
        file: its file name, 12 digits.
        licence: a key of `LICENCES`.
        shows: what is to be seen, in a few words.
    """

    id: int = Field(ge=1)
    file: str = Field(pattern=r"^\d{12}\.jpg$")
    licence: int
    shows: str = Field(min_length=1)

    @field_validator("licence")
    @classmethod
    def _known(cls, licence: int) -> int:
        if licence not in LICENCES:
            raise ValueError(f"is {licence}, but MSCOCO's licence ids are {min(LICENCES)} to "
                             f"{max(LICENCES)}")  # fmt: skip
        return licence

    @model_validator(mode="after")
    def _one_id(self) -> Self:
        if int(self.file[:12]) != self.id:
            raise ValueError(f"file {self.file} is not that of image {self.id}")
        return self


class Style(_Model):
    """One painting.

    Attributes:
        name: short unique name, safe as a file name.
        artist: who painted it.
        died: the year of the artist's death, on which the copyright hangs.
        title: of the work.
        year: in which it was painted; text where it is not known exactly.
        movement: WikiArt's style.
        public_domain: why, or whether, it is in the public domain.
        wikiart: its page at WikiArt, or its artist's.
        commons: its file's name at Wikimedia Commons.
        verified: which of its WikiArt page and its Commons name an independent source confirms.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
    artist: str = Field(min_length=1)
    died: int
    title: str = Field(min_length=1)
    year: int | str
    movement: str = Field(min_length=1)
    public_domain: bool | str
    wikiart: str = Field(pattern=r"^https://www\.wikiart\.org/\S+$")
    commons: str = Field(pattern=r"^[^/\\\x00-\x1f#<>\[\]|{}]+\.(?i:jpe?g|png|tiff?|webp)$")
    verified: tuple[Literal["wikiart", "commons"], ...]

    @property
    def suffix(self) -> str:
        """The ending of the file as Commons scales it: JPEG, but of a PNG a PNG."""
        return ".png" if self.commons.lower().endswith(".png") else ".jpg"


@dataclass(frozen=True)
class Wanted:
    """One file of the collection.

    Attributes:
        file: its place in the data folder, such as ``contents/000000000785.jpg``.
        url: from where.
        about: what `eval.data.lock.LockedFile` says of it beside its hash, size and source.
        sha256: what its hash must be, where that is known.
    """

    file: str
    url: str
    about: Mapping[str, Any]
    sha256: str = ""


class Collection(_Model):
    """Contents and styles, in the order in which a run takes them."""

    contents_from: ClassVar[str] = "MSCOCO val2017"
    styles_from: ClassVar[str] = "paintings from Wikimedia Commons"
    instead: ClassVar[str] = (
        "take local folders with `dfr data import`; without either, `dfr reproduce` uses the "
        "embedded set"
    )

    contents: tuple[Content, ...] = Field(min_length=1)
    styles: tuple[Style, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> Self:
        for kind, names in (
            ("contents: id", [str(content.id) for content in self.contents]),
            ("styles: name", [style.name for style in self.styles]),
            ("styles: commons", [style.commons for style in self.styles]),
        ):
            twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
            if twice:
                raise ValueError(f"{kind} {twice[0]} stands there twice")
        return self

    def files(self, coco_url: str = COCO_URL, commons_url: str = COMMONS_URL) -> list[Wanted]:
        """Return every file, contents first.

        Args:
            coco_url: the folder in which MSCOCO's val2017 lies.
            commons_url: what stands before a file's name at Wikimedia Commons.

        Raises:
            UserError: one of them is no web address.
        """
        bases = [web_address(url) for url in (coco_url, commons_url)]
        return [
            *(
                Wanted(f"contents/{item.file}", f"{bases[0]}/{item.file}", about_content(item))
                for item in self.contents
            ),
            *(
                Wanted(
                    f"styles/{item.name}{item.suffix}",
                    f"{bases[1]}/{quote(item.commons, safe='')}?width={COMMONS_WIDTH}",
                    about_style(item),
                )
                for item in self.styles
            ),
        ]


def about_content(content: Content) -> dict[str, Any]:
    """Return what a lock file says of a photograph."""
    return {
        "title": content.shows,
        "licence": LICENCES[content.licence],
        "verified": content.licence != 0,
    }


def about_style(style: Style) -> dict[str, Any]:
    """Return what a lock file says of a painting."""
    stated = style.public_domain
    return {
        "title": style.title,
        "artist": style.artist,
        "year": str(style.year),
        "movement": style.movement,
        "licence": stated if isinstance(stated, str) else "public domain" if stated else "unknown",
        "verified": "commons" in style.verified,
    }


def coco_id(name: str) -> int | None:
    """Return the image id in a file name of MSCOCO, or None if it is not one."""
    match = _COCO_NAME.fullmatch(name)
    return None if match is None else int(match[1])


def web_address(url: str) -> str:
    """Return a base address without its last slash.

    Raises:
        UserError: it does not begin with http:// or https://.
    """
    if not re.match(r"https?://[^/\s]+", url):
        raise UserError(f"'{url}': is no web address; it must begin with http:// or https://")
    return url.rstrip("/")


def read_collection(path: Path = BUILT_IN) -> Collection:
    """Read a collection file.

    Raises:
        UserError: it is missing, not TOML, or holds a wrong value.
    """
    try:
        return Collection.model_validate(read_toml(path, "collection file"))
    except ValidationError as error:
        raise wrong_value(path, error) from error
