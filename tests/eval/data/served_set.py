"""A small collection on a real local server, for the tests of downloads."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dfr.core.download import Transfer
from dfr.core.errors import UserError

#: Of a busy machine no file is given up that only comes late; where a server stalls, soon.
CALM = Transfer(timeout=30, retries=2, pause=0.01)
QUICK = Transfer(timeout=0.7, retries=2, pause=0.01, patience=2.0)
CONTENTS = ["000000000785.jpg", "000000040083.jpg", "000000142238.jpg"]
#: A name in Commons' own manner: blanks, accents, brackets, a comma, an apostrophe and a %.
STYLES = {"night": "Nuit étoilée (100%), l'œuvre.jpg", "wave": "Great Wave.png"}
FILES = [*(f"contents/{name}" for name in CONTENTS), "styles/night.jpg", "styles/wave.png"]
FIRST = CONTENTS[0]

TOML = "\n".join(
    [
        *(
            f'[[contents]]\nid = {int(name[:12])}\nfile = "{name}"\nlicence = {k}\nshows = "a cat"'
            for k, name in enumerate(CONTENTS)
        ),
        *(
            f'[[styles]]\nname = "{name}"\nartist = "A Painter"\ndied = 1900\ntitle = "A Work"\n'
            f'year = 1880\nmovement = "Realism"\npublic_domain = true\n'
            f'wikiart = "https://www.wikiart.org/en/a/b"\ncommons = "{commons}"\n'
            'verified = ["commons"]'
            for name, commons in STYLES.items()
        ),
    ]
)


def picture_bytes(seed: int, kind: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    noise = np.random.default_rng(seed).integers(0, 255, (120, 160, 3), dtype=np.uint8)
    Image.fromarray(noise).save(stream, format=kind)
    return stream.getvalue()


def refused(get, transfer: Transfer = CALM) -> str:
    with pytest.raises(UserError) as caught:
        get(transfer)
    return str(caught.value)


def quick_or_calm(request: pytest.FixtureRequest) -> Transfer:
    """Return how to fetch in the case of this name."""
    case = request.node.callspec.id
    return QUICK if any(word in case for word in ("stalled", "mute", "trickling")) else CALM


def there(folder: Path) -> list[str]:
    """Every visible file of a data folder, and every hidden one that should have gone."""
    return sorted(
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and file.name != ".lock"
    )
