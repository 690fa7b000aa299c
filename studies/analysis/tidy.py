"""The answers as one table for other programs: one row per answer, each column explained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from dfr.core.files import write_text, write_whole
from studies.analysis.choices import by_picture
from studies.analysis.exclusion import catch_failures
from studies.ballots.export import Format, write_export
from studies.ballots.poll import Poll
from studies.design.trial import SEVERAL, Task

#: By how a study asks; there is none for ratings.
_SCRIPTS: Mapping[Task, str] = {
    "pairs": "main_table.R", "best": "main_table_several.R", "ranking": "main_table_several.R",
}  # fmt: skip
#: A line of a script that stands for another one.
_SOURCED = re.compile(r'source\("(.+\.R)"\).*\n')

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
    "more": "of more than two pictures, the third and so on, as JSON: source, method and output of "
    "each; choices.csv has one row per picture",
    "answer": "left, right or tie (can't say); of ratings the mark, 1 being the lowest; of several "
    "pictures the letter of the best, or all letters, the best first (A is the one on the left)",
    "chosen_method": "method of the picture that was chosen, or put first; empty for a tie or no "
    "output",
    "expected": "right answer of a catch trial, of ratings all right marks, of orders a hyphen and "
    "the letter that has to be last; empty elsewhere",
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

#: The same of the table that has one row per answer and picture, where several are shown.
CHOICES: Mapping[str, str] = {
    "participant": "random name of the person",
    "position": "place of the trial in the list, from 0; together with participant and question "
    "the row of answers.csv",
    "kind": "as in answers.csv",
    "question": "as in answers.csv",
    "content": "name of the photograph",
    "style": "name of the style picture",
    "place": "letter of the picture's place on the page, A being the first",
    "source": "output, noise or content (the untouched photograph)",
    "method": "method of the output; empty where it is none",
    "mode": "which output of that method; of noise a number",
    "rank": "1 for the best; of a choice 1 for the chosen one, and empty for the others",
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
    several = votes["more"].map(lambda text: isinstance(text, str) and text != "").astype(bool)
    if several.any():
        each = by_picture(votes[several])
        chosen = chosen.mask(several.to_numpy(), "")
        chosen.array[several.to_numpy()] = each.loc[each["rank"] == 1, "method"].to_numpy()
    excluded = votes["participant"].map(failures).astype(bool)
    return votes.assign(chosen_method=chosen, excluded=excluded)[list(DICTIONARY)]


def tidy_choices(answers: pd.DataFrame) -> pd.DataFrame:
    """Return one row per answer and picture, with the columns of `CHOICES`.

    Args:
        answers: see `tidy`, of a study that shows several pictures.
    """
    each = by_picture(answers)
    known = answers.reset_index(drop=True).loc[each["vote"]].reset_index(drop=True)
    found = each.assign(**{name: known[name] for name in CHOICES if name not in each})
    return found.astype({"rank": "Int64"})[list(CHOICES)]


def dictionary(columns: Mapping[str, str] = DICTIONARY) -> pd.DataFrame:
    """Return the data dictionary: ``column`` and ``meaning``."""
    return pd.DataFrame({"column": list(columns), "meaning": list(columns.values())})


def main_table_script(task: Task) -> str | None:
    """Return the R script that makes the main table from an export, without this suite.

    Args:
        task: how the study asks.

    Returns:
        one file that needs no other; None for ratings, which have no such script.
    """
    if task not in _SCRIPTS:
        return None

    def text_of(name: str) -> str:
        return Path(__file__).with_name(name).read_text(encoding="utf-8")

    return _SOURCED.sub(lambda found: text_of(found[1]), text_of(_SCRIPTS[task]))


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
    answers = tidy(poll.votes, poll.drop_at)
    tables = {"answers": answers, "dictionary": dictionary()}
    if poll.task in SEVERAL:
        tables |= {"choices": tidy_choices(answers), "choices_dictionary": dictionary(CHOICES)}
    for name, table in tables.items():
        written.append(folder / f"{name}.csv")
        write_whole(written[-1], lambda path, t=table: t.to_csv(path, index=False))  # type: ignore[misc]
    script = main_table_script(poll.task)
    if script is not None:
        written.append(folder / "main_table.R")
        write_text(written[-1], script)
    return written
