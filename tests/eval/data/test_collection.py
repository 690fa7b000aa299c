"""The list of pictures, local folders in their place, and what a run makes of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dfr.core.errors import UserError
from dfr.core.files import sha256
from eval.data.collection import BUILT_IN, Collection, coco_id, read_collection
from eval.data.dataset import choose_data, open_dataset
from eval.data.folder_import import import_folders
from eval.data.gallery import draw_set, label
from eval.data.lock import LOCK, Lock, LockedFile, open_locked, write_lock
from tests.conftest import complaint
from tests.eval.conftest import make_run

LIST = """
[[contents]]
id = 785
file = "000000000785.jpg"
licence = 4
shows = "a skier"

[[contents]]
id = 40083
file = "000000040083.jpg"
licence = 0
shows = "a street"

[[styles]]
name = "wave"
artist = "Katsushika Hokusai"
died = 1849
title = "The Great Wave off Kanagawa"
year = "about 1831"
movement = "Ukiyo-e"
public_domain = true
wikiart = "https://www.wikiart.org/en/katsushika-hokusai/the-great-wave"
commons = "Great Wave & more?.jpg"
verified = ["commons"]
"""


@pytest.fixture
def toml(tmp_path) -> Path:
    path = tmp_path / "set.toml"
    path.write_text(LIST, encoding="utf-8")
    return path


@pytest.fixture
def wanted(toml) -> Collection:
    return read_collection(toml)


def draw_pictures(folder: Path, *names: str, seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(seed)
    for name in names:
        noise = random.integers(0, 255, (45, 60, 3), dtype=np.uint8)
        Image.fromarray(noise).save(folder / name)
    return folder


@pytest.fixture
def coco(tmp_path) -> Path:
    return draw_pictures(
        tmp_path / "coco", "000000000785.jpg", "COCO_val2014_000000123456.jpg", "my cat!.png"
    )


@pytest.fixture
def style(tmp_path) -> Path:
    return draw_pictures(tmp_path / "style", "a.jpg", "a.png", "B.JPEG", seed=1)


@pytest.fixture
def data(wanted, coco, style, tmp_path) -> Path:
    import_folders(wanted, tmp_path / "data", coco=coco, style=style)
    return tmp_path / "data"


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_the_real_collection_is_as_promised():
    found = read_collection(BUILT_IN)
    assert (len(found.contents), len(found.styles)) == (15, 20)
    assert all(style.died <= 1954 for style in found.styles)
    assert all(style.public_domain for style in found.styles)
    assert len({style.movement for style in found.styles}) >= 8
    files = found.files()
    assert len({item.file.lower() for item in files}) == len({item.url for item in files}) == 35


def test_addresses_are_those_of_the_two_sites(wanted):
    photograph, _, painting = wanted.files()
    assert photograph.url == "http://images.cocodataset.org/val2017/000000000785.jpg"
    assert painting.url == (
        "https://commons.wikimedia.org/wiki/Special:FilePath/"
        "Great%20Wave%20%26%20more%3F.jpg?width=1280"
    )
    assert painting.file == "styles/wave.jpg"
    assert painting.about["licence"] == "public domain"
    assert photograph.about == {"title": "a skier", "licence": "CC BY 2.0", "verified": True}


@pytest.mark.parametrize(
    ("before", "after", "where"),
    [
        ('name = "wave"', 'name = "../wave"', "styles.0.name"),
        ('"000000000785.jpg"', '"../../000785.jpg"', "contents.0.file"),
        ("id = 785", "id = 786", "not that of image 786"),
        ("Great Wave & more?.jpg", "a/../b.jpg", "styles.0.commons"),
        ("Great Wave & more?.jpg", "Wave.svg", "styles.0.commons"),
        ("https://www.wikiart.org/", "https://example.org/", "styles.0.wikiart"),
        ("licence = 4", "licence = 9", "contents.0.licence"),
        ("died = 1849", "", "styles.0.died"),
        ("died = 1849", "died = 1849\nsize = 3", "styles.0.size"),
        ("[[styles]]", "[[styles", "cannot be read as TOML"),
        ('id = 40083\nfile = "000000040083.jpg"', 'id = 785\nfile = "000000000785.jpg"', "twice"),
    ],
)
def test_a_wrong_entry_is_named(toml, before, after, where):
    assert before in LIST
    toml.write_text(LIST.replace(before, after))
    with pytest.raises(UserError, match=where) as caught:
        read_collection(toml)
    assert str(toml) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("000000000785.jpg", 785),
        ("COCO_val2014_000000000042.jpg", 42),
        ("COCO_train2014_000000000042.JPG", 42),
        ("785.jpg", None),
        ("000000000785.png", None),
        ("x000000000785.jpg", None),
    ],
)
def test_mscoco_names_are_recognised(name, number):
    assert coco_id(name) == number


def test_folders_are_copied_recognised_and_locked(wanted, coco, style, tmp_path):
    before = snapshot(coco), snapshot(style)
    data = tmp_path / "data"
    done = import_folders(wanted, data, coco=coco, style=style)
    assert (snapshot(coco), snapshot(style)) == before
    assert (done.coco, done.known, done.plain, done.left_out) == (2, 1, 1, 0)
    lock = open_locked(data)
    assert list(lock.files) == [
        "contents/000000000785.jpg", "contents/COCO_val2014_000000123456.jpg",
        "contents/my-cat.png", "styles/B.jpeg", "styles/a.jpg", "styles/a-2.png",
    ]  # fmt: skip
    skier, other, cat, *_ = lock.files.values()
    assert (skier.title, skier.licence, skier.verified) == ("a skier", "CC BY 2.0", True)
    assert (other.licence, other.verified, cat.source) == ("not verified", False, "my cat!.png")
    assert not (data / "contents/my-cat.png").is_symlink()
    assert cat.sha256 == sha256(coco / "my cat!.png")
    assert lock.contents_from == "a local folder, 2 of 3 with MSCOCO names"
    assert not (data / ".partial").exists() and not (data / "unfinished.json").exists()


def test_of_a_folder_with_the_whole_collection_that_is_taken(wanted, coco, tmp_path):
    draw_pictures(coco, "000000040083.jpg", seed=5)
    done = import_folders(wanted, tmp_path / "data", coco=coco, style=None)
    assert list(done.lock.files) == ["contents/000000000785.jpg", "contents/000000040083.jpg"]
    assert (done.coco, done.known, done.left_out) == (2, 2, 2)
    assert done.lock.contents_from == "a local folder of MSCOCO pictures"


def test_real_mscoco_pictures_are_recognised(toml, shared_pictures, tmp_path):
    toml.write_text(LIST.replace("40083", "40084"))  # one that does not lie there
    done = import_folders(
        read_collection(toml), tmp_path / "data", coco=shared_pictures / "coco_val2017", style=None
    )
    assert (done.coco, done.plain) == (6, 0)
    assert len(open_locked(tmp_path / "data").of("contents")) == 6


def test_a_bad_picture_is_named_before_anything_is_written(wanted, coco, style, tmp_path):
    (style / "broken.jpg").write_bytes((style / "a.jpg").read_bytes()[:300])
    with pytest.raises(UserError, match=r"broken\.jpg"):
        import_folders(wanted, tmp_path / "data", coco=coco, style=style)
    assert not (tmp_path / "data").exists()


def test_another_set_is_replaced_only_when_asked(wanted, data, style):
    before = snapshot(data)
    with pytest.raises(UserError, match="--replace"):
        import_folders(wanted, data, coco=None, style=style)
    assert snapshot(data) == before
    import_folders(wanted, data, coco=None, style=style, replace=True)
    assert list(open_locked(data).files) == ["styles/B.jpeg", "styles/a.jpg", "styles/a-2.png"]
    assert not list((data / "contents").iterdir())


def test_the_same_set_again_brings_back_what_was_lost(wanted, data, coco, style):
    (data / "styles/a.jpg").unlink()
    with pytest.raises(UserError, match=r"styles/a\.jpg .* not there; run `dfr data import` again"):
        open_locked(data)
    import_folders(wanted, data, coco=coco, style=style)
    open_locked(data)
    (data / "styles/a.jpg").write_bytes(b"other")
    with pytest.raises(UserError, match=r"styles/a\.jpg is not what was fetched or imported"):
        import_folders(wanted, data, coco=coco, style=style)


def test_an_import_stopped_while_files_move_goes_on(wanted, data, coco, style):
    lock = open_locked(data)
    write_lock(data, lock, "unfinished.json")
    (data / LOCK).unlink()
    (data / "contents/my-cat.png").unlink()
    with pytest.raises(UserError, match="an unfinished set"):
        open_locked(data)
    assert import_folders(wanted, data, coco=coco, style=style).lock == lock
    open_locked(data)


def test_a_strange_file_is_in_nobodys_way(wanted, coco, tmp_path):
    strange = draw_pictures(tmp_path / "data" / "contents", "000000000785.jpg", seed=7)
    before = snapshot(strange)
    with pytest.raises(UserError, match="there, but not from an import"):
        import_folders(wanted, tmp_path / "data", coco=coco, style=None)
    assert snapshot(strange) == before


def test_a_lock_cannot_name_a_file_outside(data):
    lock = open_locked(data)
    entry = next(iter(lock.files.values()))
    outside = Lock.model_construct(**{**dict(lock), "files": {"contents/../../x.jpg": entry}})
    write_lock(data, outside)
    with pytest.raises(UserError, match="is no place of a picture"):
        open_locked(data)


def test_one_writer_at_a_time(wanted, data, coco, style):
    fcntl = pytest.importorskip("fcntl")
    with (data / ".lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(UserError, match="another process"):
            import_folders(wanted, data, coco=coco, style=style)


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
    assert folder is None and "embedded set, 8 x 6 instead of 15 x 20" in said
    with pytest.raises(UserError, match="dfr data fetch"):
        choose_data("fetched", 1, 1)
    import_folders(wanted, data, coco=coco, style=style)
    folder, said = choose_data("auto", 15, 20)
    assert folder == data and "3 contents and 3 styles" in said and "\n" not in said
    assert choose_data("auto", 2, 3) == (None, "")  # a laptop's profile
    assert choose_data("auto", 15, 20, folders=True) == (None, "")
    assert choose_data("fetched", 2, 3)[0] == data
    assert choose_data(str(data), 2, 3)[0] == data
    (data / "styles/a.jpg").write_bytes(b"other")
    with pytest.raises(UserError, match=r"styles/a\.jpg is not what"):
        choose_data("auto", 15, 20)


def test_labels_tell_who_painted_and_what_is_shown():
    common = {"sha256": "0" * 64, "size": 1, "source": ""}
    painting = LockedFile(artist="Claude Monet", title="Water Lilies", year="1906", **common)
    assert label("styles/lilies.jpg", painting) == "Monet: Water Lilies, 1906"
    assert (
        label("contents/000000000785.jpg", LockedFile(title="a skier", **common)) == "785  a skier"
    )
    assert label("contents/golden_gate.jpg", LockedFile(**common)) == "golden_gate"


def test_the_whole_set_is_drawn(data):
    sheet = draw_set(data, open_locked(data))
    assert sheet.width > 900 and sheet.height > 500
    colours = {tuple(pixel) for pixel in np.asarray(sheet)[::40, ::40].reshape(-1, 3)}
    assert len(colours) > 100


def test_the_commands_import_show_and_use_it(dfr, toml, coco, style, tmp_path):
    data = tmp_path / "data"
    where = ("--to", data)
    assert "dfr data fetch" in complaint(dfr("data", "show", *where))
    named = ("--collection", toml, *where)
    assert "--coco" in complaint(dfr("data", "import", *named))
    done = dfr("data", "import", "--coco", coco, "--style", style, *named)
    assert done.returncode == 0, done.stderr
    assert "2 MSCOCO pictures, 1 of them of the collection" in done.stdout
    assert "not MSCOCO names: 1" in done.stdout
    shown = dfr("data", "show", *where)
    assert shown.returncode == 0, shown.stderr
    assert sha256(data / "styles/a.jpg")[:12] in shown.stdout and "CC BY 2.0" in shown.stdout
    assert Image.open(data / "collection.png").width > 900
    shutil.rmtree(data / "styles")
    assert "styles/B.jpeg" in complaint(dfr("data", "show", *where))
    assert "styles/B.jpeg" in complaint(
        dfr("reproduce", "--profile", "smoke", "--data", data, "--out", tmp_path / "run")
    )
    assert not (tmp_path / "run").exists()


def test_a_run_on_a_data_folder_says_so(data, small_profile, tmp_path):
    chosen, told = choose_data(str(data), 1, 2)
    assert told.startswith("pictures: 1 contents and 2 styles of")
    identity = make_run(small_profile, tmp_path / "run", data=chosen).description["identity"]
    assert identity["styles_from"] == "a local folder of styles"
    assert identity["contents"][0]["sha256"] == sha256(data / "contents/000000000785.jpg")
