"""Build the report of a run: one page without outside parts, a summary, tables, figures."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import jinja2
from PIL import Image

from dfr.files import writable_folder, write_text
from reports.certainty import certainty_tables, intervals, variance
from reports.claims import all_claims
from reports.data import read_run
from reports.figures import all_figures
from reports.plotstyle import Figure
from reports.tables import (
    claims_table,
    external_notes,
    failures,
    keep_tables,
    modes,
    not_supplied,
    readable,
    readable_tests,
    summary,
)


def build_report(run: Path, out: Path | None = None) -> Path:
    """Build the report of a run.

    Writes ``index.html`` (self-contained), ``report.md``, ``tables/*.csv|parquet`` and
    ``figures/*.png|svg|csv``.

    Args:
        run: folder of the run; it may be half-finished, which the page then says.
        out: folder of the report; ``RUN/report`` if None.

    Returns:
        path of the page.

    Raises:
        UserError: no run there, a changed cell, or a folder that cannot be written.
    """
    data = read_run(run)
    folder = writable_folder(out if out is not None else run / "report")
    certainty = certainty_tables(data)
    figures = [
        *all_figures(data, folder / "figures"),
        intervals(data, certainty, folder / "figures"),
        variance(certainty, folder / "figures"),
    ]
    claims = all_claims(data)
    methods, per_mode = summary(data), modes(data)
    keep_tables(
        {
            "methods": methods,
            "modes": per_mode,
            "claims": claims_table(claims),
            **certainty,
            **data.tables,
        },
        folder / "tables",
    )
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=lambda name: bool(name and name.startswith("report.html")),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["readable"] = readable
    environment.filters["embed"] = _embed
    shown = {
        "run": data,
        "figures": [figure for figure in figures if figure and figure.on_page],
        "more_sheets": sum(not figure.on_page for figure in figures if figure),
        "tests": readable_tests(data, certainty["tests"]),
        "claims": claims,
        "methods": methods,
        "modes": per_mode,
        "failures": failures(data),
        "external": external_notes(data),
        "not_supplied": not_supplied(data),
    }
    for name in ("report.md", "report.html"):
        text = environment.get_template(f"{name}.j2").render(shown)
        write_text(folder / name.replace("report.html", "index.html"), text)
    return folder / "index.html"


def _embed(figure: Figure) -> str:
    """Return a figure as a data URL; sheets of pictures as JPEG, which keeps the page small."""
    content, kind = figure.png.read_bytes(), "png"
    if figure.photo:
        stream, kind = io.BytesIO(), "jpeg"
        with Image.open(figure.png) as picture:
            picture.convert("RGB").save(stream, format="JPEG", quality=88)
        content = stream.getvalue()
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
