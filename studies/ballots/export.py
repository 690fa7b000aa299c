"""Ballots as files: to analyse, to publish, and to bring into another database.

An export is a folder: ``study.json`` (settings), ``trials``, ``participants``, ``votes``,
``events`` (what was done with the study), ``preregistrations`` and ``demographics`` (what people
told about themselves) as CSV or Parquet, and the plan that stands as ``preregistration.md``. It
holds no private link and no completion code.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from dfr.core.errors import UserError
from dfr.core.files import read_json, writable_folder, write_json, write_text, write_whole
from studies.ballots.circumstances import DEVICES, TIMED_BY, UNKNOWN
from studies.ballots.poll import (
    DEMOGRAPHIC_COLUMNS,
    EVENT_COLUMNS,
    PARTICIPANT_COLUMNS,
    REGISTRATION_COLUMNS,
    SIDE_COLUMNS,
    TRIAL_COLUMNS,
    VOTE_COLUMNS,
    Poll,
    make_poll,
)
from studies.design.study import QUESTIONS
from studies.design.trial import (
    ANSWERS,
    LAST,
    LETTERS,
    PICTURES,
    SCALES,
    SEVERAL,
    Kind,
    Pairing,
    Source,
    answers_of,
    low_marks,
    sides_of,
)

Format = Literal["csv", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)

#: Columns that exports of older versions lack, and what they then hold.
_LATER = {**asdict(UNKNOWN), "pair": "planned", "more": ""}
#: What can be answered in any study.
_ANSWERS = {*ANSWERS, *answers_of("rating", SCALES[1], False)}.union(
    *(
        answers_of(task, 0, False, number)
        for task in SEVERAL
        for number in range(PICTURES[0], PICTURES[1] + 1)
    )
)
#: A text that begins so would be a formula to a spreadsheet; in CSV it gets an apostrophe before.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def write_export(poll: Poll, folder: Path, kind: Format = "csv") -> list[Path]:
    """Write a study's ballots as files.

    Args:
        poll: the ballots.
        folder: where to; files of the same names are replaced.
        kind: csv or parquet.

    Returns:
        the files.

    Raises:
        UserError: the folder cannot be written.
    """
    writable_folder(folder)
    study = {
        "name": poll.name,
        "digest": poll.digest,
        "settings": dict(poll.settings),
        "created_at": poll.created_at,
        "closed_at": poll.closed_at,
    }
    written = [folder / "study.json"]
    write_json(written[0], study)
    frames = {
        "trials": poll.trials,
        "participants": poll.participants[PARTICIPANT_COLUMNS],
        "votes": poll.votes[VOTE_COLUMNS],
        "events": poll.events,
        "preregistrations": poll.preregistrations,
        "demographics": poll.demographics,
    }
    for name, frame in frames.items():
        path = folder / f"{name}.{kind}"
        write_whole(path, _writer(frame, kind))
        for other in FORMATS:
            if other != kind:
                (folder / f"{name}.{other}").unlink(missing_ok=True)
        written.append(path)
    for document in poll.preregistrations["document"].iloc[-1:]:
        written.append(folder / "preregistration.md")
        write_text(written[-1], document)
    return written


def _writer(frame: pd.DataFrame, kind: Format) -> Any:
    if kind == "parquet":
        return lambda path: frame.to_parquet(path, index=False)
    safe = frame.assign(
        **{name: frame[name].map(_guarded) for name in ("comment", "reply") if name in frame}
    )
    return lambda path: safe.to_csv(path, index=False, lineterminator="\n")


def _guarded(text: object) -> object:
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text


def _unguarded(text: object) -> object:
    if isinstance(text, str) and text.startswith("'") and text[1:].startswith(_FORMULA):
        return text[1:]
    return text


def read_export(folder: Path) -> Poll:
    """Read a folder that `write_export` wrote, and check every value of it.

    Raises:
        UserError: a file is missing or cannot be read, or holds what no study holds.
    """
    study = read_json(folder / "study.json")
    wanted = {"name", "digest", "settings", "created_at", "closed_at"}
    if not isinstance(study, dict) or set(study) != wanted:
        raise UserError(f"{folder / 'study.json'}: is not a study; it needs {sorted(wanted)}")
    trials, people, votes = (
        _read(folder, name, columns)
        for name, columns in (
            ("trials", TRIAL_COLUMNS),
            ("participants", PARTICIPANT_COLUMNS),
            ("votes", VOTE_COLUMNS),
        )
    )
    events, plans, about = (
        _read(folder, name, columns)
        if any((folder / f"{name}.{kind}").exists() for kind in FORMATS)
        else pd.DataFrame(columns=columns)  # older exports have none
        for name, columns in (
            ("events", EVENT_COLUMNS),
            ("preregistrations", REGISTRATION_COLUMNS),
            ("demographics", DEMOGRAPHIC_COLUMNS),
        )
    )
    votes, trials = (
        table.assign(**{name: _LATER[name] for name in columns if name not in table})
        for table, columns in ((votes, VOTE_COLUMNS), (trials, TRIAL_COLUMNS))
    )
    truth = {"True": True, "False": False}
    votes["reloaded"] = votes["reloaded"].astype(object).map(lambda told: truth.get(told, told))
    people["comment"] = people["comment"].map(_unguarded).astype(object)
    about["reply"] = about["reply"].map(_unguarded).astype(object)
    _check(folder, trials, people, votes, about)
    return make_poll(study, trials, people, votes, events, plans, about)


def _read(folder: Path, name: str, columns: list[str]) -> pd.DataFrame:
    paths = [folder / f"{name}.{kind}" for kind in FORMATS]
    path = next((path for path in paths if path.exists()), None)
    if path is None:
        raise UserError(f"{paths[0]}: no such file (nor {paths[1].name})")
    texts = {"participant": str, "content": str, "style": str, "comment": str, "name": str,
             "reply": str, "timed_by": str, "reloaded": str, "device": str, "expected": str,
             "answer": str, "pair": str, "more": str,
             **dict.fromkeys(SIDE_COLUMNS, str)}  # fmt: skip
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values={
                name: [""] for name in ("repeats", "comment", "finished_at", "reloaded")
            })  # fmt: skip
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: cannot be read as {path.suffix[1:]} ({reason})") from error
    if list(frame.columns) != [name for name in columns if name in frame or name not in _LATER]:
        raise UserError(f"{path}: has the columns {list(frame.columns)}, not {columns}")
    return frame.astype({"comment": object} if "comment" in frame else {})


def _check(
    folder: Path,
    trials: pd.DataFrame,
    people: pd.DataFrame,
    votes: pd.DataFrame,
    about: pd.DataFrame,
) -> None:
    """Refuse what no study can hold; the first thing found is told."""
    sources = {*get_args(Source)}
    kinds = (
        (trials, "trials", "kind", set(get_args(Kind))),
        (trials, "trials", "pair", set(get_args(Pairing))),
        (trials, "trials", "left_source", sources),
        (trials, "trials", "right_source", sources),
        (
            trials,
            "trials",
            "expected",
            {
                "",
                "left",
                "right",
                *map(low_marks, range(SCALES[0], SCALES[1] + 1)),
                *LETTERS,
                *(LAST + letter for letter in LETTERS),
            },
        ),
        (votes, "votes", "question", set(QUESTIONS)),
        (votes, "votes", "answer", _ANSWERS),
        (votes, "votes", "timed_by", set(TIMED_BY)),
        (votes, "votes", "reloaded", {True, False, None}),
        (votes, "votes", "device", set(DEVICES)),
        (votes, "votes", "participant", set(people["participant"])),
        (about, "demographics", "participant", set(people["participant"])),
    )
    for frame, name, column, allowed in kinds:
        wrong = ~(frame[column].isin(allowed) | (frame[column].isna() & (None in allowed)))
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise UserError(
                f"{folder / name}: row {row + 1}: '{column}' is "
                f"{str(frame[column].iloc[row])!r:.60}, which is none of "
                f"{', '.join(sorted(map(str, allowed))[:6]) or 'nothing'}"
            )
    for row, text in enumerate(trials["more"]):
        try:
            sides_of(text)
        except ValueError as error:
            raise UserError(f"{folder / 'trials'}: row {row + 1}: 'more' is {error}") from error
    for frame, name, columns in (
        (trials, "trials", ["slot", "position"]),
        (votes, "votes", ["slot", "position"]),
        (people, "participants", ["slot"]),
        (votes, "votes", ["seconds"]),
    ):
        for column in columns:
            if not pd.api.types.is_numeric_dtype(frame[column]) and len(frame):
                raise UserError(f"{folder / name}: '{column}' holds something that is no number")
    for frame, name, key in (
        (trials, "trials", ["slot", "position"]),
        (people, "participants", ["participant"]),
        (votes, "votes", ["participant", "position", "question"]),
        (about, "demographics", ["participant", "name"]),
    ):
        if frame.duplicated(key).any():
            raise UserError(f"{folder / name}: two rows have the same {', '.join(key)}")
    places = set(zip(trials["slot"], trials["position"], strict=True))
    slots = dict(zip(people["participant"], people["slot"], strict=True))
    for person, slot, position in zip(
        votes["participant"], votes["slot"], votes["position"], strict=True
    ):
        if (slot, position) not in places or slots[person] != slot:
            raise UserError(
                f"{folder / 'votes'}: {person!r:.40} voted on a trial that is not theirs"
            )
