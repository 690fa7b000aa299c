"""`dfr submit` packs what the run has, always in the same bytes, or says in one line why not."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from dfr.core.errors import UserError
from eval.runs.store import RunStore
from eval.submissions.entry import MANIFEST, OUTPUT_COLUMNS, PAIR_COLUMNS
from eval.submissions.entry_file import EntryFile
from tests.conftest import complaint
from tests.eval.submissions.conftest import FORM
from tests.eval.submissions.repack import png, rehash, repack


@pytest.fixture
def copy(small_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_run, tmp_path / "copy"))


def test_an_entry_holds_what_the_run_has(entries: Path, small_run: Path):
    found = EntryFile.read(entries / "dfr.zip")
    entry, store = found.entry, RunStore.open(small_run)
    cells = [cell for cell in store.cells() if cell["label"] == "dfr"]
    assert entry.pictures.name == "embedded" and entry.form.by == "A group"
    assert entry.made.settings == cells[0]["settings"]
    assert entry.made.weights.model_dump() == store.description["identity"]["weights"]
    here = cells[0]["environment"]
    assert len(entry.environments) == 1
    assert all(here[name] == value for name, value in entry.environments[0].model_dump().items())
    for mine, cell, (_, pictures) in zip(entry.cells, cells, found.pictures(), strict=True):
        for rows, kind, columns in (
            (mine.measures.outputs, "outputs", OUTPUT_COLUMNS),
            (mine.measures.pairs, "pairs", PAIR_COLUMNS),
        ):
            for row, theirs in zip(rows, cell["measures"][kind], strict=True):
                assert {name: row[name] for name in columns} == {
                    name: theirs[name] for name in columns
                }
        folder = store.cell_folder(cell["content"], cell["style"], "dfr")
        kept = {file.stem: file.read_bytes() for file in folder.glob("*.png")}
        assert pictures == kept and len(kept) == 2
        assert mine.cost.seconds_per_output == cell["cost"]["seconds_per_output"]
    assert len(entry.controls) == 3 * len(cells)


def test_the_same_run_gives_the_same_bytes(entries: Path, copy: Path, dfr, tmp_path: Path):
    form = tmp_path / "form.toml"
    form.write_text('by = "A group"\nlicence = "CC-BY-4.0"\n')
    done = dfr("submit", copy, "--method", "dfr", "--form", form, "--out", tmp_path / "again.zip")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "again.zip").read_bytes() == (entries / "dfr.zip").read_bytes()


def test_the_weights_of_a_method_are_told(copy: Path, dfr, tmp_path: Path):
    store = RunStore.open(copy)
    described = store.description
    checkpoint = {"whose": "its authors'", "files": {"decoder.pth": "5" * 64}}
    described["identity"]["checkpoints"] = {"feedforward": checkpoint}
    store.write_sealed("run.json", described)
    for label, told in (("feedforward", checkpoint), ("dfr", None)):
        out = tmp_path / f"{label}.zip"
        assert dfr("submit", copy, "--method", label, *FORM, "--out", out).returncode == 0
        assert EntryFile.read(out).entry.made.model_dump()["checkpoint"] == told


def test_an_option_goes_before_the_form(copy: Path, dfr, tmp_path: Path):
    form = tmp_path / "form.toml"
    form.write_text('by = "A group"\nlicence = "CC-BY-4.0"\nname = "one"\nnote = "Of the form."\n')
    done = dfr("submit", copy, "--method", "dfr", "--form", form, "--name", "two", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    told = EntryFile.read(tmp_path / "two.zip").entry.form
    assert (told.name, told.note, told.title) == ("two", "Of the form.", "DFR (code)")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--method", "dffr", *FORM], ["unknown method", "did you mean dfr"]),
        (["--method", "dfr"], ["needs --by and --licence"]),
        (["--method", "dfr", *FORM, "--paper", "javascript:alert(1)"], ["--paper", "https://"]),
        (["--method", "dfr", *FORM, "--name", "../up"], ["--name", "match pattern"]),
    ],
)
def test_what_cannot_be_packed_is_one_line(small_run, dfr, tmp_path, options, words):
    message = complaint(dfr("submit", small_run, *options, "--out", tmp_path / "x.zip"))
    assert all(word in message for word in words)
    assert list(tmp_path.iterdir()) == []


def test_an_unfinished_run_is_refused(copy: Path, dfr, tmp_path: Path):
    shutil.rmtree(next((copy / "cells").glob("*/*/dfr")))
    message = complaint(dfr("submit", copy, "--method", "dfr", *FORM, "--out", tmp_path / "x.zip"))
    assert "dfr has 1 of 2 pairs" in message


def test_a_changed_picture_is_refused(copy: Path, dfr, tmp_path: Path):
    picture = next((copy / "cells").glob("*/*/dfr/rot090.png"))
    Image.new("RGB", (40, 32)).save(picture)
    message = complaint(dfr("submit", copy, "--method", "dfr", *FORM, "--out", tmp_path / "x.zip"))
    assert str(picture) in message and not (tmp_path / "x.zip").exists()


def test_a_run_on_other_pictures_is_refused(copy: Path, dfr):
    store = RunStore.open(copy)
    described = store.description
    described["identity"]["contents"][0]["file"] = "holiday.jpg"
    store.write_sealed("run.json", described)
    message = complaint(dfr("submit", copy, "--method", "dfr", *FORM))
    assert "of no named set" in message and "styleid (https://" in message


def _edit(entry, files, key, value):  # noqa: ARG001
    entry["cells"][0]["measures"]["outputs"][0][key] = value


def _drop(entry, files):  # noqa: ARG001
    del files[next(name for name in files if name.endswith("rot090.png"))]


def _resize(entry, files):
    files[next(iter(files))] = png(39, 32)
    rehash(entry, files)


def _grey(entry, files):
    files[next(iter(files))] = png(40, 32, "L")
    rehash(entry, files)


def _jpeg(entry, files):
    files[next(iter(files))] = png(40, 32, kind="JPEG")
    rehash(entry, files)


#: What is wrong -> how it came, and the words of the complaint.
WRONG = {
    "missing": (_drop, "rot090.png is missing"),
    "another picture": (
        lambda _, files: files.update({next(iter(files)): png(40, 32)}),
        "not the picture of entry.json",
    ),
    "wrong size": (_resize, "is 32 x 39 pixels instead of 32 x 40"),
    "grey": (_grey, "of the kind L, not RGB"),
    "no PNG": (_jpeg, "no whole PNG picture"),
    "a path": (lambda _, files: files.update({"../../evil.png": b""}), "'../../evil.png'"),
    "a path in a name": (
        lambda entry, _: entry["cells"][0].update(content="../../x"),
        "cells.0.content",
    ),
    "a strange file": (lambda _, files: files.update({"run.py": b""}), "'run.py'"),
    "too large": (
        lambda _, files: files.update({next(iter(files)): b"0" * 200_000}),
        "larger than it can be",
    ),
    "no number": (
        lambda entry, files: _edit(entry, files, "e_statistic", "much"),
        "cells.0.measures.outputs.0",
    ),
    "a measure left out": (
        lambda entry, _: entry["cells"][0]["measures"]["outputs"][0].pop("cfsd"),
        "has not the measures",
    ),
    "a pair left out": (lambda entry, _: entry["cells"].pop(), "has 1 pairs"),
    "a script as an address": (
        lambda entry, _: entry["form"].update(code="javascript:alert(1)"),
        "form.code",
    ),
    "an environment that tells nothing": (
        lambda entry, _: entry["environments"][0].pop("device"),
        "environments.0.device",
    ),
    "seconds in words": (
        lambda entry, _: entry["cells"][0]["cost"].update(seconds_per_output="fast"),
        "cells.0.cost.seconds_per_output",
    ),
    "a distance left open": (
        lambda entry, _: entry["cells"][0]["measures"]["pairs"][0].update(lpips=None),
        "is no number",
    ),
    "twins of each other": (
        lambda entry, _: entry["cells"][0].update(twin_of={"rot000": "rot090", "rot090": "rot000"}),
        "is a twin itself",
    ),
    "something more": (lambda entry, _: entry.update(more=1), "'more'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_changed_entry_is_refused_in_one_line(entries: Path, tmp_path: Path, case: str):
    change, words = WRONG[case]
    path = repack(entries / "dfr.zip", tmp_path / "changed.zip", change)
    with pytest.raises(UserError) as refused:
        for _ in EntryFile.read(path).pictures():
            pass
    message = str(refused.value)
    assert message.startswith(f"{path}: ") and words in message and "\n" not in message


def test_an_edited_manifest_breaks_its_seal(entries: Path, tmp_path: Path):
    path = tmp_path / "edited.zip"
    with zipfile.ZipFile(entries / "dfr.zip") as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == MANIFEST:
                manifest = json.loads(content)
                manifest["cells"][0]["measures"]["outputs"][0]["e_statistic"] += 1
                content = json.dumps(manifest).encode()
            new.writestr(name, content)
    with pytest.raises(UserError, match="was changed after it was written"):
        EntryFile.read(path)


#: How a file was damaged -> the words of the complaint.
DAMAGED = {
    "cut short": "no whole zip file",
    "no zip": "no whole zip file",
    "compressed": "compressed or larger",
    "deep": "is no JSON",
    "twice": "holds a file twice",
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_refused_in_one_line(entries: Path, tmp_path: Path, damage: str):
    path, whole = tmp_path / "bad.zip", (entries / "dfr.zip").read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage == "cut short" else whole)
    if damage == "no zip":
        path.write_text("an entry")
    elif damage == "twice":
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(archive.namelist()[1], png(40, 32))
    elif damage in ("compressed", "deep"):
        with zipfile.ZipFile(path, "w") as archive:
            kind = zipfile.ZIP_DEFLATED if damage == "compressed" else zipfile.ZIP_STORED
            archive.writestr(MANIFEST, "[" * 100_000, kind)
    with pytest.raises(UserError) as refused:
        EntryFile.read(path)
    message = str(refused.value)
    assert str(path) in message and DAMAGED[damage] in message and "\n" not in message
