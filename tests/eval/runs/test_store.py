"""What a run holds is as it was written, or named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from dfr.core.errors import UserError
from dfr.core.files import sha256
from dfr.methods.method import Stylization
from eval.runs.store import RunStore

IDENTITY = {
    "contents": [{"name": "dog"}, {"name": "cat"}],
    "styles": [{"name": "waves"}, {"name": "dots"}],
    "profile": {"methods": [{"label": "b", "title": "B"}, {"label": "a", "title": "A"}]},
    "external": [{"label": "theirs", "title": "Theirs"}],
    "seed": 0,
}
HERE = {"device": "cpu", "threads": 1}


def outputs(**modes: float) -> Stylization:
    """Grey pictures by mode."""
    pictures = {mode: torch.full((1, 3, 4, 6), level) for mode, level in modes.items()}
    return Stylization("dfr", {}, pictures, {}, {}, {}, 1, 1, 1.0, 0.1)


@pytest.fixture
def store(tmp_path) -> RunStore:
    run = RunStore(tmp_path / "run")
    run.folder.mkdir()
    run.begin(IDENTITY, HERE)
    return run


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_run_tells_what_was_asked_for_and_where_it_was_made(store):
    assert store.description == {"identity": IDENTITY, "environments": [HERE]}
    assert RunStore.open(store.folder).description == store.description


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(UserError, match=f"{tmp_path}: holds no run"):
        RunStore.open(tmp_path)


def test_each_place_is_recorded_once(store):
    there = {"device": "cuda", "threads": 8}
    store.begin(IDENTITY, HERE)
    store.begin(IDENTITY, there)
    store.add_environment(HERE)
    store.add_environment({"device": "mps"})
    store.add_environment({"device": "mps"})
    assert store.description["environments"] == [HERE, there, {"device": "mps"}]
    assert store.description["identity"] == IDENTITY


def test_a_run_of_something_else_is_refused_and_left_alone(store):
    other = {**IDENTITY, "seed": 1, "styles": [], "weights": "new"}
    with pytest.raises(UserError, match="another styles and another seed and another weights;"):
        store.begin(other, HERE)
    assert store.description["identity"] == IDENTITY
    store.write_sealed("run.json", {"environments": []})
    with pytest.raises(UserError, match="another contents and another styles and"):
        store.begin(IDENTITY, HERE)


def test_half_written_cells_are_removed_and_whole_ones_stay(store):
    store.save_cell("dog", "waves", "a", outputs(rot0=0.5), {})
    left = store.folder / "cells" / ".partial-1" / "deep"
    left.mkdir(parents=True)
    store.begin(IDENTITY, HERE)
    assert [path.name for path in (store.folder / "cells").iterdir()] == ["dog"]
    assert store.has("dog", "waves", "a")


def test_a_second_process_is_kept_out_until_the_first_is_done(tmp_path):
    store = RunStore(tmp_path / "deep" / "run")
    with (
        store.locked(),
        pytest.raises(UserError, match=f"{store.folder}: another process is working"),
        RunStore(store.folder).locked(),
    ):
        pass
    with RunStore(store.folder).locked():
        assert (store.folder / ".lock").is_file()


@pytest.mark.parametrize(("name", "what"), [("run.json", "the run"), ("timing.json", "it")])
def test_an_edited_file_is_named_with_what_to_delete(store, name, what):
    if name != "run.json":
        store.write_sealed(name, {"é": [float("nan"), 1.5]})
        assert store.read_sealed(name) == {"é": [None, 1.5]}
    edit(store.folder / name, added=1)
    with pytest.raises(UserError, match=f"{name}: was changed.*delete {what} and run") as refused:
        store.read_sealed(name)
    assert ("make this run anew" in str(refused.value)) == (name == "run.json")
    assert ("make it anew" in str(refused.value)) == (name != "run.json")


@pytest.mark.parametrize("text", ["[]", "{}", '{"seal": null}'])
def test_a_file_without_a_seal_is_refused(store, text):
    (store.folder / "run.json").write_text(text)
    with pytest.raises(UserError, match=r"run\.json: was changed"):
        store.read_sealed("run.json")


def test_pictures_are_written_once_and_checked(store):
    store.check_pictures()  # none yet
    dog = store.picture_path("content", "dog", 4, 6)
    assert dog == store.folder / "pictures" / "content" / "4x6" / "dog.png"
    store.keep_pictures({dog: lambda: torch.zeros(1, 3, 4, 6)})
    known = store.read_sealed("pictures.json")["sha256"]
    assert known == {"pictures/content/4x6/dog.png": sha256(dog)}
    cat = store.picture_path("content", "cat", 4, 6)
    store.keep_pictures(
        {dog: lambda: pytest.fail("it is there"), cat: lambda: torch.ones(1, 3, 4, 6)}
    )
    assert list(store.read_sealed("pictures.json")["sha256"].values()) == [sha256(dog), sha256(cat)]
    store.check_pictures()
    dog.write_bytes(cat.read_bytes())
    for look in (store.check_pictures, lambda: store.keep_pictures({dog: torch.zeros})):
        with pytest.raises(UserError, match=r"dog\.png: was changed.*delete .*/pictures\.json"):
            look()
    dog.unlink()
    with pytest.raises(UserError, match=r"dog\.png: was .*deleted"):
        store.check_pictures()


def test_a_cell_is_there_whole_with_its_row(store):
    assert not store.has("dog", "waves", "a")
    result = outputs(rot0=0.0, rot90=1.0)
    store.save_cell("dog", "waves", "a", result, {"loss": 2.5, "content": "dog"})
    folder = store.cell_folder("dog", "waves", "a")
    assert folder == store.folder / "cells" / "dog" / "waves" / "a"
    assert folder.stat().st_mode & 0o777 == 0o755
    assert store.has("dog", "waves", "a")
    row = store.read_cell(folder)
    files = {
        mode: {"file": f"{mode}.png", "sha256": sha256(folder / f"{mode}.png")}
        for mode in ("rot0", "rot90")
    }
    assert row == {
        "content": "dog", "style": "waves", "label": "a", "loss": 2.5, "files": files,
    }  # fmt: skip
    assert sorted(path.name for path in folder.iterdir()) == ["cell.json", "rot0.png", "rot90.png"]


def test_a_finished_cell_is_never_replaced(store):
    store.save_cell("dog", "waves", "a", outputs(rot0=0.0), {})
    before = store.read_cell(store.cell_folder("dog", "waves", "a"))
    with pytest.raises(UserError):
        store.save_cell("dog", "waves", "a", outputs(rot0=1.0), {})
    assert store.read_cell(store.cell_folder("dog", "waves", "a")) == before
    assert not list(store.folder.glob("cells/.partial-*"))


def test_a_cell_that_cannot_be_written_leaves_nothing(store):
    with pytest.raises(TypeError):
        store.save_cell("dog", "waves", "a", outputs(rot0=0.0), {"loss": object()})
    assert not store.has("dog", "waves", "a")
    assert not list(store.folder.glob("cells/.partial-*"))


@pytest.mark.parametrize("damage", ["picture", "no picture", "row", "seal"])
def test_a_changed_cell_is_named(store, damage):
    store.save_cell("dog", "waves", "a", outputs(rot0=0.0, rot90=1.0), {"loss": 2.5})
    folder = store.cell_folder("dog", "waves", "a")
    if damage == "picture":
        (folder / "rot90.png").write_bytes((folder / "rot0.png").read_bytes())
    elif damage == "no picture":
        (folder / "rot90.png").unlink()
    elif damage == "row":
        edit(folder / "cell.json", loss=0.1)
    else:
        edit(folder / "cell.json", seal=None)
    named = folder / ("rot90.png" if "picture" in damage else "cell.json")
    with pytest.raises(UserError, match=f"{named}: was changed.*delete the folder {folder} and"):
        store.has("dog", "waves", "a")


def test_cells_come_in_the_order_of_the_profile_and_of_the_pictures(store):
    made = [("cat", "waves", "a"), ("dog", "dots", "theirs"), ("dog", "waves", "a"),
            ("dog", "waves", "b")]  # fmt: skip
    for place in made:
        store.save_cell(*place, outputs(rot0=0.5), {})
    found = [(cell["content"], cell["style"], cell["title"]) for cell in store.cells()]
    assert found == [("dog", "waves", "B"), ("dog", "waves", "A"), ("dog", "dots", "Theirs"),
                     ("cat", "waves", "A")]  # fmt: skip
