from __future__ import annotations

import copy
import dataclasses
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from eval.runs.store import RunStore
from eval.runs.tables import tables
from reports.claims import claims
from reports.claims.claims import all_claims
from reports.claims.solver_effect import solver_effect
from reports.claims.verdicts import FAILS, HOLDS, OPEN
from reports.figures.times import time_methods
from reports.page.build import build_report
from reports.run_data import read_run
from tests.conftest import complaint

FIGURES = {
    "vote_shares", "quality_and_diversity",
    "contact_sheet_chelsea__strokes", "contact_sheet_chelsea__stained_glass", "lambda_sweep",
    "time_by_outputs", "time_by_method", "time_by_pixels", "loop_against_vectorized",
    "diversity", "style_against_content", "loss_curves",
    "mode_audit", "intervals", "variance", "effectiveness_and_coherence",
}  # fmt: skip


@pytest.fixture(scope="module")
def run(tiny_run):
    return read_run(tiny_run)


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
    methods = pd.read_csv(folder / "methods.csv").set_index("method")
    mine = outputs[outputs["label"] == "gatys"]
    assert methods.loc["Gatys et al.", "style loss"] == pytest.approx(mine["style_loss"].mean())


def test_the_page_needs_nothing_from_outside(page):
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)
    assert "<script src" not in page
    assert "@import" not in page
    assert page.count("<img") == len(FIGURES)
    assert len(re.findall(r'alt="[^"]{20,}"', page)) == len(FIGURES)


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


def test_a_half_finished_run_says_so(tiny_run, tmp_path):
    copy = shutil.copytree(tiny_run, tmp_path / "half")
    shutil.rmtree(copy / "cells" / "chelsea" / "stained_glass")
    (copy / "timing.json").unlink()
    page = build_report(copy, tmp_path / "report").read_text()
    assert "THE RUN IS NOT FINISHED" in page


def test_report_of_no_run(dfr, tmp_path):
    assert "holds no run" in complaint(dfr("report", tmp_path))


def verdict(run, judge) -> str:
    return judge(run).verdict


def test_verdicts_of_the_audit_follow_the_data(run):
    assert verdict(run, claims.four_modes) == FAILS
    assert "rot000 and rot180 are the same" in claims.four_modes(run).measured
    assert verdict(run, claims.true_rotation) == FAILS
    four = [{**row, "distinct": 4, "groups": [[m] for m in row["modes"]]} for row in run.audit]
    assert verdict(dataclasses.replace(run, audit=four), claims.four_modes) == HOLDS
    assert verdict(dataclasses.replace(run, audit=[]), claims.four_modes) == OPEN


def timing(*seconds: float, rounds: int = 7, iterations: int = 10, kind: str = "outputs",
           names: tuple[str, ...] = ("DFR-1", "DFR-2", "DFR-3", "DFR-4"),
           slow: float = 1.0) -> list[dict]:  # fmt: skip
    """Rows of timing in which an iteration takes so many seconds, one round ``slow`` times."""
    return [
        {
            "kind": kind, "name": name, "outputs": 5 if kind == "method" else n, "height": 60,
            "width": 80, "round": turn, "iterations": iterations,
            "seconds": 0.5 + iterations * value * (slow if turn == 1 else 1),
            "seconds_targets": 0.5,
        }
        for turn in range(rounds)
        for n, (name, value) in enumerate(zip(names, seconds, strict=True), 1)
    ]  # fmt: skip


def test_verdict_of_the_time_row(run):
    def judged(rows):
        return verdict(dataclasses.replace(run, timing=rows), claims.time_row)

    assert judged(timing(361, 377, 396, 417)) == HOLDS
    assert judged(timing(361, 377, 396, 417, slow=9)) == HOLDS  # ratios are of one round
    assert judged(timing(1, 1, 1, 1.26)) == HOLDS
    assert judged(timing(1, 1, 1, 1.28)) == FAILS
    assert judged(timing(1, 2, 3, 4)) == FAILS
    assert judged(timing(1, 2, 3, 4, rounds=5)) == OPEN
    assert judged(timing(1, 2, 3, 4, iterations=1)) == OPEN
    assert judged([]) == OPEN
    wide = timing(1, 1, 1, 1.5)
    for row in wide:
        row["seconds"] *= 0.5 if (row["round"], row["name"]) == (3, "DFR-4") else 1
    assert judged(wide) == OPEN
    told = claims.time_row(dataclasses.replace(run, timing=timing(1, 2, 3, 4))).measured
    assert "4.00 (95 % interval: 4.00 to 4.00) in 7 rounds" in told


def loops(extra: float) -> list[dict]:
    """An iteration of DeCorMST's loops takes this much longer than the same in one call."""
    names = [f"{name} {form}" for name in ("pearson", "cosine") for form in ("loop", "vectorized")]
    each = extra / 10  # two of them, for each of five outputs
    return timing(0.1 + each, 0.1, 0.1 + each, 0.1, kind="correlations", names=tuple(names))


