"""The answers as one table for other programs: one row per answer, each column explained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from dfr.core.files import write_text, write_whole
from studies.analysis.exclusion import catch_failures
from studies.ballots.export import Format, write_export
from studies.ballots.poll import Poll

#: Makes the main table from the answers in R, without this suite; it goes with every export.
SCRIPT = Path(__file__).with_name("main_table.R")

#: Column -> what it holds; in the order of the columns.
DICTIONARY: Mapping[str, str] = {
    "participant": "random name of the person",
    "slot": "which list of trials was theirs",
    "position": "place of the trial in the list, from 0",
    "kind": "practice, vote (counted), repeat (a vote again, sides changed), catch (attention)",
    "question": "what was asked: overall, style or content",
    "content": "name of the photograph",
    "style": "name of the style picture",
    "left_source": "what stood on the left: output, noise or content (the untouched photograph)",
    "left_method": "method of the output on the left; empty where it is none",
    "left_mode": "which output of that method",
    "right_source": "as left_source; none where the picture on the left was rated by itself",
    "right_method": "as left_method",
    "right_mode": "as left_mode",
    "answer": "left, right or tie (can't say); of ratings the mark, 1 being the lowest",
    "chosen_method": "method of the side that was chosen; empty for a tie or no output",
    "expected": "right answer of a catch trial, of ratings all right marks; empty elsewhere",
    "repeats": "position of the trial that a repeat repeats; empty elsewhere",
    "pair": "how the two methods came to meet: planned (before the study, at random), or adaptive "
    "(chosen when it was shown, by what the answers before left unknown); planned too where there "
    "is nothing to choose",
    "seconds": "how long the answer took, by the clock of timed_by",
    "timed_by": "browser: from all pictures being shown to the press, without the time in a tab in "
    "the background; server: from sending the trial to the arrival of the answer",
    "reloaded": "True where the page was opened again since the answer before, so that the "
    "pictures may have been seen for longer; empty where that is not known",
    "device": "phone, tablet or desktop, by pointer and screen; empty where it is not known",
    "voted_at": "when the answer was kept, UTC",
    "excluded": "whether the person is left out of the ranking (failed too many catch trials)",
}


def tidy(votes: pd.DataFrame, drop_at: int) -> pd.DataFrame:
    """Return one row per answer, with the columns of `DICTIONARY`.

    Args:
        votes: one row per answer, with `studies.analysis.tally.VOTE_COLUMNS`.
        drop_at: a participant who failed this many catch trials is left out of the ranking.
    """
    failures = catch_failures(votes, drop_at).set_index("participant")["dropped"]
    chosen = votes["left_method"].where(votes["answer"] == "left", "")
    chosen = chosen.where(votes["answer"] != "right", votes["right_method"])
    excluded = votes["participant"].map(failures).astype(bool)
    return votes.assign(chosen_method=chosen, excluded=excluded)[list(DICTIONARY)]


def dictionary() -> pd.DataFrame:
    """Return the data dictionary: ``column`` and ``meaning``."""
    return pd.DataFrame({"column": list(DICTIONARY), "meaning": list(DICTIONARY.values())})


def write_archive(poll: Poll, folder: Path, kind: Format = "csv") -> list[Path]:
    """Write a study for others: its ballots, the answers as one table, and what explains them.

    Args:
        poll: the ballots.
        folder: where to; files of the same names are replaced.
        kind: of the ballots' files; the table of answers is always CSV.

    Returns:
        the files.

    Raises:
        UserError: the folder cannot be written.
    """
    written = write_export(poll, folder, kind)
    answers = tidy(poll.votes, int(poll.settings.get("drop_at", 1 + len(poll.trials))))
    for name, table in (("answers", answers), ("dictionary", dictionary())):
        written.append(folder / f"{name}.csv")
        write_whole(written[-1], lambda path, t=table: t.to_csv(path, index=False))  # type: ignore[misc]
    if poll.task == "pairs":  # the script knows no ratings
        written.append(folder / SCRIPT.name)
        write_text(written[-1], SCRIPT.read_text(encoding="utf-8"))
    return written
