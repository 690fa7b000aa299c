"""What the solver changes, on numbers of which the answer is known."""

from __future__ import annotations

import dataclasses

import numpy as np

from reports.inputs.run_data import read_run
from reports.tables.solver_effect import solver_effect
from tests.reports.made_up_runs import both_solvers, enlarged


def test_what_the_solver_changes(tiny_run):
    run = read_run(tiny_run)
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
