"""Measures that are added to a run: equal to those taken as it goes, once, and nothing is lost."""

from __future__ import annotations

import json
import shutil
import urllib.request
from pathlib import Path

import pytest

from dfr.core.files import sha256
from dfr.network.hed import SHA256, load_hed
from eval.measures import coherence_learned
from eval.measures.registry import DEFAULT_OUTPUT_COLUMNS, columns_of
from eval.runs.added import CONTROL, CONTROLS, Added
from eval.runs.diff import diff_runs
from eval.runs.store import RunStore
from eval.runs.tables import measured, tables
from reports.inputs.run_data import read_run
from reports.tables.certainty import certainty_tables
from reports.tables.diversity import diversity_table
from reports.tables.outputs import (
    controls_table,
    layers_table,
    mode_means,
    outputs_table,
    over_run_table,
)
from tests.conftest import complaint, made_once
from tests.eval.inception_weights import write_weights


def rewritten(path: Path, change) -> None:
    """Change a sealed file, and seal it again."""
    store = RunStore(path.parent)
    content = store.read_sealed(path.name)
    change(content)
    store.write_sealed(path.name, content)


@pytest.fixture
def run(small_run, tmp_path) -> Path:
    return shutil.copytree(small_run, tmp_path / "run")


@pytest.fixture
def old_run(run) -> Path:
    """The same run as an earlier version made it: with fewer measures, and no controls."""
    newer = {*DEFAULT_OUTPUT_COLUMNS[1:2], *columns_of("e_statistic")[1:], *columns_of("cfsd"),
             "sifid_style", "colour_style", "pixel_distance"}  # fmt: skip
    assert "relative_style_loss" in newer

    def forget(cell) -> None:
        for row in (*cell["measures"]["outputs"], *cell["measures"]["pairs"]):
            for column in newer & set(row):
                del row[column]

    for path in run.glob("cells/*/*/*/cell.json"):
        rewritten(path, forget)
    shutil.rmtree(run / "measures", ignore_errors=True)
    return run


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    return (
        made_once(
            tmp_path_factory, "inception", lambda folder: write_weights(folder / "seeded.pth")
        )
        / "seeded.pth"
    )


def outputs_of(run: Path):
    return tables(RunStore.open(run).cells())["outputs"]


def test_what_is_added_is_what_a_run_takes_as_it_goes(old_run, small_run, dfr):
    assert "cfsd" not in measured(outputs_of(old_run))
    done = dfr("measure", old_run, "cfsd", "pixel_distance")
    assert done.returncode == 0, done.stderr
    assert "added: cfsd, pixel_distance" in done.stdout
    before, after = (tables(RunStore.open(run).cells()) for run in (small_run, old_run))
    for table, column in (("outputs", "cfsd"), ("outputs", "cfsd_sum"),
                          ("pairs", "pixel_distance")):  # fmt: skip
        assert after[table][column].tolist() == pytest.approx(
            before[table][column].tolist(), rel=1e-4
        )
    numbers = diff_runs(old_run, small_run).numbers.set_index("measure")
    assert numbers.loc["cfsd", "outputs"] == len(after["outputs"])
    assert numbers.loc["cfsd", "largest"] < 1e-3
    again = dfr("measure", old_run, "cfsd")
    assert "the run has cfsd" in again.stdout
    assert "nothing was added" in again.stdout


def test_a_run_of_an_earlier_version_has_its_tables(old_run):
    run = read_run(old_run)
    assert mode_means(run)["relative_style_loss"].isna().all()
    assert "CFSD, mean of rows" not in outputs_table(run)
    assert "C" in outputs_table(run)
    assert diversity_table(run)["pixel_distance"].isna().all()
    assert diversity_table(run)["vendi_weighted"].notna().all()
    assert layers_table(run).empty
    assert controls_table(run).empty
    assert set(certainty_tables(run)["means"]["measure"]) >= {"style_gap_closed", "c_statistic"}


@pytest.mark.slow
def test_a_run_of_an_earlier_version_is_reported_measured_and_verified(old_run, dfr, monkeypatch):
    monkeypatch.setattr(coherence_learned, "DIAGONAL", 60)
    assert dfr("report", old_run).returncode == 0
    done = dfr("measure", old_run)
    assert done.returncode == 0, done.stderr
    assert "added: controls, " in done.stdout
    assert dfr("verify", old_run, "--cells", 1).returncode == 0
    assert dfr("report", old_run).returncode == 0
    assert "the photograph itself" in (old_run / "report" / "report.md").read_text()


