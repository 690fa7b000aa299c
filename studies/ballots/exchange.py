"""Ballots as tables: to analyse, to publish, and to bring into another database.

An export is a folder: ``study.json`` (settings), ``trials``, ``participants`` and ``votes`` as CSV
or Parquet. It holds no private link and no completion code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd
import sqlalchemy as sa

from dfr.core.errors import UserError
from dfr.core.files import read_json, writable_folder, write_json, write_whole
from studies.ballots.ballots import Ballots
from studies.ballots.schema import PARTICIPANTS, STUDIES, TRIALS, VOTES
from studies.design.study import QUESTIONS
from studies.design.trial import ANSWERS, Kind, Side, Source, Trial

Format = Literal["csv", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)

_SIDES = [f"{side}_{part}" for side in ("left", "right") for part in ("source", "method", "mode")]
TRIAL_COLUMNS = [
    "slot", "position", "kind", "content", "style", *_SIDES, "expected", "repeats",
]  # fmt: skip
PARTICIPANT_COLUMNS = ["participant", "slot", "joined_at", "finished_at", "comment"]
VOTE_COLUMNS = ["participant", "slot", "position", "question", "answer", "seconds", "voted_at"]
#: A text that begins so would be a formula to a spreadsheet; in CSV it gets an apostrophe before.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


@dataclass(frozen=True)
class Poll:
    """A study's ballots in memory.

    Attributes:
        name: of the study.
        digest: see `studies.ballots.opening.digest_of`.
        settings: see `studies.ballots.opening.settings_of`.
        created_at: when it was begun.
        closed_at: when it was closed; None while it is open.
        trials: `TRIAL_COLUMNS`, one row per planned trial.
        participants: `PARTICIPANT_COLUMNS` and ``finished`` (bool).
        votes: one row per answer: `VOTE_COLUMNS` and the trial's `TRIAL_COLUMNS`.
    """

    name: str
    digest: str
    settings: Mapping[str, Any]
    created_at: str
    closed_at: str | None
    trials: pd.DataFrame
    participants: pd.DataFrame
    votes: pd.DataFrame


def names(ballots: Ballots) -> list[str]:
    """Return the names of the studies in a database, oldest first."""
    return [str(row.name) for row in ballots.rows(sa.select(STUDIES).order_by(STUDIES.c.id))]


def key_of(ballots: Ballots, name: str) -> int:
    """Return a study's number in its database."""
    return int(ballots.rows(sa.select(STUDIES.c.id).where(STUDIES.c.name == name))[0].id)


def choose_name(ballots: Ballots, name: str | None) -> str:
    """Return the name of the study asked for, or of the only one.

    Raises:
        UserError: there is no such study, or none, or several to choose from.
    """
    known = names(ballots)
    if name is not None and name in known:
        return name
    if name is None and len(known) == 1:
        return known[0]
    if not known:
        raise UserError(f"{ballots.where}: holds no study yet; open its page first")
    told = ", ".join(known)
    if name is None:
        raise UserError(f"{ballots.where}: holds several studies; name one with --name: {told}")
    raise UserError(f"{ballots.where}: holds no study '{name}'; there are {told}")


def read_poll(ballots: Ballots, name: str) -> Poll:
    """Read one study with all its votes.

    Raises:
        UserError: there is no such study.
    """
    found = ballots.rows(sa.select(STUDIES).where(STUDIES.c.name == name))
    if not found:
        raise UserError(f"{ballots.where}: holds no study '{name}'")
    study = found[0]
    trials = ballots.rows(
        sa.select(*(TRIALS.c[column] for column in TRIAL_COLUMNS))
        .where(TRIALS.c.study_id == study.id)
        .order_by(TRIALS.c.slot, TRIALS.c.position)
    )
    people = ballots.rows(
        sa.select(
            PARTICIPANTS.c.name.label("participant"),
            *(PARTICIPANTS.c[column] for column in PARTICIPANT_COLUMNS[1:]),
        )
        .where(PARTICIPANTS.c.study_id == study.id)
        .order_by(PARTICIPANTS.c.id)
    )
    votes = ballots.rows(
        sa.select(
            PARTICIPANTS.c.name.label("participant"),
            TRIALS.c.slot,
            TRIALS.c.position,
            *(VOTES.c[column] for column in VOTE_COLUMNS[3:]),
        )
        .join(PARTICIPANTS, PARTICIPANTS.c.id == VOTES.c.participant_id)
        .join(TRIALS, TRIALS.c.id == VOTES.c.trial_id)
        .where(PARTICIPANTS.c.study_id == study.id)
        .order_by(PARTICIPANTS.c.id, VOTES.c.id)
    )
    return _poll(
        {
            "name": study.name,
            "digest": study.digest,
            "settings": json.loads(study.settings),
            "created_at": study.created_at,
            "closed_at": study.closed_at,
        },
        pd.DataFrame([tuple(row) for row in trials], columns=TRIAL_COLUMNS),
        pd.DataFrame([tuple(row) for row in people], columns=PARTICIPANT_COLUMNS),
        pd.DataFrame([tuple(row) for row in votes], columns=VOTE_COLUMNS),
    )


