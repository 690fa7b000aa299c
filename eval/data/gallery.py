"""One picture of a data folder: its contents and its styles, each with its label."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont
from PIL.Image import Resampling

from dfr.core.contact_sheet import contact_sheet
from dfr.core.images import load, to_image
from eval.data.lock import KINDS, Lock, LockedFile

_PLACE = (240, 320)  # height and width of a picture's place
_COLUMNS, _HEADING, _GAP = 5, 44, 8
_TITLES = {"contents": "Contents", "styles": "Styles"}


def draw_set(folder: Path, lock: Lock) -> Image.Image:
    """Draw all pictures of a data folder, contents above styles.

    Args:
        folder: the data folder.
        lock: what lies there, see `eval.data.lock.open_locked`.

    Raises:
        UserError: a picture cannot be read.
    """
    parts: list[Image.Image] = []
    for kind in KINDS:
        files = lock.of(kind)
        if not files:
            continue
        cells = [(label(file, entry), _placed(folder / file)) for file, entry in files.items()]
        rows = [cells[k : k + _COLUMNS] for k in range(0, len(cells), _COLUMNS)]
        origin = lock.contents_from if kind == "contents" else lock.styles_from
        parts.append(_heading(f"{_TITLES[kind]}: {len(files)}, from {origin}"))
        parts.append(contact_sheet(rows))
    width = max(part.width for part in parts)
    sheet = Image.new("RGB", (width, sum(part.height for part in parts)), "white")
    top = 0
    for part in parts:
        sheet.paste(part, (0, top))
        top += part.height
    return sheet


def label(file: str, entry: LockedFile) -> str:
    """Return what stands above a picture: a painting's artist and title, or what is shown."""
    if entry.artist:
        surname = entry.artist.split()[-1]
        return ", ".join(part for part in (f"{surname}: {entry.title}", entry.year) if part)
    name = Path(file).stem
    return f"{name.lstrip('0') if name.isdigit() else name}  {entry.title}".strip()


def _placed(path: Path) -> Image.Image:
    """Return a picture as large as fits into its place, on white, so that all places are alike."""
    height, width = _PLACE
    ground = Image.new("RGB", (width, height), "white")
    picture = to_image(load(path))
    scale = min(width / picture.width, height / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    ground.paste(picture.resize(size, Resampling.LANCZOS), (0, 0))
    return ground


def _heading(text: str) -> Image.Image:
    import matplotlib

    font_file = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans-Bold.ttf"
    font = ImageFont.truetype(font_file, 17)
    width = _GAP * 2 + round(font.getlength(text))
    band = Image.new("RGB", (width, _HEADING), "white")
    ImageDraw.Draw(band).text((_GAP, _HEADING // 2), text, fill="black", font=font, anchor="lm")
    return band
