"""Voters of known taste, who vote on a run through its real database; and how to read a page."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd

from reports.inputs.votes import Votes, results
from studies.analysis.simulated.people import simulate
from studies.analysis.simulated.voters import Voters, round_robin
from studies.ballots.opening import OpenStudy, open_study
from studies.ballots.poll import Poll
from studies.design.study import Study

#: What these voters prefer, in this order.
STRENGTHS = {"decormst": 1.2, "gatys": 0.0, "dfr": -1.2}
TITLES = {"decormst": "DeCorMST", "gatys": "Gatys et al.", "dfr": "DFR (code)"}
PEOPLE = 12


def open_votes(run: Path, voting: int = PEOPLE, **settings: object) -> OpenStudy:
    """Open a study of a run and let voters answer; the last one never looks at the pictures."""
    asked = {"name": "taste", "methods": tuple(STRENGTHS), "participants": PEOPLE, "trials": 9,
             "practice": 1, "repeats": 1, "catches": 2, "run": run} | settings  # fmt: skip
    opened = open_study(Study.model_validate(asked), run)
    for number in range(voting):
        random = np.random.default_rng([3, number])
        last = number == PEOPLE - 1
        voter = Voters(STRENGTHS, tie=0.2).one(random)
        secret = opened.ballots.join(opened.key)
        seat = opened.ballots.seat(opened.key, secret)
        while (step := seat.step) is not None:
            answer = "tie" if last else voter.answer(step.trial, random)
            _, seat = opened.ballots.cast(opened.key, secret, step.number, answer, 2.0)
    return opened


def bare(tiny_run: Path, folder: Path) -> Path:
    """A copy of the run without its report, and without what votes do not need to be reported."""
    without = shutil.ignore_patterns("report", "timing.json", "audit.json", "half")
    return shutil.copytree(tiny_run, folder, ignore=without)


class Section(HTMLParser):
    """Takes a page apart: texts of the section "votes" by tag, and rows of tables by name."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.inside = False
        self.texts: list[tuple[str, str]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._tags: list[str] = []
        self._rows: list[list[str]] = []
        self.feed(page.read_text())

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "h2":
            self.inside = given.get("id") == "votes"
        if "data-table" in given:
            self._rows = self.tables[given["data-table"]] = []
        if tag == "tr":
            self._rows.append([])
        if tag in ("td", "th"):
            self._rows[-1].append("")
        if tag not in ("meta", "img", "br", "input"):
            self._tags.append(tag)
        if tag == "img" and self.inside:
            self.texts.append(("img", given["alt"]))

    def handle_endtag(self, tag):
        while self._tags and self._tags.pop() != tag:
            pass
        if tag == "table":
            self._rows = []

    def handle_data(self, data):
        if self._rows and self._rows[-1] and {"td", "th"} & set(self._tags):
            self._rows[-1][-1] += data
        if self.inside and data.strip():
            self.texts.append((self._tags[-1], data.strip()))

    def text(self) -> str:
        return " ".join(text for _, text in self.texts)


def kept(run: Path, table: str) -> pd.DataFrame:
    return pd.read_csv(run / "report" / "tables" / f"{table}.csv")


def in_memory(
    strengths: Mapping[str, float], closed: bool = True, simulated: bool = False
) -> Votes:
    """A study of 30 voters of these strengths, 20 votes each; each such study is counted once."""
    return _in_memory(tuple(strengths.items()), closed, simulated)


@functools.cache
def _in_memory(of_methods: tuple[tuple[str, float], ...], closed: bool, simulated: bool) -> Votes:
    strengths = dict(of_methods)
    methods = list(strengths)
    design = round_robin(methods, 30, 20)
    answers, joined = simulate(design, Voters(strengths, tie=0.2), seed=4)
    trials = pd.DataFrame({"slot": answers["slot"], "kind": answers["kind"]})
    settings = {"methods": {label: TITLES[label] for label in methods}, "drop_at": 2,
                "questions": ["overall"], "simulated": simulated, "run": ""}  # fmt: skip
    poll = Poll("memory", "", settings, "2026-01-01", "2026-01-02" if closed else None, trials,
                joined, answers)  # fmt: skip
    return Votes(poll, "memory", (), results(poll, draws=200))
