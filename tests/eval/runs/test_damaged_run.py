"""A command names what was changed in a run, and goes no further."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.conftest import complaint
from tests.eval.conftest import make_run


@pytest.fixture
def copy(small_run, tmp_path) -> Path:
    return Path(shutil.copytree(small_run, tmp_path / "copy"))


@pytest.mark.parametrize("name", ["run.json", "audit.json", "timing.json", "pictures.json"])
@pytest.mark.parametrize("damage", ["edited", "cut short", "seal taken off", "emptied"])
def test_a_changed_file_of_the_run_is_named(copy, dfr, name, damage):
    path = copy / name
    text = path.read_text()
    if damage == "edited":
        changed = json.loads(text)
        key = next(key for key in changed if key != "seal")
        changed[key] = {} if isinstance(changed[key], dict) else []
        path.write_text(json.dumps(changed))
    elif damage == "cut short":
        path.write_text(text[: len(text) // 2])
    elif damage == "seal taken off":
        changed = json.loads(text)
        del changed["seal"]
        path.write_text(json.dumps(changed))
    else:
        path.write_text("[]")
    assert name in complaint(dfr("report", copy, "--out", copy / "other"))
    assert not (copy / "other" / "index.html").exists()


def test_a_changed_picture_at_working_size_is_named(copy, dfr):
    picture = next(copy.glob("pictures/content/*/*.png"))
    Image.new("RGB", (40, 32)).save(picture)
    message = complaint(dfr("report", copy))
    assert picture.name in message
    assert "was changed, damaged or deleted" in message


def test_pictures_are_written_anew_as_the_message_says(copy, dfr, small_profile):
    picture = next(copy.glob("pictures/style/*/*.png"))
    before = picture.read_bytes()
    picture.write_bytes(b"nothing")
    assert "pictures.json" in complaint(dfr("reproduce", "--profile", small_profile, "--out", copy))
    (copy / "pictures.json").unlink()
    make_run(small_profile, copy)
    assert picture.read_bytes() == before
