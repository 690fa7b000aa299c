"""Every language says everything, and a study file may say it in its own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from dfr.core.errors import UserError
from studies.design.study import QUESTIONS, Study, read_study
from studies.design.words import LANGUAGES, blanks, words_in


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_text_with_the_same_blanks(language):
    english, there = words_in("en"), words_in(language)
    assert list(there) == list(english)
    assert {name: blanks(text) for name, text in there.items()} == {
        name: blanks(text) for name, text in english.items()
    }
    assert all(text.strip() for text in there.values())
    if language != "en":
        alike = {name for name in english if there[name] == english[name]}
        assert alike <= {"place", "style"}  # "Style" is French too


def test_a_study_speaks_its_language_and_its_own_words():
    study = Study(name="s", language="de", words={"begin": "Los!", "place": "Nr. {number}"})
    assert study.say("begin") == "Los!"
    assert study.say("place", number=3, of=9) == "Nr. 3"
    assert study.say("thanks") == "Vielen Dank!"
    assert study.consent == words_in("de")["consent"]
    assert Study(name="s", language="de", consent="Ja").consent == "Ja"
    assert Study(name="s").say("question_style") == QUESTIONS["style"]
    assert Study.model_validate(study.model_dump()) == study


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('language = "tlh"', "'language'"),
        ('[words]\nhello = "x"', "the page has no text 'hello'"),
        ('[words]\nplace = "{name}"', "'place' has the blank {name}"),
        ('[words]\nplace = "{number"', "'place' has braces that do not fit"),
        ("[words]\nplace = 3", "'words.place'"),
        ('consent_boxes = [""]', "'consent_boxes.0'"),
        ('completion_link = "javascript:alert(1)"', "'completion_link'"),
        ('id_parameter = "me"', "a word of the page's own"),
        ('door = "window"', "'door'"),
    ],
)
def test_what_cannot_be_said_is_told(tmp_path: Path, text: str, told: str):
    (tmp_path / "s.toml").write_text(text)
    with pytest.raises(UserError) as caught:
        read_study(tmp_path / "s.toml")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_in_another_encoding_is_one_line(tmp_path: Path):
    (tmp_path / "s.toml").write_bytes('title = "Größe"'.encode("latin-1"))
    with pytest.raises(UserError, match=r"s\.toml"):
        read_study(tmp_path / "s.toml")
