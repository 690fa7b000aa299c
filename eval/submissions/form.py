"""Who submits, and what a reader wants to know of it: options, or a small TOML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from dfr.core.errors import UserError
from dfr.core.files import first_wrong, read_toml, wrong_value

#: A name that can stand in a file name on every system.
NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"


def _one_line(text: str) -> str:
    if any(ord(sign) < 32 for sign in text):
        raise ValueError("must be one line of text")
    return text.strip()


def _web(text: str) -> str:
    # Only these become links: another scheme could run a script on the page.
    if text and (not text.startswith(("https://", "http://")) or " " in text):
        raise ValueError("must begin with https:// or http://")
    return text


Line = Annotated[str, AfterValidator(_one_line), Field(max_length=200)]
Address = Annotated[str, AfterValidator(_one_line), AfterValidator(_web), Field(max_length=500)]


class Form(BaseModel):
    """What the submitter says.

    Attributes:
        name: of the entry: small letters, digits, and ``.``, ``_`` or ``-``; unique on a
            leaderboard.
        title: of the method, for readers.
        by: who submits.
        licence: under which the outputs may be shown.
        paper: web address of the paper; may be empty.
        code: web address of the code; may be empty.
        note: free text; may be empty.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=NAME)
    title: Line = Field(min_length=1)
    by: Line = Field(min_length=1)
    licence: Line = Field(min_length=1)
    paper: Address = ""
    code: Address = ""
    note: str = Field(default="", max_length=2000)


def fill_form(
    file: Path | None, options: Mapping[str, str | None], defaults: Mapping[str, str]
) -> Form:
    """Fill the form from a TOML file and options; an option goes before the file.

    Args:
        file: with the fields of `Form`; None for none.
        options: field -> what was given on the command line, None where nothing was.
        defaults: field -> what it is where neither says it.

    Raises:
        UserError: the file cannot be read, or a field is missing or cannot be used.
    """
    given = {field: value for field, value in options.items() if value is not None}
    read = {} if file is None else read_toml(file, "form")
    values = {**defaults, **read, **given}
    lacking = [
        f"--{field}"
        for field, info in Form.model_fields.items()
        if info.is_required() and field not in values
    ]
    if lacking:
        raise UserError(f"the entry needs {' and '.join(lacking)} (or a line each in --form FILE)")
    try:
        return Form.model_validate(values)
    except ValidationError as error:
        field = first_wrong(error)[0].partition(".")[0]
        where = file if file is not None and field in read and field not in given else None
        raise wrong_value(where or Path(f"--{field}"), error) from error