def _poll(
    study: Mapping[str, Any], trials: pd.DataFrame, people: pd.DataFrame, votes: pd.DataFrame
) -> Poll:
    trials = trials.assign(repeats=trials["repeats"].astype("Int64"))
    for column in ("slot", "position"):
        trials[column] = trials[column].astype("int64")
        votes[column] = votes[column].astype("int64")
    people = people.assign(
        slot=people["slot"].astype("int64"), finished=people["finished_at"].notna()
    )
    votes = votes.assign(seconds=votes["seconds"].astype("float64"))
    merged = votes.merge(trials, on=["slot", "position"], how="left", validate="many_to_one")
    return Poll(**study, trials=trials, participants=people, votes=merged)


def export(poll: Poll, folder: Path, kind: Format = "csv") -> list[Path]:
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
    }
    for name, frame in frames.items():
        path = folder / f"{name}.{kind}"
        write_whole(path, _writer(frame, kind))
        for other in FORMATS:
            if other != kind:
                (folder / f"{name}.{other}").unlink(missing_ok=True)
        written.append(path)
    return written


def _writer(frame: pd.DataFrame, kind: Format) -> Any:
    if kind == "parquet":
        return lambda path: frame.to_parquet(path, index=False)
    safe = frame.assign(
        **{name: frame[name].map(_guarded) for name in ("comment",) if name in frame}
    )
    return lambda path: safe.to_csv(path, index=False, lineterminator="\n")


def _guarded(text: object) -> object:
    return f"'{text}" if isinstance(text, str) and text.startswith(_FORMULA) else text


def _unguarded(text: object) -> object:
    if isinstance(text, str) and text.startswith("'") and text[1:].startswith(_FORMULA):
        return text[1:]
    return text


def read_export(folder: Path) -> Poll:
    """Read a folder that `export` wrote, and check every value of it.

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
    people["comment"] = people["comment"].map(_unguarded).astype(object)
    _check(folder, trials, people, votes)
    return _poll(study, trials, people, votes)


def _read(folder: Path, name: str, columns: list[str]) -> pd.DataFrame:
    paths = [folder / f"{name}.{kind}" for kind in FORMATS]
    path = next((path for path in paths if path.exists()), None)
    if path is None:
        raise UserError(f"{paths[0]}: no such file (nor {paths[1].name})")
    texts = {"participant": str, "content": str, "style": str, "comment": str,
             **dict.fromkeys(_SIDES, str), "expected": str}  # fmt: skip
    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values={
                name: [""] for name in ("repeats", "comment", "finished_at")
            })  # fmt: skip
    except (ValueError, OSError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: cannot be read as {path.suffix[1:]} ({reason})") from error
    if list(frame.columns) != columns:
        raise UserError(f"{path}: has the columns {list(frame.columns)}, not {columns}")
    return frame.astype({"comment": object} if "comment" in frame else {})


def _check(folder: Path, trials: pd.DataFrame, people: pd.DataFrame, votes: pd.DataFrame) -> None:
    """Refuse what no study can hold; the first thing found is told."""
    sources = {*get_args(Source)}
    kinds = (
        (trials, "trials", "kind", set(get_args(Kind))),
        (trials, "trials", "left_source", sources),
        (trials, "trials", "right_source", sources),
        (trials, "trials", "expected", {"", "left", "right"}),
        (votes, "votes", "question", set(QUESTIONS)),
        (votes, "votes", "answer", set(ANSWERS)),
        (votes, "votes", "participant", set(people["participant"])),
    )
    for frame, name, column, allowed in kinds:
        wrong = ~frame[column].isin(allowed)
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise UserError(
                f"{folder / name}: row {row + 1}: '{column}' is "
                f"{str(frame[column].iloc[row])!r:.60}, which is none of "
                f"{', '.join(sorted(map(str, allowed))[:6]) or 'nothing'}"
            )
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


def bring_in(ballots: Ballots, poll: Poll) -> tuple[int, int]:
    """Write a study's ballots into a database; participants that are there already stay as is.

    Returns:
        how many participants and votes were added.

    Raises:
        UserError: the database has a study of this name with other settings.
    """
    design: dict[int, list[Trial]] = {}
    for row in poll.trials.to_dict("records"):
        repeats = None if pd.isna(row["repeats"]) else int(row["repeats"])
        design.setdefault(int(row["slot"]), []).append(
            Trial(
                kind=row["kind"],
                content=row["content"],
                style=row["style"],
                left=Side(row["left_source"], row["left_method"], row["left_mode"]),
                right=Side(row["right_source"], row["right_method"], row["right_mode"]),
                expected=row["expected"],
                repeats=repeats,
            )
        )
    key = ballots.begin(poll.name, poll.digest, poll.settings, lambda: list(design.values()))
    people = [
        {
            "name": row["participant"],
            "slot": int(row["slot"]),
            "joined_at": row["joined_at"],
            "seen_at": row["finished_at"] if row["finished"] else row["joined_at"],
            "finished_at": row["finished_at"] if row["finished"] else None,
            "comment": row["comment"] if isinstance(row["comment"], str) else None,
        }
        for row in poll.participants.to_dict("records")
    ]
    added = ballots.add(key, people, _rows(poll.votes[VOTE_COLUMNS]))
    if poll.closed_at is not None:
        ballots.close_study(key)
    return added


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