def test_verdict_of_three_days(run):
    def claim(extra: float, **keywords):
        rows = [
            *timing(1, 2, 3, 4, **keywords),
            *timing(6, kind="method", names=("decormst",), **keywords),
            *loops(extra),
        ]
        return claims.three_days(dataclasses.replace(run, timing=rows))

    assert claim(3).verdict == FAILS
    assert "costs 0.500 (95 % interval" in claim(3).measured
    assert "with the loops 0.750 (95 % interval" in claim(3).measured
    assert "assumed" in claim(3).measured  # no sizes were timed
    assert claim(739).verdict == FAILS
    assert claim(741).verdict == HOLDS  # (741 + 6) / 4 / 3 = 62.25; a tenth of 621.58 is 62.16
    assert claim(3, rounds=4).verdict == OPEN
    assert claim(3, iterations=2).verdict == OPEN
    lacking = dataclasses.replace(run, timing=timing(1, 2, 3, 4))
    assert verdict(lacking, claims.three_days) == OPEN


def test_time_of_methods_without_their_timing_comes_from_the_pairs(run, tmp_path):
    drawn = time_methods(dataclasses.replace(run, timing=[]), tmp_path)
    assert "no timing of its methods" in drawn.caption
    assert set(pd.read_csv(drawn.data)["over"]) == {"pairs"}
    assert "1 iterations a turn" in time_methods(run, tmp_path).caption


def test_too_small_a_run_is_not_judged(run):
    for judge in (claims.effective, claims.lambda_controls):
        assert verdict(run, judge) == OPEN


def solved(cell, name: str, iterations: int):
    """The same cell, as if another solver had made it."""
    if "solver" not in cell["settings"]:
        return cell
    settings = {**cell["settings"], "solver": {"name": name, "iterations": iterations}}
    return {**cell, "settings": settings, "cost": {**cell["cost"], "iterations": iterations}}


PUBLISHED = [422, 512]


def enlarged(
    run, pairs: int = 6, solver: str = "adam", iterations: int = 3000, size: list[int] = PUBLISHED
):
    """The same cells under more styles, as if of another size, solver and more iterations."""
    styles = [f"style{i}" for i in range(pairs)]
    cells = [
        solved({**cell, "style": style, "size": size}, solver, iterations)
        for style in styles
        for cell in run.cells
        if cell["style"] == "strokes"
    ]
    return dataclasses.replace(run, cells=cells, tables=tables(cells))


def test_verdict_of_lambda(run):
    large = enlarged(run)
    outputs = large.tables["outputs"].copy()
    amounts = {("dfr", "rot000"): 1.0, ("half", "rot090"): 2.0, ("dfr", "rot090"): 3.0}

    def judged(values):
        for (label, mode), value in values.items():
            here = (outputs["label"] == label) & (outputs["mode"] == mode)
            outputs.loc[here, "style_loss"] = value
        changed = dataclasses.replace(large, tables={**large.tables, "outputs": outputs})
        return verdict(changed, claims.lambda_controls)

    assert judged(amounts) == HOLDS
    assert judged({("half", "rot090"): 9.0}) == FAILS


def test_verdict_of_effective_stylization(run):
    large = enlarged(run)

    def judged(closed):
        outputs = large.tables["outputs"].assign(style_gap_closed=closed)
        changed = dataclasses.replace(large, tables={**large.tables, "outputs": outputs})
        return verdict(changed, claims.effective)

    assert judged(0.9) == HOLDS
    assert judged(0.1) == FAILS


def test_verdict_of_the_five_correlations(run):
    large = enlarged(run)

    def judged(last):
        curves = large.tables["curves"].copy()
        end = curves["iteration"] == curves.groupby(["label", "mode"])["iteration"].transform("max")
        start = curves["iteration"] == 0
        curves.loc[start, "loss"] = 1.0
        curves.loc[end, "loss"] = last
        changed = dataclasses.replace(large, tables={**large.tables, "curves": curves})
        return verdict(changed, claims.five_correlations)

    assert judged(0.5) == HOLDS
    assert judged(2.0) == FAILS
    assert verdict(run, claims.five_correlations) == OPEN


@pytest.mark.parametrize(
    ("solver", "iterations", "size", "pairs", "found"),
    [
        ("adam", 3000, PUBLISHED, 5, FAILS),
        ("adam", 2999, PUBLISHED, 5, OPEN),
        ("adam", 3000, [421, 512], 5, OPEN),
        ("adam", 3000, PUBLISHED, 4, OPEN),
        ("fast", 3000, PUBLISHED, 5, OPEN),
    ],
)
def test_published_pictures_are_judged_at_the_published_scale_only(
    run, solver, iterations, size, pairs, found
):
    large = enlarged(run, pairs, solver, iterations, size)
    outputs = large.tables["outputs"].assign(style_gap_closed=0.1)
    large = dataclasses.replace(large, tables={**large.tables, "outputs": outputs})
    assert verdict(large, claims.effective) == found


