"""Study files, the pictures of a study, and how a study is opened."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dfr.core.errors import UserError
from studies.ballots.location import DATABASE, database_of, existing_database
from studies.ballots.opening import new_study, open_study
from studies.ballots.poll import count_places, read_poll
from studies.design import material
from studies.design.attention import LEAST_DISTANCE
from studies.design.material import PictureMissing, keep_material, read_material
from studies.design.study import Study, read_study
from studies.design.trial import Side

METHODS = ("dfr", "decormst", "gatys", "feedforward")


def write(folder: Path, text: str) -> Path:
    path = folder / "My-Study.toml"
    path.write_text(text)
    return path


def test_a_study_file_may_be_empty_and_is_then_the_published_study(tmp_path: Path):
    study = read_study(write(tmp_path, ""))
    assert (study.participants, study.trials, study.questions) == (30, 20, ("overall",))
    assert study.name == "my-study"


def test_a_run_is_sought_beside_the_study_file(tmp_path: Path):
    assert read_study(write(tmp_path, 'run = "runs/x"')).run == tmp_path / "runs" / "x"
    assert read_study(write(tmp_path, 'run = "/runs/x"')).run == Path("/runs/x")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("participants = 0", "'participants': Input should be greater than or equal to 1"),
        ("questions = []", "'questions'"),
        ('questions = ["taste"]', "'questions.0'"),
        ('questions = ["style", "style"]', "lists a name twice"),
        ('methods = ["a", "a"]', "lists a name twice"),
        ("trials = 3\nrepeats = 4", "4 repeats of 3 trials"),
        ("participants = 2\njudges = 3", "3 judges of 2 participants"),
        ('name = "../../etc/passwd"', "'name'"),
        ('name = "a b"', "'name'"),
        ("colour = 1", "'colour'"),
        (f'title = "{"x" * 200}"', "'title'"),
        ("participants = [", "cannot be read as TOML"),
    ],
)
def test_what_a_study_file_cannot_hold_is_told(tmp_path: Path, text: str, told: str):
    with pytest.raises(UserError, match=r"My-Study\.toml") as caught:
        read_study(write(tmp_path, text))
    assert told in str(caught.value)


@pytest.fixture(scope="module")
def run(tiny_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tiny run, into whose pictures words were written."""
    folder = tmp_path_factory.mktemp("material") / "run"
    shutil.copytree(tiny_run, folder, ignore=shutil.ignore_patterns("report"))
    return folder


def test_all_methods_that_ran_everywhere_are_compared_with_all_their_outputs(run: Path):
    stimuli = read_material(run).stimuli
    assert stimuli.methods == ("dfr", "half", "decormst", "gatys", "feedforward")
    assert len(stimuli.pairs) == 2
    pair = stimuli.pairs[0]
    assert stimuli.outputs[(*pair, "dfr")] == ("rot000", "rot090", "rot180", "rot270")
    assert len(stimuli.outputs[(*pair, "decormst")]) == 5
    assert stimuli.strong[pair][0] in stimuli.methods


def test_a_pair_that_lacks_a_method_is_not_shown(run: Path, tmp_path: Path):
    shutil.copytree(run, tmp_path / "run")
    (content, first), (_, second) = read_material(run).stimuli.pairs
    shutil.rmtree(tmp_path / "run" / "cells" / content / first / "gatys")
    assert read_material(tmp_path / "run", METHODS).stimuli.pairs == ((content, second),)
    assert len(read_material(tmp_path / "run", ["dfr", "half"]).stimuli.pairs) == 2
    shutil.rmtree(tmp_path / "run" / "cells" / content / second / "gatys")
    with pytest.raises(UserError, match="no pair has outputs of all of"):
        read_material(tmp_path / "run", METHODS)


def test_methods_that_are_not_there_and_too_few_are_told(run: Path):
    with pytest.raises(UserError, match="did you mean gatys"):
        read_material(run, ["dfr", "gaty"])
    with pytest.raises(UserError, match="two methods or more"):
        read_material(run, ["dfr"])


