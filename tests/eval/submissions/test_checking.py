"""What does not match is refused by name, in one line, and the other entries stay."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from dfr.core.errors import UserError
from eval.submissions.checking import SCALES, TOLERANCE, apart, drawn
from eval.submissions.entry import OUTPUT_COLUMNS, PAIR_COLUMNS
from eval.submissions.entry_file import EntryFile
from eval.submissions.folder import CHECKS, Found, _read_checks, check_folder
from tests.at_once import at_once
from tests.conftest import made_once
from tests.eval.submissions.repack import Files, rehash, repack

CPU = torch.device("cpu")
Manifest = dict[str, Any]


def _rows(entry: Manifest, kind: str = "outputs"):
    return [row for cell in entry["cells"] for row in cell["measures"][kind]]


def _swap_pairs(entry: Manifest, files: Files) -> None:
    """Let the outputs of two styles change places, with their hashes."""
    one, other = (cell["style"] for cell in entry["cells"])
    content = entry["cells"][0]["content"]
    for mode in entry["cells"][0]["files"]:
        a, b = (f"outputs/{content}/{style}/{mode}.png" for style in (one, other))
        files[a], files[b] = files[b], files[a]
    rehash(entry, files)


def _swap_modes(entry: Manifest, files: Files) -> None:
    cell = entry["cells"][1]
    a, b = (f"outputs/{cell['content']}/{cell['style']}/{mode}.png" for mode in cell["files"])
    files[a], files[b] = files[b], files[a]
    rehash(entry, files)


def _add(column: str, by: float, kind: str = "outputs"):
    def change(entry: Manifest, _: Files) -> None:
        for row in _rows(entry, kind):
            row[column] += by

    return change


def _other_content(entry: Manifest, _: Files) -> None:
    entry["pictures"]["contents"][0]["sha256"] = "0" * 64


def _other_size(entry: Manifest, _: Files) -> None:
    entry["pictures"]["size"] = "64"


def _other_name_of_a_picture(entry: Manifest, _: Files) -> None:
    entry["pictures"]["styles"][0]["file"] = "dots.png"


def _controls(entry: Manifest, _: Files) -> None:
    for row in entry["controls"]:
        row["e_statistic"] += 1


def _styleid(entry: Manifest, _: Files) -> None:
    entry["pictures"]["name"] = "styleid"
    for kind, places in (("contents", ["00"]), ("styles", ["03", "06"])):
        for source, stem in zip(entry["pictures"][kind], places, strict=True):
            source.update(name=stem, file=f"{stem}.png")
    for cell, style in zip(entry["cells"], ("03", "06"), strict=True):
        cell.update(content="00", style=style)
    entry["controls"] = []


def _styleid_files(entry: Manifest, files: Files) -> None:
    before = [(cell["content"], cell["style"]) for cell in entry["cells"]]
    _styleid(entry, files)
    after = [(cell["content"], cell["style"]) for cell in entry["cells"]]
    for name in list(files):
        for old, new in zip(before, after, strict=True):
            if name.startswith(f"outputs/{old[0]}/{old[1]}/"):
                files[f"outputs/{new[0]}/{new[1]}/{name.rsplit('/', 1)[1]}"] = files.pop(name)


#: What somebody did -> how, and words of the one line that refuses it.
WRONG = {
    "pairs-swapped": (
        _swap_pairs,
        ["chelsea × strokes, rot000: colour_style is", "the entry says"],
    ),
    "modes-swapped": (_swap_modes, ["chelsea × stained_glass, rot000"]),
    "measured-elsewhere": (_add("e_statistic", 0.3), ["e_statistic is", "the entry says"]),
    "more-diverse": (_add("lpips", 0.2, "pairs"), ["rot000 and rot090", "lpips is"]),
    "controls": (_controls, ["control photograph: e_statistic is"]),
    "other-content": (_other_content, ["was made of another chelsea.png than the set's"]),
    "other-size": (_other_size, ["is 32 x 40 pixels and not", "64 gives of this content"]),
    "other-name": (_other_name_of_a_picture, ["calls dots.png 'strokes'"]),
    "other-weights": (
        lambda entry, _: entry["made"]["weights"].update(sha256="1" * 64),
        ["other VGG-19 weights"],
    ),
    "no-set": (lambda entry, _: entry["pictures"].update(name="mine"), ["'mine' is no named set"]),
    "styleid": (_styleid_files, ["set styleid is not whole here (00.png", "jiwoogit/StyleID"]),
    "twice": (None, ["names itself 'dfr', as dfr.zip does"]),
    "zipless": (None, ["is no entry"]),
}


@pytest.fixture(scope="module")
def folder(entries: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two right entries, one that differs by rounding, and the wrong ones."""

    def make(folder: Path) -> None:
        for file in entries.glob("*.zip"):
            shutil.copy(file, folder)

        def named(name, change):
            def both(entry, files):
                entry["form"]["name"] = name
                change(entry, files)

            return both

        for name, (change, _) in WRONG.items():
            if change is not None:
                repack(entries / "dfr.zip", folder / f"{name}.zip", named(name, change))
        shutil.copy(entries / "dfr.zip", folder / "twice.zip")
        (folder / "zipless.zip").write_text("hello")
        slightly = named("rounded", _add("e_statistic", 0.3 * TOLERANCE))
        repack(entries / "dfr.zip", folder / "rounded.zip", slightly)

    shared = made_once(tmp_path_factory, "leaderboard-folder", make)
    # Checking writes into the folder, and two workers would draw two seeds.
    return shutil.copytree(shared, tmp_path_factory.mktemp("leaderboard") / "folder")


