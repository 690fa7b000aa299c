from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from baselines.external import Output, WrongSize, load_outputs, scan
from dfr.core.errors import UserError
from dfr.core.images import load

CONTENTS, STYLES = ["cat", "harbour"], ["waves", "glass"]


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "outputs"


@pytest.fixture
def put(files: Path, outputs: Path):
    """Put a real picture, 120 x 160 if not said otherwise, at a path inside the folder."""

    def put(name: str, size: tuple[int, int] | None = None) -> Path:
        path = outputs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if size is None:
            shutil.copy(files / "content.png", path)
        else:
            with Image.open(files / "content.png") as picture:
                picture.resize(size[::-1]).save(path)
        return path

    return put


def fill(put, method: str, modes=("",)) -> None:
    for content in CONTENTS:
        for style in STYLES:
            for mode in modes:
                put(f"{method}/{content}__{style}{mode}.png")


def refusal(outputs: Path, contents=CONTENTS, styles=STYLES) -> str:
    """The one line with which a folder is refused."""
    with pytest.raises(UserError) as caught:
        scan(outputs, contents, styles)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(outputs))
    return message


def test_a_complete_method(put, outputs, files):
    fill(put, "AdaIN")
    (outputs / "AdaIN" / "method.toml").write_text(
        'name = "AdaIN (Huang)"\ncitation = "ICCV 2017"\nseconds_per_output = 2\n'
    )
    (method,) = scan(outputs, CONTENTS, STYLES, size=lambda _: (120, 160))
    assert (method.label, method.title) == ("adain", "AdaIN (Huang)")
    assert (method.citation, method.seconds_per_output) == ("ICCV 2017", 2.0)
    assert method.missing == method.extra == method.wrong_size == ()
    assert list(method.outputs) == [(c, s) for c in CONTENTS for s in STYLES]
    found = load_outputs(method, "cat", "glass")
    assert list(found) == ["output"]
    assert torch.equal(found["output"], load(files / "content.png"))
    assert found["output"].shape == (1, 3, 120, 160)


def test_several_methods_with_several_modes_and_no_toml(put, outputs):
    fill(put, "wct2", modes=("__a-1", "__B.2"))
    fill(put, "lst")
    lst, wct2 = scan(outputs, CONTENTS, STYLES)
    assert (lst.label, lst.title, lst.citation, lst.seconds_per_output) == (
        "lst",
        "lst",
        None,
        None,
    )
    assert list(load_outputs(wct2, "harbour", "waves")) == ["B.2", "a-1"]
    assert wct2.outputs["cat", "waves"]["a-1"] == outputs / "wct2" / "cat__waves__a-1.png"


def test_each_output_gets_its_own_file(put, outputs, files):
    fill(put, "m", modes=("__a", "__b"))
    shutil.copy(files / "style.png", outputs / "m" / "cat__glass__b.png")
    (method,) = scan(outputs, CONTENTS, STYLES)
    odd = load(files / "style.png")
    same = [
        (*pair, mode)
        for pair in method.outputs
        for mode, picture in load_outputs(method, *pair).items()
        if torch.equal(picture, odd)
    ]
    assert same == [("cat", "glass", "b")]


def test_what_is_missing_extra_or_of_another_size_is_listed_and_not_used(put, outputs):
    fill(put, "m", modes=("__a", "__b"))
    (outputs / "m" / "cat__glass__b.png").unlink()
    (outputs / "m" / "harbour__waves__a.png").unlink()
    (outputs / "m" / "harbour__waves__b.png").unlink()
    wrong = put("m/cat__waves__a.png", size=(60, 80))
    extra = [
        put("m/Cat__waves__a.png"),  # another name
        put("m/cat__dots__a.png"),  # a style that is not in the data set
        put("m/cat__waves__my_mode.png"),  # no mode can be named so
        put("m/cat_waves.png"),
        outputs / "m" / "notes.txt",
        outputs / "m" / "old",
    ]
    extra[-2].write_text("notes")
    extra[-1].mkdir()
    put("m/.cat__waves__a.png")
    sizes = {"cat": (120, 160), "harbour": (120, 160)}
    (method,) = scan(outputs, CONTENTS, STYLES, size=sizes.__getitem__)
    assert method.missing == (
        Output("cat", "glass", "b"),
        Output("harbour", "waves", "a"),
        Output("harbour", "waves", "b"),
    )
    assert sorted(method.extra) == sorted(extra)
    assert method.wrong_size == (WrongSize(wrong, (60, 80), (120, 160)),)
    assert {pair: list(modes) for pair, modes in method.outputs.items()} == {
        ("cat", "waves"): ["b"],
        ("cat", "glass"): ["a"],
        ("harbour", "glass"): ["a", "b"],
    }
    with pytest.raises(UserError, match="'m' has no output of harbour × waves"):
        load_outputs(method, "harbour", "waves")