def test_pictures_are_the_outputs_to_the_pixel_and_hold_nothing_else(run: Path):
    material = read_material(run, METHODS)
    content, style = material.stimuli.pairs[0]
    cell = material.store.cell_folder(content, style, "gatys")
    (mode,) = material.stimuli.outputs[content, style, "gatys"]
    for data, path in (
        (material.picture(Side("output", "gatys", mode), content, style), cell / f"{mode}.png"),
        (material.content(content, style), next((run / "pictures/content").rglob("*.png"))),
    ):
        with Image.open(io.BytesIO(data)) as shown, Image.open(path) as kept:
            assert np.array_equal(np.asarray(shown), np.asarray(kept))
            assert shown.info == {}


def test_noise_has_the_size_of_the_outputs_and_is_the_same_each_time(run: Path):
    material = read_material(run, METHODS)
    content, style = material.stimuli.pairs[0]
    noise = material.picture(Side("noise"), content, style)
    with (
        Image.open(io.BytesIO(noise)) as shown,
        Image.open(io.BytesIO(material.content(content, style))) as there,
    ):
        assert shown.size == there.size
        assert np.asarray(shown).std() > 40
    assert noise == material.picture(Side("noise"), content, style)
    assert noise != material.picture(Side("noise"), content, material.stimuli.pairs[1][1])


def test_a_changed_picture_is_not_shown(run: Path, tmp_path: Path):
    shutil.copytree(run, tmp_path / "run")
    material = read_material(tmp_path / "run", METHODS)
    content, style = material.stimuli.pairs[0]
    path = material.store.cell_folder(content, style, "dfr") / "rot000.png"
    Image.new("RGB", (40, 32)).save(path)
    with pytest.raises(PictureMissing, match="was changed after the run wrote it"):
        material.picture(Side("output", "dfr", "rot000"), content, style)


def study(run: Path, **changes: object) -> Study:
    small = {"name": "s", "participants": 3, "trials": 5, "judges": 1, "methods": METHODS}
    return Study.model_validate({**small, "run": run, **changes})


def test_a_study_is_written_once_and_opened_again_as_it_is(run: Path, tmp_path: Path):
    first = open_study(study(run), tmp_path)
    trials = read_poll(first.ballots, "s").trials
    again = open_study(study(run), tmp_path)
    assert again.key == first.key
    assert len(trials) == 3 * (2 + 5 + 2 + 9)
    assert read_poll(again.ballots, "s").trials.equals(trials)


def test_words_may_change_after_the_first_participant_and_numbers_may_not(
    run: Path, tmp_path: Path
):
    opened = open_study(study(run), tmp_path)
    opened.ballots.join(opened.key)
    open_study(study(run, title="Without the slip of the pen"), tmp_path)
    for change in ({"trials": 6}, {"drop_at": 1}, {"consent": "We keep your name."}, {"seed": 1},
                   {"methods": ("dfr", "gatys")}, {"simulated": True}):  # fmt: skip
        with pytest.raises(UserError, match="was begun with other settings"):
            open_study(study(run, **change), tmp_path)


def test_more_places_are_added_and_fewer_only_before_anybody_came(run: Path, tmp_path: Path):
    for people in (4, 2):
        opened = open_study(study(run, participants=people), tmp_path)
        assert count_places(opened.ballots, opened.key) == people
    opened.ballots.join(opened.key)
    before = read_poll(opened.ballots, "s").trials
    open_study(study(run, participants=5), tmp_path)
    open_study(study(run, participants=3, door="open"), tmp_path)
    after = read_poll(opened.ballots, "s").trials
    assert after["slot"].nunique() == 5
    assert after[after["slot"] < 2].equals(before)
    counted = after[after["kind"] == "vote"]
    assert counted.groupby("slot").size().tolist() == [5] * 5
    assert not after[after["slot"] == 2].equals(after[after["slot"] == 0])