@pytest.fixture(scope="module")
def found(folder: Path) -> Found:
    return check_folder(folder, 1, device=CPU)


def test_what_is_right_stands(found: Found):
    assert {each.file.entry.form.name for each in found.entries} == {
        "dfr",
        "feedforward",
        "rounded",
    }
    assert all(len(each.pairs) == 1 for each in found.entries)
    by_name = {each.file.entry.form.name: each.furthest for each in found.entries}
    assert by_name["dfr"] < 1e-4 < by_name["rounded"] <= TOLERANCE


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_match_is_refused_in_one_line(found: Found, case: str):
    message = found.refused[f"{case}.zip"]
    assert all(word in message for word in WRONG[case][1]), message
    assert "\n" not in message


def test_what_was_checked_is_not_measured_again(found: Found, folder: Path, tmp_path: Path):
    for name in (CHECKS, "dfr.zip", "feedforward.zip"):
        shutil.copy(folder / name, tmp_path)
    told: list[str] = []
    again = check_folder(tmp_path, 1, device=CPU, tell=told.append)
    assert told == [] and again.refused == {}
    before = {each.file.sha256: (each.pairs, each.furthest) for each in found.entries}
    assert all(before[e.file.sha256] == (e.pairs, e.furthest) for e in again.entries)
    (tmp_path / CHECKS).write_text("[]")
    with pytest.raises(UserError, match="is damaged; delete it"):
        check_folder(tmp_path, 1, device=CPU)


def test_checks_that_begin_at_once_draw_one_seed(tmp_path: Path):
    seeds = at_once([lambda: _read_checks(tmp_path)["seed"]] * 8)
    assert set(seeds) == {_read_checks(tmp_path)["seed"]}
    assert [path.name for path in tmp_path.iterdir()] == [CHECKS]


def test_the_sample_depends_on_the_seed_alone(entries: Path):
    cells = EntryFile.read(entries / "dfr.zip").entry.cells
    styles = [drawn(cells, 1, str(seed))[0].style for seed in range(20)]
    assert set(styles) == {cell.style for cell in cells}
    assert styles == [drawn(cells, 1, str(seed))[0].style for seed in range(20)]
    assert len(drawn(cells, 5, "all")) == 2


def test_every_measure_has_a_scale_and_gaps_are_equal_to_gaps_only():
    columns = (*OUTPUT_COLUMNS, *PAIR_COLUMNS)
    assert set(SCALES) == set(columns)
    for column, (a, b) in itertools.product(columns, ((None, None), (None, 1.0), (1.0, None))):
        assert apart(column, a, b) == (0 if a is b is None else float("inf"))
