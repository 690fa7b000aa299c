"""Entries that somebody changed after they were packed."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from dfr.core.files import as_json, seal_of
from eval.submissions.entry import MANIFEST

Files = dict[str, bytes]


def repack(source: Path, out: Path, change: Callable[[dict[str, Any], Files], None]) -> Path:
    """Write an entry, sealed again, after ``change`` had its manifest and its pictures."""
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(files.pop(MANIFEST))
    del manifest["seal"]
    change(manifest, files)
    manifest = json.loads(as_json(manifest))
    text = as_json({**manifest, "seal": seal_of(manifest)})
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(MANIFEST, text)
        for name, content in files.items():
            archive.writestr(name, content)
    return out


def rehash(manifest: dict[str, Any], files: Files) -> None:
    """Let the manifest name the hashes of the pictures that are there."""
    for cell in manifest["cells"]:
        for mode in cell["files"]:
            content = files[f"outputs/{cell['content']}/{cell['style']}/{mode}.png"]
            cell["files"][mode] = hashlib.sha256(content).hexdigest()


def png(width: int, height: int, mode: str = "RGB", kind: str = "PNG") -> bytes:
    """A picture file."""
    stream = io.BytesIO()
    Image.new(mode, (width, height)).save(stream, format=kind)
    return stream.getvalue()
