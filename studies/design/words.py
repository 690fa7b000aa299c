"""What the page says, in several languages; a study file may say any of it in its own words."""

from __future__ import annotations

import difflib
import string
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

Language = Literal["en", "de", "fr", "es", "vi", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


@cache
def words_in(language: Language) -> Mapping[str, str]:
    """Return every text of the page by its name."""
    path = Path(__file__).parent / "languages" / f"{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def blanks(text: str) -> frozenset[str]:
    """Return the names in braces of a text, which the page fills in.

    Raises:
        ValueError: braces that do not fit together.
    """
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def check_own(own: Mapping[str, str]) -> None:
    """Check the words of a study file.

    Raises:
        ValueError: the page has no such text, or it is filled in by other names.
    """
    known = words_in("en")
    for name, text in own.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            meant = f"; did you mean '{near[0]}'?" if near else "."
            raise ValueError(
                f"words: the page has no text '{name}'{meant} All of them stand in "
                "studies/design/languages/en.toml"
            )
        try:
            more = blanks(text) - blanks(known[name])
        except ValueError as error:
            raise ValueError(f"words: '{name}' has braces that do not fit together") from error
        if more:
            allowed = ", ".join(f"{{{blank}}}" for blank in sorted(blanks(known[name]))) or "none"
            raise ValueError(
                f"words: '{name}' has the blank {{{min(more)}}}; the page fills in {allowed}"
            )
