"""The votes in the report: what a reader sees of people, of programs, and before the end."""

from __future__ import annotations

import csv
import dataclasses

import pytest

from reports.claims.votes import dfr_over_decormst, shares_differ
from reports.inputs.run_data import read_run
from reports.inputs.votes import PRELIMINARY, SIMULATED
from reports.tables.readable import readable_p
from reports.votes.section import vote_section
from reports.votes.tables import best_by_votes
from studies.analysis.pair_results import PairResult
from studies.ballots.administration import close_study
from tests.reports.votes.voting import STRENGTHS, TITLES, Section, bare, kept, open_votes


def test_the_page_ranks_in_the_order_that_people_have(people):
    rows = Section(people / "report" / "index.html").tables["votes-1-1"]
    assert [row[1] for row in rows[1:]] == [TITLES[label] for label in STRENGTHS]
    table = kept(people, "votes_overall_strengths")
    assert table["method"].tolist() == list(STRENGTHS)
    for row, (_, values) in zip(rows[1:], table.iterrows(), strict=True):
        assert row[3] == f"{values['low']:+.2f} to {values['high']:+.2f}"
        assert row[5] == f"{values['share_low']:.2f} to {values['share_high']:.2f}"
        assert float(row[4]) == pytest.approx(values["share"], abs=1e-3)


def test_the_page_says_who_took_part_and_who_was_left_out(people):
    told = Section(people / "report" / "index.html").text()
    assert "What people chose" in told
    assert SIMULATED not in told
    assert PRELIMINARY not in told
    assert "12 joined, 12 of 12 finished, 108 of 108 counted votes" in told
    assert "99 votes of 11 participants" in told  # without the one who never looked
    assert "on 1 contents and 2 styles: of fewer than 3 nothing can be told about others" in told
    assert "Left out: 1 participants" in told
    assert "The study was not preregistered." in told
    funnel = kept(people, "votes_overall_funnel").set_index("stage")["participants"]
    assert funnel[["joined", "dropped", "kept"]].tolist() == [12, 1, 11]


def test_every_pair_stands_with_its_intervals_and_its_test(people):
    rows = Section(people / "report" / "index.html").tables["votes-1-2"]
    table = kept(people, "votes_overall_pairs")
    assert len(rows) - 1 == len(table) == 3
    for row, (_, values) in zip(rows[1:], table.iterrows(), strict=True):
        assert row[:2] == [TITLES[values["a"]], TITLES[values["b"]]]
        assert [int(text) for text in row[2:5]] == values[["wins", "losses", "ties"]].tolist()
        for place, low, high in ((6, "all_low", "all_high"), (9, "cluster_low", "cluster_high"),
                                 (10, "low", "high")):  # fmt: skip
            assert row[place] == f"{values[low]:.2f} to {values[high]:.2f}"
        assert row[7] == readable_p(values["p_all"])
        assert row[8] == ("yes" if values["apart"] else "no")
        assert values["apart"] == (values["p_all"] < 0.05)


def test_votes_stand_beside_the_measures(people):
    tables = Section(people / "report" / "index.html").tables
    best = tables["best"][1]
    strengths = kept(people, "votes_overall_strengths").set_index("method")
    assert best[0] == "people's choice (overall)"
    assert (best[1], best[3]) == ("DeCorMST", "Gatys et al.")
    assert best[tables["best"][0].index("how sure")] in ("clear", "not told apart")
    column = tables["methods"][0].index("people's choice")
    shown = {row[0]: row[column] for row in tables["methods"][1:] if len(row) > column}
    for label, title in TITLES.items():
        assert float(shown[title]) == pytest.approx(strengths.loc[label, "share"], abs=1e-3)
    assert shown["Feed-forward"] == "–"  # it was not in the study
    summary = (people / "report" / "report.md").read_text()
    assert summary.index("| 1 | DeCorMST |") < summary.index("| 3 | DFR (code) |")


def test_every_figure_of_the_votes_is_there_three_times(people):
    folder = people / "report" / "figures"
    for ending in ("png", "svg", "csv"):
        found = {path.stem for path in folder.glob(f"votes_*.{ending}")}
        assert found == {"votes_strengths", "votes_wins", "votes_funnel", "votes_measures"}
    section = Section(people / "report" / "index.html")
    assert sum(tag == "img" for tag, _ in section.texts) == 4


def test_simulated_voters_never_look_like_people(rehearsal):
    section = Section(rehearsal / "report" / "index.html")
    titles = [text for tag, text in section.texts if tag in ("h2", "h4", "summary", "img")]
    assert len(titles) > 10
    captions = [text for tag, text in section.texts if tag == "figcaption"]
    assert len(captions) == 4
    for text in (*titles, *captions):
        assert SIMULATED in text.lower(), text
    files = [*(rehearsal / "report" / "tables").glob("votes_*.csv"),
             *(rehearsal / "report" / "figures").glob("votes_*.csv")]  # fmt: skip
    assert len(files) == 2 * len(dataclasses.fields(PairResult)) + 1 + 4
    for file in files:
        rows = list(csv.DictReader(file.open()))
        assert rows, file
        assert {row["voters"] for row in rows} == {SIMULATED}
    for svg in (rehearsal / "report" / "figures").glob("votes_*.svg"):
        assert SIMULATED in svg.read_text()
    best = section.tables["best"][1]
    assert SIMULATED in best[0]
    assert "(overall)" in best[0]  # also where it was not asked first
    assert any(SIMULATED in head for head in section.tables["methods"][0])
    page = (rehearsal / "report" / "index.html").read_text()
    assert "people's choice" not in page.replace("&#39;", "'")


def test_no_verdict_comes_from_simulated_voters(rehearsal, tiny_run):
    with_votes, without = read_run(rehearsal), read_run(tiny_run)
    assert with_votes.votes.shown
    for judge in (shares_differ, dfr_over_decormst):
        assert judge(with_votes).verdict == judge(without).verdict
        assert SIMULATED in judge(with_votes).measured
        assert "No votes were collected in this run." in judge(without).measured


def test_nothing_but_counts_is_shown_while_a_study_is_open(unfinished, people):
    page = unfinished / "report" / "index.html"
    section = Section(page)
    assert "2 joined, 2 of 12 finished, 18 of 108 counted votes" in section.text()
    assert "hidden until the study is closed" in section.text()
    assert not [name for name in section.tables if name.startswith("votes")]
    assert list((people / "report").rglob("votes_*"))  # copied to the unfinished run's report
    assert not list((unfinished / "report").rglob("votes_*"))
    assert "people's choice" not in page.read_text().replace("&#39;", "'")
    assert "still open" in shares_differ(read_run(unfinished)).measured


def test_without_a_study_the_page_says_how_to_begin_one(tiny_run):
    section = Section(tiny_run / "report" / "index.html")
    assert "streamlit run studies/vote.py" in section.text()
    assert len(section.text()) < 400


def test_a_closed_study_without_a_single_vote(tiny_run, tmp_path):
    run = bare(tiny_run, tmp_path / "run")
    opened = open_votes(run, voting=0)
    close_study(opened.ballots, opened.key)
    data = read_run(run)
    section = vote_section(data, tmp_path / "report")
    assert "0 votes of 0 participants" in section.summary
    assert section.questions[0].tables[0][1]["strength, 95 % interval"].tolist() == ["–"] * 3
    assert best_by_votes(data.votes) == []
