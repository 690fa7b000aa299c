"""What a run makes of a data folder."""

from __future__ import annotations

import pytest

from dfr.core.errors import UserError
from dfr.core.files import sha256
from eval.data.chosen import choose_data
from eval.data.dataset import open_dataset
from eval.data.folder_import import import_folders
from tests.eval.conftest import begun_with, make_run


def test_a_run_takes_the_first_of_a_data_folder(data, style, tmp_path):
    drawn = tmp_path / "drawn"
    found = open_dataset(None, None, drawn, 2, 2, data)
    assert [item.name for item in found.contents] == [
        "000000000785", "COCO_val2014_000000123456"
    ]  # fmt: skip
    assert [item.name for item in found.styles] == ["B", "a"]
    assert found.contents_from == "a local folder, 2 of 3 with MSCOCO names"
    assert found.styles_from == "a local folder of styles"
    mixed = open_dataset(None, style, drawn, 2, 2, data)
    assert len(mixed.styles) == 3 and mixed.styles_from == "a folder"
    assert mixed.contents == found.contents


def test_what_a_data_folder_lacks_is_embedded(wanted, style, tmp_path):
    import_folders(wanted, tmp_path / "data", coco=None, style=style)
    found = open_dataset(None, None, tmp_path / "drawn", 1, 2, tmp_path / "data")
    assert found.contents_from == "photographs from scikit-image"
    assert len(found.styles) == 2 and found.styles_from == "a local folder of styles"


def test_which_pictures_a_run_takes(wanted, coco, style, tmp_path, monkeypatch):
    monkeypatch.setenv("DFR_CACHE", str(tmp_path))
    data = tmp_path / "data"
    assert choose_data("embedded", 15, 20) == (None, "")
    folder, said = choose_data("auto", 15, 20)
    assert folder is None and "embedded set, 8 x 6 instead of 15 x 20, since" in said
    with pytest.raises(UserError, match="dfr data fetch"):
        choose_data("fetched", 1, 1)
    import_folders(wanted, data, coco=coco, style=style)
    folder, said = choose_data("auto", 15, 20)
    assert folder == data and "3 contents and 3 styles" in said and "\n" not in said
    assert choose_data("auto", 2, 3)[0] == data  # a laptop's profile
    assert choose_data("auto", 15, 20, folders=True) == (None, "")
    assert choose_data("fetched", 2, 3)[0] == data
    assert choose_data(str(data), 2, 3)[0] == data
    (data / "styles/a.jpg").write_bytes(b"other")
    with pytest.raises(UserError, match=r"styles/a\.jpg is not what"):
        choose_data("auto", 15, 20)


def test_a_run_on_a_data_folder_says_so(data, small_run, least_profile, tmp_path):
    chosen, told = choose_data(str(data), 1, 2)
    assert told.startswith("pictures: 1 contents and 2 styles of")
    out = begun_with(small_run, tmp_path / "run", "timing.json")
    identity = make_run(least_profile, out, data=chosen).description["identity"]
    assert identity["styles_from"] == "a local folder of styles"
    assert identity["contents"][0]["sha256"] == sha256(data / "contents/000000000785.jpg")