def test_learned_contours_are_added_and_everything_copes(run, small_run, dfr, monkeypatch):
    monkeypatch.setattr(coherence_learned, "DIAGONAL", 60)
    done = dfr("measure", run, "c_learned")
    if "could not be fetched" in done.stderr:
        pytest.skip("no weights of HED here")
    assert done.returncode == 0, done.stderr
    found = outputs_of(run)["c_learned"]
    assert found.between(0, 1).all()
    controls = {row["mode"]: row["c_learned"] for row in Added.read(run).controls()}
    assert controls["photograph"] == 1
    assert Added.read(run).files["c_learned"]["weights"]["hed"] == SHA256
    verified = dfr("verify", run, "--cells", 1, "--seed", 1)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert "c_learned" not in set(diff_runs(run, small_run).numbers["measure"])
    assert diff_runs(run, small_run).same
    rewritten(run / "measures" / "c_learned.json",
              lambda content: [row.update(c_learned=0.123) for row in content["rows"]])  # fmt: skip
    assert dfr("verify", run, "--cells", 1, "--seed", 1).returncode == 1


def test_a_number_of_another_picture_is_not_used(old_run, dfr):
    assert dfr("measure", old_run, "cfsd").returncode == 0

    def forge(content) -> None:
        row = next(row for row in content["rows"] if row["label"] == "half")
        row["sha256"] = ["0" * 64]

    rewritten(old_run / "measures" / "cfsd.json", forge)
    missing = outputs_of(old_run)["cfsd"].isna()
    assert missing.sum() == 1
    assert "added: cfsd" in dfr("measure", old_run, "cfsd").stdout
    assert outputs_of(old_run)["cfsd"].notna().all()


def test_sets_of_pictures_with_seeded_weights(run, weights, dfr):
    for folder in run.glob("cells/*/*/dfr"):  # fewer outputs, to be quick
        shutil.rmtree(folder)
    done = dfr("measure", run, "fid", "kid", "--inception", weights)
    assert done.returncode == 0, done.stderr
    rows = {(row["label"], row["mode"]): row for row in Added.read(run).over_run(
        RunStore.open(run).cells())}  # fmt: skip
    assert len(rows) == 1 + 1 + len(CONTROLS)
    assert rows[CONTROL, "style"]["fid"] == pytest.approx(0, abs=1e-6)
    assert rows["half", "rot090"]["fid"] > 0
    assert rows["half", "rot090"]["pictures"] == 2
    data = read_run(run)
    assert "2 pictures of an output are few" in data.notes[0]
    assert data.notes[1] == f"Weights: inception, SHA-256 {sha256(weights)[:16]}..."
    shown = over_run_table(data)
    assert list(shown["output"])[-3:] == [f"(control) {title}" for title in CONTROLS.values()]
    assert {"FID", "KID"} < set(shown.columns)
    assert "ArtFID" not in shown  # absent, not zero
    again = dfr("measure", run, "fid", "--inception", weights)
    assert "the run has fid" in again.stdout
    rewritten(run / "measures" / "fid.json",
              lambda content: content["weights"].update(sha256="0" * 64))  # fmt: skip
    assert "added: fid" in dfr("measure", run, "fid", "--inception", weights).stdout
    numbers = diff_runs(run, run).numbers.set_index("measure")
    assert numbers.loc["fid", "outputs"] == numbers.loc["fid", "equal"] == len(rows)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fif"], "unknown measure 'fif': did you mean fid"),
        (["art_fid", "--art-inception", "WEIGHTS"], "takes no picture of 32 x 40 pixels"),
        (["fid", "--inception", "nowhere.pth"], "nowhere.pth: no such weights file"),
        (["kid", "--inception", "RUN"], "cannot be read as a state dict"),
        (["art_fid"], "--art-inception FILE"),
    ],
)  # fmt: skip
def test_what_needs_what_is_not_here_is_one_line(run, weights, dfr, arguments, words, monkeypatch,
                                                 tmp_path):  # fmt: skip
    monkeypatch.setenv("DFR_CACHE", str(tmp_path / "cache"))
    names = {"WEIGHTS": weights, "RUN": run / "run.json"}
    before = sorted(path for path in run.rglob("*.json"))
    done = dfr("measure", run, *(names.get(word, word) for word in arguments))
    assert words in complaint(done)
    assert sorted(path for path in run.rglob("*.json")) == before
    assert read_run(run).complete


def test_a_run_without_pictures_and_a_changed_file_are_one_line(run, dfr):
    (run / "measures").mkdir(exist_ok=True)
    broken = run / "measures" / "cfsd.json"
    broken.write_text(json.dumps({"rows": [], "seal": "no"}))
    assert "cfsd.json: was changed" in complaint(dfr("measure", run, "cfsd"))
    broken.unlink()
    (run / "pictures.json").unlink()
    assert "keeps no pictures" in complaint(dfr("measure", run, "cfsd"))


def test_all_that_a_run_lacks_but_what_cannot_be_had(run, dfr, monkeypatch, tmp_path):
    """Without weights and index, it says in a line each what is left out, and ends well."""
    load_hed.cache_clear()
    monkeypatch.setenv("DFR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    # urllib keeps the proxies of its first call in this process.
    monkeypatch.setattr(urllib.request, "_opener", None)
    done = dfr("measure", run)
    assert done.returncode == 0, done.stderr
    for name in ("c_learned", "fid", "kid", "art_fid"):
        assert f"{name} is left out: " in done.stdout