def test_the_five_correlations_are_not_judged_on_thumbnails(run):
    small = enlarged(run, size=[80, 98])
    curves = small.tables["curves"].assign(loss=lambda lines: 1.0 + lines["iteration"])
    small = dataclasses.replace(small, tables={**small.tables, "curves": curves})
    assert verdict(small, claims.five_correlations) == OPEN
    large = enlarged(run)
    large = dataclasses.replace(large, tables={**large.tables, "curves": curves})
    assert verdict(large, claims.five_correlations) == FAILS


def both_solvers(run, label: str):
    """A run of the fast solver, in which Adam made a method on five of six pairs too."""
    large = enlarged(run, 6, "fast", 40)
    more = [
        solved({**cell, "label": f"{label}-adam"}, "adam", 3000)
        for cell in enlarged(run, 5).cells
        if cell["label"] == label
    ]
    identity = copy.deepcopy(large.identity)
    methods = identity["profile"]["methods"]
    entry = next(entry for entry in methods if entry["label"] == label)
    methods.append({**entry, "label": f"{label}-adam", "title": f"{entry['title']}, Adam"})
    cells = [*more, *large.cells]
    return dataclasses.replace(large, identity=identity, cells=cells, tables=tables(cells))


def test_correlations_are_judged_by_adam_where_a_run_has_both_solvers(run):
    large = both_solvers(run, "decormst")
    curves = large.tables["curves"].copy()
    first = curves["iteration"] == 0

    def judged(adam, fast):
        ends = curves["label"].map(lambda label: adam if label.endswith("-adam") else fast)
        changed = curves.assign(loss=np.where(first, 1.0, ends))
        return claims.five_correlations(
            dataclasses.replace(large, tables={**large.tables, "curves": changed})
        )

    assert judged(adam=2.0, fast=0.5).verdict == FAILS
    assert judged(adam=0.5, fast=2.0).verdict == HOLDS
    assert "cosine 2 (adam); gram 0.5" in judged(adam=2.0, fast=0.5).measured


def test_dfr_is_the_one_on_most_pairs_where_a_run_has_both_solvers(run):
    large = both_solvers(run, "dfr")
    outputs = large.tables["outputs"]
    mine = outputs["label"].str.endswith("-adam")
    outputs = outputs.assign(style_gap_closed=np.where(mine, 0.1, 0.9), style_loss=7.0)
    for label, mode, loss in (("dfr", "rot000", 1.0), ("half", "rot090", 2.0),
                              ("dfr", "rot090", 3.0)):  # fmt: skip
        here = (outputs["label"] == label) & (outputs["mode"] == mode)
        outputs.loc[here, "style_loss"] = loss
    large = dataclasses.replace(large, tables={**large.tables, "outputs": outputs})
    assert verdict(large, claims.effective) == OPEN
    assert "(fast)" in claims.effective(large).measured
    assert verdict(large, claims.lambda_controls) == OPEN


def test_what_the_solver_changes(run):
    large = both_solvers(run, "dfr")
    outputs = large.tables["outputs"]
    adam = outputs["label"] == "dfr-adam"
    outputs = outputs.assign(own_total=np.where(adam, 4.0, 1.0), c_statistic=np.where(adam, 0, 1))
    large = dataclasses.replace(large, tables={**large.tables, "outputs": outputs})
    table = solver_effect(large)
    assert list(table["mode"]) == ["rot000", "rot090", "rot180", "rot270"]
    assert set(table["method"]) == {large.titles["dfr"]}
    assert set(table["solvers"]) == {"fast / adam"}
    assert set(table["pairs"]) == {5}
    assert set(table["loss"]) == {0.25}
    assert set(table["c_statistic, fast"]) == {1}
    assert set(table["c_statistic, adam"]) == {0}
    assert solver_effect(run).empty
    assert solver_effect(enlarged(run, 6, "fast", 40)).empty


def test_time_is_judged_by_the_published_solver_alone(run):
    rows = [
        *timing(1, 2, 3, 4),
        *timing(1, 6, kind="method", names=("decormst", "decormst-adam")),
        *loops(3),
    ]
    fast = dataclasses.replace(enlarged(run, 6, "fast", 40), timing=rows)
    assert verdict(fast, claims.three_days) == OPEN
    both = dataclasses.replace(both_solvers(run, "decormst"), timing=rows)
    assert "costs 0.500 (95 % interval" in claims.three_days(both).measured


def test_every_claim_is_whole(run):
    rows = all_claims(run)
    assert len({row.name for row in rows}) == len(rows) >= 10
    for row in rows:
        assert all(dataclasses.asdict(row).values())
        assert row.verdict in (HOLDS, FAILS, OPEN)