def test_what_happens_to_the_run_later_touches_no_study(run: Path, tmp_path: Path):
    own = tmp_path / "run"
    shutil.copytree(run, own)
    home = tmp_path / "home"
    opened = open_study(study(own), home)
    opened.ballots.join(opened.key)
    pair = opened.material.stimuli.pairs[0]
    before = opened.material.content(*pair)
    shutil.rmtree(own)
    again = open_study(study(own), home)
    assert again.key == opened.key
    material._pixels.cache_clear()
    assert again.material.content(*pair) == before
    assert {path.name for path in home.iterdir()} >= {"stimuli", "votes.sqlite"}
    labels = {path.parent.name for path in home.glob("stimuli/cells/*/*/*/cell.json")}
    assert labels == set(METHODS)  # and nothing of the other methods
    with pytest.raises(UserError, match="no pictures of half; if nobody"):
        open_study(study(own, methods=("dfr", "half")), home)
    with pytest.raises(UserError, match="has no pictures; name the run"):
        open_study(study(own).model_copy(update={"run": None}), tmp_path / "elsewhere")


def test_another_run_under_the_same_name_is_refused(run: Path, tmp_path: Path):
    from eval.runs.store import RunStore

    opened = open_study(study(run), tmp_path)
    opened.ballots.join(opened.key)
    store = RunStore(tmp_path / "stimuli")
    described = json.loads(json.dumps(store.description))
    described["identity"]["seed"] = 99
    store.write_sealed("run.json", described)
    with pytest.raises(UserError, match="or another run"):
        open_study(study(run), tmp_path)


def test_pictures_that_look_alike_are_in_no_catch_trial(run: Path, tmp_path: Path):
    keep_material(run, METHODS, tmp_path / "stimuli")
    strong = read_material(run, METHODS).stimuli.strong
    measured = json.loads((tmp_path / "stimuli" / "catches.json").read_text())
    assert set(measured) == {"/".join((*pair, *side)) for pair, side in strong.items()}
    first, second = strong
    measured["/".join((*first, *strong[first]))] = LEAST_DISTANCE
    measured["/".join((*second, *strong[second]))] = LEAST_DISTANCE - 0.1
    (tmp_path / "stimuli" / "catches.json").write_text(json.dumps(measured))
    assert set(read_material(tmp_path / "stimuli", METHODS).stimuli.strong) == {first}


def test_a_new_study_has_a_folder_of_its_own(run: Path, tmp_path: Path):
    file = new_study(tmp_path / "Spring 27", run, METHODS, "open")
    made = read_study(file)
    assert (made.name, made.methods, made.door) == ("spring-27", METHODS, "open")
    assert len(file.read_text().splitlines()) <= 20
    made = made.model_copy(update={"trials": 5})
    assert open_study(made, file.parent).study.participants == 30
    with pytest.raises(UserError, match="is not empty"):
        new_study(tmp_path / "Spring 27", run, METHODS, "open")
    for wrong in ({"door": "window"}, {"methods": ("dfr", "gaty")}, {"run": tmp_path}):
        with pytest.raises(UserError):
            new_study(tmp_path / "x", **{"run": run, "methods": (), "door": "open", **wrong})
        assert not (tmp_path / "x").exists()


def test_the_ballots_are_the_ones_named_else_those_in_the_studys_folder(monkeypatch):
    monkeypatch.delenv(DATABASE, raising=False)
    assert database_of(Path("/r")) == "sqlite:////r/votes.sqlite"
    with pytest.raises(UserError, match="name the study: --study"):
        existing_database(None, None)
    monkeypatch.setenv(DATABASE, "postgresql://h/n")
    assert database_of(Path("/r")) == "postgresql://h/n"
    assert existing_database(None, None) == "postgresql://h/n"
    assert database_of(Path("/r"), "x.sqlite") == "sqlite:///x.sqlite"
