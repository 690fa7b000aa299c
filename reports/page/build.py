"""Build the report of a run: one page without outside parts, a summary, tables, figures."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import jinja2
from markupsafe import Markup
from PIL import Image

from dfr.core.files import writable_folder, write_text
from eval.analysis.crossed import MANY
from eval.analysis.diversity import FAITHFUL_COHERENCE, FAITHFUL_GAP
from reports.claims.rules import all_claims, claims_table
from reports.figures.certainty import intervals, variance
from reports.figures.charts import all_figures
from reports.figures.plotstyle import DOTS_PER_INCH, Figure
from reports.figures.scale_kept import kept_figures
from reports.inputs.run_data import RunData, read_run
from reports.page import citations
from reports.page.cards import method_cards
from reports.page.findings import findings
from reports.page.notes import external_notes, failures, not_supplied, trained_here
from reports.page.pictures import pictures
from reports.page.published import published_section
from reports.page.templating import environment, json_in_script, parts
from reports.reference.comparison import compare_with_reference
from reports.tables.best import best_of, readable_best
from reports.tables.certainty import certainty_tables
from reports.tables.diversity import above_chance
from reports.tables.files import keep_tables
from reports.tables.methods import DIVERSITY, summary
from reports.tables.outputs import (
    controls_table,
    layers_table,
    mode_means,
    outputs_table,
    over_run_table,
    titles,
)
from reports.tables.protocol import is_of_the_protocol, protocol_table
from reports.tables.published import FOLDER as PUBLISHED
from reports.tables.readable import readable, readable_solvers, readable_tests
from reports.tables.scale import readable_summary
from reports.tables.solver_effect import SOLVER_NOTE, solver_effect
from reports.tables.user_study import study_table
from reports.votes.section import vote_section

#: The figures that a section shows where it speaks of them (sheets of pictures stand with the
#: pictures). All others stand under "More figures".
_PLACED = (
    "all_methods", "mode_audit", "lambda_sweep", "loss_curves", "intervals",
    "effectiveness_and_coherence", "style_against_content", "diversity", "quality_and_diversity",
    "variance", "vote_shares", "time_by_method", "time_by_outputs", "time_by_pixels",
    "loop_against_vectorized",
)  # fmt: skip
_SHEET = "contact_sheet_"
#: What a claim's evidence can be, besides a figure.
_ANCHORS = ("modes", "authors_contents")
#: Of the page, to an inch of a chart.
_PAGE_DOTS = 100
_TEMPLATES = Path(__file__).parent / "templates"


def build_report(
    run: Path, out: Path | None = None, votes: str | None = None, study: str | None = None
) -> Path:
    """Build the report of a run.

    Writes ``index.html`` (self-contained), ``report.md``, ``tables/*.csv|parquet`` and
    ``figures/*.png|svg|csv``.

    Args:
        run: folder of the run; it may be half-finished, which the page then says.
        out: folder of the report; ``RUN/report`` if None.
        votes: where the votes of a user study are, see `reports.inputs.vote_reading.votes_of_run`.
        study: which study of those, likewise.

    Returns:
        path of the page.

    Raises:
        UserError: see `reports.inputs.run_data.read_run`, or a folder that cannot be written.
    """
    data = read_run(run, votes, study)
    page = write_report(data, writable_folder(out if out is not None else run / "report"))
    if data.votes is not None and (data.votes.shown or data.votes.unpaired):
        from reports.inputs.vote_reading import log_look

        log_look(data.votes.where, data.votes.poll, "shown in a report")
    return page


def write_report(data: RunData, folder: Path) -> Path:
    """Write the report of a run that has been read; see `build_report`.

    Args:
        data: the run.
        folder: of the report, which is there.
    """
    certainty = certainty_tables(data)
    drawn = [
        *all_figures(data, folder / "figures"),
        intervals(data, certainty, folder / "figures"),
        variance(certainty, folder / "figures"),
    ]
    figures = {figure.name: figure for figure in drawn if figure}
    claims = all_claims(data)
    solvers, protocol, study = solver_effect(data), protocol_table(data), study_table(data)
    methods, best, outputs = summary(data), best_of(data, certainty), outputs_table(data)
    if data.votes is not None:
        from reports.votes.beside import with_choice
        from reports.votes.tables import best_by_votes

        methods = with_choice(methods, data.votes)
        best = [*best_by_votes(data.votes), *best]
    chosen = vote_section(data, folder)
    published = published_section(data, folder / "figures")
    chance = above_chance(data)
    layers, controls, over_run = layers_table(data), controls_table(data), over_run_table(data)
    keep_tables(
        {
            "methods": methods,
            "named_outputs": outputs,
            "modes": mode_means(data),
            **{
                name: table
                for name, table in (
                    ("e_by_layer", layers),
                    ("controls", controls),
                    ("over_run", over_run),
                )
                if not table.empty
            },
            "diversity": chance,
            "diversity_protocol": protocol,
            "user_study_methods": study,
            "claims": claims_table(claims),
            **({} if solvers.empty else {"solvers": solvers}),
            **certainty,
            **data.tables,
            **chosen.kept,
            **({} if published.by_pair is None else {"published": published.by_pair}),
        },
        folder / "tables",
    )
    shown = {
        "run": data,
        "css": parts(_TEMPLATES, "page.css", "pairs.css"),
        "js": parts(_TEMPLATES, "tables.js", "viewer.js"),
        "pairs_json": json_in_script(pictures(data, folder)),
        "findings": findings(data, claims, best, chance, published),
        "figures": {name: figures.get(name) for name in _PLACED},
        "sheets": [figure for name, figure in figures.items() if name.startswith(_SHEET)],
        "other_figures": [
            figure
            for name, figure in figures.items()
            if name not in _PLACED and not name.startswith(_SHEET)
        ],
        "scale_summary": readable_summary(),
        "scale_figures": kept_figures(PUBLISHED / "figures"),
        "best": readable_best(best),
        "cards": method_cards(data, certainty),
        "measure_citations": [
            *citations.MEASURES.items(),
            *(citations.VOTES.items() if chosen.figures else ()),
        ],
        "votes": data.votes,
        "chosen": chosen,
        "published": published,
        "many": MANY,
        "tests": readable_tests(titles(data), certainty["tests"]),
        "claims": claims,
        "anchors": {*_ANCHORS, *figures, *(figure.name for figure in chosen.figures)},
        "methods": methods[[name for name in methods if name not in DIVERSITY]],
        "diversity": methods[["method", "outputs", "objectives", *DIVERSITY]].dropna(
            subset=DIVERSITY[:1]
        ),
        "outputs": outputs,
        "layers": layers,
        "controls": controls,
        "over_run": over_run,
        "solvers": readable_solvers(solvers),
        "solver_note": SOLVER_NOTE,
        "protocol": protocol,
        "study": study,
        "of_the_protocol": is_of_the_protocol(data),
        "faithful_gap": FAITHFUL_GAP,
        "faithful_coherence": FAITHFUL_COHERENCE,
        "failures": failures(data),
        "external": external_notes(data),
        "not_supplied": not_supplied(data),
        "trained_here": trained_here(data),
        "reference": compare_with_reference(data),
        "shared_seconds": max(
            (count for item in data.environments if (count := item["workers"]) > 1), default=0
        ),
    }
    templates = _templates()
    for name in ("report.md", "report.html"):
        text = templates.get_template(f"{name}.j2").render(shown)
        write_text(folder / name.replace("report.html", "index.html"), text)
    return folder / "index.html"


def _templates() -> jinja2.Environment:
    made = environment(_TEMPLATES)
    made.filters["readable"] = readable
    made.filters["raw"] = _raw
    made.filters["embed"] = _embed
    made.filters["shape"] = _shape
    made.filters["code"] = _code
    return made


def _raw(value: float) -> str:
    """Write a number in full, for sorting and copying; nothing for a missing one."""
    return "" if value != value else repr(value.item() if hasattr(value, "item") else value)


def _code(text: str) -> Markup:
    """Show what stands between backquotes as code."""
    parts = str(text).split("`")
    return Markup().join(
        Markup("<code>{}</code>").format(part) if number % 2 else part
        for number, part in enumerate(parts)
    )


def _shape(figure: Figure) -> Markup:
    """Return width and height of a figure as drawn; a chart's dots are finer than the page's."""
    with Image.open(figure.png) as picture:
        width, height = picture.size
    scale = 1 if figure.photo else DOTS_PER_INCH / _PAGE_DOTS
    return Markup(' width="{}" height="{}"').format(round(width / scale), round(height / scale))


def _embed(figure: Figure) -> str:
    """Return a figure as a data URL; sheets of pictures as JPEG, which keeps the page small."""
    content, kind = figure.png.read_bytes(), "png"
    if figure.photo:
        stream, kind = io.BytesIO(), "jpeg"
        with Image.open(figure.png) as picture:
            picture.convert("RGB").save(stream, format="JPEG", quality=88)
        content = stream.getvalue()
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