def test_each_content_has_its_own_size(put, outputs):
    fill(put, "m")
    put("m/harbour__waves.png", size=(160, 120))
    put("m/harbour__glass.png", size=(160, 120))
    sizes = {"cat": (120, 160), "harbour": (160, 120)}
    (method,) = scan(outputs, CONTENTS, STYLES, size=sizes.__getitem__)
    assert method.wrong_size == () and len(method.outputs) == 4
    (method,) = scan(outputs, CONTENTS, STYLES, size=lambda _: (120, 160))
    assert [wrong.path.name for wrong in method.wrong_size] == [
        "harbour__waves.png",
        "harbour__glass.png",
    ]


def test_a_method_without_any_usable_output_misses_every_pair(put, outputs):
    stray = put("m/something.png")
    (method,) = scan(outputs, CONTENTS, STYLES)
    assert method.missing == tuple(Output(c, s, "output") for c in CONTENTS for s in STYLES)
    assert method.extra == (stray,) and not method.outputs


def test_names_with_two_underscores_are_read_exactly(put, outputs):
    put("m/a__b__c.png")
    put("m/a__b__c__mode.png")
    (method,) = scan(outputs, ["a__b"], ["c"])
    assert list(method.outputs["a__b", "c"]) == ["mode", "output"]
    assert "a__b × c × output or a × b × c" in refusal(outputs, ["a__b", "a"], ["c", "b"])


def test_one_output_twice_is_refused(put, outputs):
    put("m/cat__waves.png")
    put("m/cat__waves__output.png")
    assert "same output as" in refusal(outputs)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("name = ", "cannot be read as TOML"),
        ("name = 3", "'name'"),
        ('name = ""', "'name'"),
        ('name = "two\\nlines"', "'name'"),
        ('nmae = "x"', "'nmae'"),
        ("seconds_per_output = 0", "'seconds_per_output'"),
        ("seconds_per_output = nan", "'seconds_per_output'"),
        ('seconds_per_output = "2"', "'seconds_per_output'"),
        ("citation = []", "'citation'"),
        (b"name = '\xff'", "cannot be read as TOML"),
    ],
)
def test_a_wrong_toml_is_refused(put, outputs, toml, message):
    fill(put, "m")
    (outputs / "m" / "method.toml").write_bytes(toml if isinstance(toml, bytes) else toml.encode())
    assert message in refusal(outputs)
    assert "method.toml" in refusal(outputs)


@pytest.mark.parametrize("name", ["my method", "m-", "_m", "mé", "m'", "a,b"])
def test_an_unsafe_name_of_a_method_is_refused(put, outputs, name):
    fill(put, name)
    assert "rename it" in refusal(outputs)


def test_two_methods_that_differ_in_capitals_only_are_refused(put, outputs):
    fill(put, "adain")
    fill(put, "AdaIN")
    if len(list(outputs.iterdir())) == 1:
        pytest.skip("this file system does not tell capitals apart")
    assert "but for capitals" in refusal(outputs)


@pytest.mark.parametrize("kind", ["no picture", "cut short", "empty"])
def test_an_unreadable_picture_is_refused(put, outputs, kind):
    fill(put, "m")
    path = outputs / "m" / "cat__glass.png"
    path.write_bytes({"no picture": b"hello", "empty": b""}.get(kind, path.read_bytes()[:2000]))
    assert refusal(outputs).startswith(str(path))


def test_folders_that_hold_no_method_are_refused(put, outputs):
    assert "no such folder" in refusal(outputs)
    outputs.mkdir()
    assert "no method's folder" in refusal(outputs)
    put("cat__waves.png")
    assert "lies in no method's folder" in refusal(outputs)
