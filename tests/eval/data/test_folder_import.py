"""Local folders in the place of a download."""

from __future__ import annotations

import shutil

import pytest
from PIL import Image

from dfr.core.errors import UserError
from dfr.core.files import sha256
from eval.data.collection import read_collection
from eval.data.folder_import import import_folders
from eval.data.lock import LOCK, Lock, open_locked, write_lock
from tests.conftest import complaint
from tests.eval.data.local_folders import LIST, draw_pictures, snapshot


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
