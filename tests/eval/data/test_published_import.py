"""Published outputs as data: checked against their list, a pair whole or not at all."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PIL import Image

from dfr.core.errors import UserError
from dfr.core.files import sha256
from dfr.core.images import load
from eval.data.lock import open_locked
from eval.data.published_import import import_published
from eval.data.published_list import BUILT_IN, PublishedList, read_published
from tests.conftest import complaint, made_once
from tests.eval.data.published_folder import PAIRS, draw, make_published


@pytest.fixture(scope="session")
def drawn(tmp_path_factory) -> Path:
    return made_once(tmp_path_factory, "published-folder", make_published)


@pytest.fixture
def authors(drawn, tmp_path) -> Path:
    shutil.copytree(drawn / "authors", tmp_path / "authors")
    return tmp_path / "authors"


@pytest.fixture
def listed(drawn) -> PublishedList:
    return read_published(drawn / "published.csv")


def test_the_real_list_is_of_eight_pairs_and_a_sweep():
    found = read_published(BUILT_IN)
    at_one = [pair for pair in found.pairs if pair.rotation_weight == 1]
    assert len(at_one) == 8 and len(found.pairs) == 13
    assert all(set(pair.outputs) == {"at_30", "at_3000"} for pair in at_one)
    assert {pair.rotation_weight for pair in found.pairs} == {0, 0.2, 0.4, 0.6, 0.8, 1}
    assert [file for file, entry in found.files.items() if entry.mended_sha256] == [
        "style/woman_with_hat_matisse.jpg"
    ]


def test_addresses_lie_in_the_authors_repository(listed):
    base = "https://example.org/o/r"
    output = listed.files["8068_blue_sky_1.0/at_30_output2.png"]
    assert output.url(f"{base}/") == (
        f"{base}/{'1' * 40}/data/demo/8068_blue_sky_1.0/at_30_output2.png"
    )
    assert listed.files["style/blue.jpg"].url(base) == f"{base}/{'1' * 40}/data/style/blue.jpg"
    with pytest.raises(UserError, match="no web address"):
        output.url("ftp://example.org")


def test_whole_pairs_are_copied_and_locked(authors, listed, tmp_path):
    done = import_published(listed, tmp_path / "data", authors)
    lock = open_locked(tmp_path / "data")
    assert lock == done.lock and not done.left_out
    assert [pair.name for pair in lock.pairs] == list(PAIRS)
    sky = lock.pairs[-1]
    assert (sky.content, sky.style) == ("contents/8068.jpg", "styles/blue_sky.jpg")
    assert sky.outputs["at_30"][1] == "published/8068_blue_sky_1.0/at_30_output2.png"
    assert lock.files[sky.outputs["at_30"][1]].licence == "MIT"
    assert import_published(listed, tmp_path / "data", authors).lock == lock


def test_a_style_that_was_published_cut_short_is_read(authors, listed, tmp_path):
    with pytest.raises(UserError, match="cut short"):
        load(authors / "style/blue_sky.jpg")
    done = import_published(listed, tmp_path / "data", authors)
    assert load(tmp_path / "data/styles/blue_sky.jpg").shape == (1, 3, 60, 80)
    assert "cut short" in done.lock.files["styles/blue_sky.jpg"].title
    # Only the published file is mended: another one that is cut short is refused.
    (authors / "style/blue_sky.jpg").write_bytes((authors / "style/blue_sky.jpg").read_bytes()[:-1])
    (line,) = import_published(listed, tmp_path / "other", authors).left_out
    assert line.startswith("8068_blue_sky_1.0: style/blue_sky.jpg the picture is damaged")


def smaller(authors: Path) -> None:
    draw(authors / "8068_blue_sky_1.0/at_30_output3.png", 5, 211, 256)


def missing(authors: Path) -> None:
    (authors / "8068_blue_sky_1.0/at_30_output3.png").unlink()


def changed(authors: Path) -> None:
    path = authors / "8068_blue_sky_1.0/at_30_output3.png"
    with Image.open(path) as picture:
        picture.putpixel((3, 4), (1, 2, 3))
        picture.save(path)


def of_another_pair(authors: Path) -> None:
    shutil.copy(authors / "3063_blue_1.0/at_30_output3.png",
                authors / "8068_blue_sky_1.0/at_30_output3.png")  # fmt: skip


def no_picture(authors: Path) -> None:
    (authors / "8068_blue_sky_1.0/at_30_output3.png").write_text("no picture")


def another_content(authors: Path) -> None:
    shutil.copy(authors / "content/3063.jpg", authors / "content/8068.jpg")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (smaller, "at_30_output3.png has 211 x 256 pixels instead of 422 x 512"),
        (missing, "at_30_output3.png is missing"),
        (changed, "at_30_output3.png was changed (another SHA-256 than the published one)"),
        (of_another_pair, "at_30_output3.png is 3063_blue_1.0/at_30_output3.png"),
        (no_picture, "at_30_output3.png not a picture that can be read"),
        (another_content, "content/8068.jpg is content/3063.jpg"),
    ],
)
def test_a_bad_pair_is_named_and_the_others_are_used(authors, listed, tmp_path, spoil, words):
    spoil(authors)
    done = import_published(listed, tmp_path / "data", authors)
    assert done.left_out == (f"8068_blue_sky_1.0: {words}",)
    assert [pair.name for pair in done.lock.pairs] == ["3063_blue_0.2", "3063_blue_1.0"]
    assert not list((tmp_path / "data").rglob("*8068*"))


def test_pairs_without_a_line_or_a_folder_are_told(authors, listed, tmp_path):
    shutil.rmtree(authors / "3063_blue_0.2")
    (authors / "9999_new_1.0").mkdir()
    done = import_published(listed, tmp_path / "data", authors)
    assert done.left_out == (
        "3063_blue_0.2: not there", "9999_new_1.0: no hashes of it are known here"
    )  # fmt: skip


def test_a_set_grows_but_does_not_shrink_unasked(authors, listed, tmp_path):
    data = tmp_path / "data"
    (authors / "3063_blue_0.2").rename(tmp_path / "away")
    assert len(import_published(listed, data, authors).lock.pairs) == 2
    (tmp_path / "away").rename(authors / "3063_blue_0.2")
    assert len(import_published(listed, data, authors).lock.pairs) == 3
    shutil.rmtree(authors / "3063_blue_0.2")
    with pytest.raises(UserError, match="holds another set"):
        import_published(listed, data, authors)
    assert len(open_locked(data).pairs) == 3
    assert len(import_published(listed, data, authors, replace=True).lock.pairs) == 2


def test_without_a_usable_pair_nothing_is_written(listed, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=r"in it can be used: 3063_blue_0\.2: not"):
        import_published(listed, tmp_path / "data", tmp_path / "empty")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("at_30_output4", "at_30_output3", "one of them twice"),
        ("3063_blue_1.0/at_3000_output4.png", "3063_blue_1.0/at_3000_outputX.png", "no such names"),
        ("8068_blue_sky_1.0/", "8068_red_1.0/", "not its content"),
        ("style/blue.jpg", "../style/blue.jpg", "'file'"),
        (",bytes,", ",size,", "bytes"),
    ],
)
def test_a_wrong_list_is_named(drawn, tmp_path, before, after, words):
    text = (drawn / "published.csv").read_text()
    assert before in text
    path = tmp_path / "list.csv"
    path.write_text(text.replace(before, after))
    with pytest.raises(UserError, match=words):
        _ = read_published(path).pairs


def test_the_command_imports_and_says_what_is_not_used(dfr, authors, drawn, tmp_path):
    missing(authors)
    command = ("data", "import", "--collection", drawn / "published.csv", "--to", tmp_path / "data")
    done = dfr(*command, "--published", authors)
    assert done.returncode == 0
    assert done.stderr.strip() == ("dfr: not used: 8068_blue_sky_1.0: at_30_output3.png is missing")
    assert "1 published pairs at λ = 1 and 1 of a sweep of λ, 12 outputs" in done.stdout
    assert "apart" in complaint(dfr(*command, "--published", authors, "--style", authors))


def test_the_authors_own_folder_is_whole(shared_pictures, tmp_path):
    source = shared_pictures / "authors" / "published"
    listed = read_published(BUILT_IN)
    assert all(sha256(source / file) == entry.sha256 for file, entry in listed.files.items())
    done = import_published(listed, tmp_path / "data", source)
    assert not done.left_out and len(done.lock.pairs) == 13
    height, width = load(tmp_path / "data/styles/woman_with_hat_matisse.jpg").shape[-2:]
    assert (height, width) == (800, 591)
