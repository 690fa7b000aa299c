"""What pages are made with: templates, and parts and data that stand in a page as they are."""

from __future__ import annotations

import json
from pathlib import Path

import jinja2
from markupsafe import Markup


def environment(folder: Path) -> jinja2.Environment:
    """Return the templates of a folder; those of pages escape what they are given."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=lambda name: bool(name and name.endswith(".html.j2")),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def parts(folder: Path, *names: str) -> Markup:
    """Return files of a folder as they are, one after the other."""
    return Markup("").join(Markup((folder / name).read_text(encoding="utf-8")) for name in names)


def json_in_script(content: object) -> Markup:
    """Return JSON that can stand in a script element: no name in it can end that element."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Markup(text.replace("<", "\\u003c"))
