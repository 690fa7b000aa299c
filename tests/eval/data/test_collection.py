"""The list of the benchmark's pictures."""

from __future__ import annotations

import pytest

from dfr.core.errors import UserError
from eval.data.collection import BUILT_IN, coco_id, read_collection
from tests.eval.data.local_folders import LIST


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
