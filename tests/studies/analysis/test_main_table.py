"""The main table again by others: R from the exported answers, and statsmodels."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from studies.analysis.choices import rank_choices, tally_choices
from studies.analysis.exclusion import catch_failures, without_dropped
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, round_robin
from studies.analysis.strengths import rank
from studies.analysis.tally import tally
from studies.analysis.tidy import main_table_script, tidy, tidy_choices
from studies.design.davidson import PRIOR, davidson
from tests.studies.analysis.test_choices import METHODS as CHOSEN
from tests.studies.analysis.test_choices import votes_of

needs_r = pytest.mark.skipif(shutil.which("Rscript") is None, reason="R is not installed")
TRUTH = {"a": 0.8, "b": 0.1, "c": -0.2, "d": -0.7}


def answers(methods: int) -> pd.DataFrame:
    """20 people, 18 votes each, on pictures of their own; the first two failed a catch trial."""
    names = list(TRUTH)[:methods]
    voters = Voters({name: TRUTH[name] for name in names}, tie=0.5, spread=0.4)
    votes = simulate(round_robin(names, 20, 18), voters, seed=2)[0]
    random = np.random.default_rng(5)
    votes["content"] = random.choice(["1", "02", "NA", "boat", "cat"], len(votes))
    votes["style"] = random.choice(["waves", 'it\'s, "new"', "grid", "é"], len(votes))
    catch = votes.groupby("participant").head(1).head(2).assign(
        kind="catch", answer="tie", expected="left", position=900, right_source="noise",
        right_method="",
    )  # fmt: skip
    return pd.concat([votes, catch], ignore_index=True)


def design(counts) -> tuple[np.ndarray, np.ndarray]:
    """Counts of the three answers for every two methods, and the log-linear model's columns."""
    wins, ties = (table.sum(axis=0) for table in (counts.wins, counts.ties))
    size = len(counts.methods)
    pairs = [(i, j) for i in range(size) for j in range(i + 1, size)]
    numbers, columns = [], []
    for place, (i, j) in enumerate(pairs):
        for count, towards in ((wins[i, j], {i: 1}), (wins[j, i], {j: 1}),
                               (ties[i, j], {i: 0.5, j: 0.5})):  # fmt: skip
            row = np.zeros(len(pairs) + 1 + size)
            row[place], row[len(pairs)] = 1, len(towards) == 2
            for method, share in towards.items():
                row[len(pairs) + 1 + method] = share
            numbers.append(count + PRIOR)
            columns.append(row[:-1])  # the last method is the reference
    return np.array(numbers), np.array(columns)


@pytest.mark.parametrize("methods", [3, 4])
def test_the_model_is_a_log_linear_model_of_counts(methods: int):
    counts = tally(answers(methods), list(TRUTH)[:methods])
    numbers, columns = design(counts)
    fitted = sm.GLM(numbers, columns, family=sm.families.Poisson()).fit(tol=1e-12)
    pairs = methods * (methods - 1) // 2
    theta = np.append(fitted.params[pairs + 1 :], 0)
    found = davidson(counts.wins.sum(axis=0), counts.ties.sum(axis=0))
    assert found.methods == pytest.approx(theta - theta.mean(), abs=1e-7)
    assert found.tie == pytest.approx(fitted.params[pairs], abs=1e-7)


def run_script(task: str, folder: Path) -> pd.DataFrame:
    """Let R make the main table from the exported answers in a folder."""
    script = folder / "main_table.R"
    script.write_text(main_table_script(task))
    done = subprocess.run(
        ["Rscript", "--vanilla", str(script), str(folder)],
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return pd.read_csv(folder / "main_table.csv")


@needs_r
@pytest.mark.parametrize("methods", [2, 4])
def test_r_gives_the_same_table_from_the_exported_answers(tmp_path: Path, methods: int):
    votes = answers(methods)
    twice = pd.concat([votes, votes.assign(question="style", answer=votes["answer"].map(
        {"left": "right", "right": "left", "tie": "tie"}))])  # fmt: skip
    tidy(twice, 1).to_csv(tmp_path / "answers.csv", index=False)
    made = run_script("pairs", tmp_path)
    kept = without_dropped(twice, catch_failures(twice, 1))
    assert kept["participant"].nunique() == 18
    for question, table in made.groupby("question"):
        asked = kept[kept["question"] == question]
        ours = rank(tally(asked, list(TRUTH)[:methods]), draws=2).table.set_index("method")
        theirs = table.set_index("method").loc[ours.index]
        assert theirs["votes"].tolist() == ours["votes"].tolist()
        assert theirs["rank"].tolist() == ours["rank"].tolist()
        for column in ("strength", "low", "high", "share"):
            assert theirs[column].to_numpy() == pytest.approx(ours[column].to_numpy(), abs=1e-6)


@needs_r
@pytest.mark.parametrize("whole", [False, True])
def test_r_gives_the_same_table_of_choices_and_of_rankings(tmp_path: Path, whole: bool):
    votes = votes_of(whole)
    left_out = votes["participant"] == "voter-0001"
    catch = votes[left_out].head(1).assign(kind="catch", expected="-A" if whole else "A", answer=(
        "ABCD" if whole else "B"), position=900)  # fmt: skip
    votes = pd.concat([votes, catch], ignore_index=True)
    tidy_choices(tidy(votes, 1)).to_csv(tmp_path / "choices.csv", index=False)
    theirs = run_script("best", tmp_path).set_index("method")
    kept = votes[votes["participant"] != "voter-0001"]
    choices = tally_choices(kept, CHOSEN, 4, whole)
    ours = rank_choices(choices, draws=2).table.set_index("method")
    theirs = theirs.loc[ours.index]
    assert theirs["votes"].tolist() == ours["votes"].tolist()
    for column in ("rank", "strength", "low", "high", "first"):
        assert theirs[column].to_numpy() == pytest.approx(ours[column].to_numpy(), abs=1e-6)
