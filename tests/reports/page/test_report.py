"""The report of a run: its figures, its tables, its two pages."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from eval.runs.store import RunStore
from eval.runs.tables import tables
from reports.tables.published import FOLDER
from tests.conftest import complaint

FIGURES = {
    "all_methods", "vote_shares", "quality_and_diversity",
    "contact_sheet_chelsea__strokes", "contact_sheet_chelsea__stained_glass", "lambda_sweep",
    "time_by_outputs", "time_by_method", "time_by_pixels", "loop_against_vectorized",
    "diversity", "style_against_content", "loss_curves",
    "mode_audit", "intervals", "variance", "effectiveness_and_coherence",
}  # fmt: skip


@pytest.fixture(scope="module")
def page(tiny_run):
    return (tiny_run / "report" / "index.html").read_text()


def test_every_figure_is_there_as_png_svg_and_data(tiny_run):
    folder = tiny_run / "report" / "figures"
    for ending in ("png", "svg", "csv"):
        assert {file.stem for file in folder.glob(f"*.{ending}")} == FIGURES
    for file in folder.glob("*.png"):
        assert np.asarray(Image.open(file).convert("L")).std() > 5, f"{file} is blank"
    for file in folder.glob("*.csv"):
        assert len(pd.read_csv(file)) > 0


def test_tables_agree_in_both_kinds_and_with_the_cells(tiny_run):
    folder = tiny_run / "report" / "tables"
    for name in (
        "methods",
        "modes",
        "claims",
        "cells",
        "outputs",
        "pairs",
        "curves",
        "named_outputs",
        "controls",
        "e_by_layer",
        "means",
        "tests",
        "variance",
    ):
        csv, parquet = (
            pd.read_csv(folder / f"{name}.csv"),
            pd.read_parquet(folder / f"{name}.parquet"),
        )
        pd.testing.assert_frame_equal(csv, parquet, check_dtype=False)
    outputs = tables(RunStore.open(tiny_run).cells())["outputs"]
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "outputs.parquet"), outputs)
    shown = pd.read_csv(folder / "named_outputs.csv").set_index("output")
    mine = outputs[outputs["label"] == "gatys"]
    assert shown.loc["Gatys et al.", "E"] == pytest.approx(mine["e_statistic"].mean())


def test_the_page_needs_nothing_from_outside(page):
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "<script src" not in page
    assert "@import" not in page
    shown = len(FIGURES) + len(list((FOLDER / "figures").glob("scale_*.png")))
    assert page.count("<img loading") == shown
    assert len(re.findall(r'alt="[^"]{20,}"', page)) == shown


def test_the_page_says_at_which_scale_it_was_made(page, tiny_run):
    summary = (tiny_run / "report" / "report.md").read_text()
    for text in (page, summary):
        for told in ("Profile tiny", "32 × 40 pixels", "iterations: 2 to 3 (adam), 2 (lbfgs)",
                     "contents: 1", "styles: 2", "procedural styles", "cpu ("):  # fmt: skip
            assert told in text


def test_the_summary_is_whole_markdown(tiny_run):
    summary = (tiny_run / "report" / "report.md").read_text()
    rows = [line for line in summary.splitlines() if line.startswith("|")]
    assert len(rows) > 20
    for name in re.findall(r"\]\((figures/[^)]+)\)", summary):
        assert (tiny_run / "report" / name).is_file()


def test_a_half_finished_run_says_so(unfinished):
    assert "THE RUN IS NOT FINISHED" in (unfinished / "report" / "index.html").read_text()


def test_report_of_no_run(dfr, tmp_path):
    assert "holds no run" in complaint(dfr("report", tmp_path))


def test_a_report_is_built_without_torch_and_without_the_packages_of_a_study(unfinished, tmp_path):
    """Pictures and numbers are only copied, so the seconds of loading torch are saved."""
    alone = tmp_path / "run"
    shutil.copytree(unfinished, alone, ignore=shutil.ignore_patterns("report", "votes*"))
    script = (
        "import sys\n"
        "import reports.page.build, reports.commands\n"
        "from reports.inputs.run_data import read_run\n"
        "from reports.page.cards import method_cards\n"
        "from reports.page.pictures import pictures\n"
        "from reports.tables.certainty import certainty_tables\n"
        "run = read_run(reports.page.build.Path(sys.argv[1]))\n"
        "method_cards(run, certainty_tables(run)), pictures(run, reports.page.build.Path())\n"
        "print({'torch', 'sqlalchemy', 'alembic', 'choix', 'skimage'} & set(sys.modules))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(alone)], capture_output=True, text=True
    )
    assert done.stdout.strip() == "set()", done.stdout + done.stderr
