"""What reports/published says in words is what its tables hold."""

from __future__ import annotations

import pandas as pd

from tests.conftest import ROOT

FOLDER = ROOT / "reports" / "published"
TEXT = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_medians_of_the_pictures_are_those_of_the_table():
    pictures = pd.read_csv(FOLDER / "pictures.csv")
    pictures["ratio"] = pictures["lpips"] / pictures["floor_theirs"]
    columns = ["lpips", "floor_theirs", "floor_ours", "ratio"]
    for mode, row in pictures.groupby("mode")[columns].median().iterrows():
        numbers = [f"{row[name]:.3f}" for name in columns[:3]]
        expected = f"| {int(str(mode)[3:])} | {' | '.join(numbers)} | {row['ratio']:.2f} |"
        assert expected in TEXT
    assert (pictures["e_ours"] - pictures["e_theirs"]).abs().max() < 0.08
    assert (pictures["c_ours"] - pictures["c_theirs"]).abs().max() < 0.07


def test_every_output_found_its_own():
    retrieval = pd.read_csv(FOLDER / "retrieval.csv")
    assert len(retrieval) == 28 and retrieval["right"].all()


def test_diversity_is_that_of_the_table():
    diversity = pd.read_csv(FOLDER / "diversity.csv")
    medians = diversity.groupby(["source", "one_objective"])["lpips"].median()
    for source, title in (("at_30", "published, notebook (`at_30`)"), ("ours", "ours"),
                          ("at_3000", "published, train.py (`at_3000`)")):  # fmt: skip
        floor, apart = medians[source, True], medians[source, False]
        assert f"| {title} | {floor:.3f} | {apart:.3f} |" in TEXT


def test_the_table_of_e_statistics_is_told():
    table = pd.read_csv(FOLDER / "decormst_e.csv")
    table = table[table["channels"] == "published"]
    assert len(table) == 50
    assert f"difference is {(table['ours'] - table['published']).abs().mean():.2f}" in TEXT


def test_what_changes_with_size_is_of_the_study_of_scale():
    scale = pd.read_csv(ROOT / "reports" / "gpu" / "scale.csv")
    scale = scale[scale["method"] == "decormst"]
    ends = scale.groupby(["mode", "balanced", scale[["height", "width"]].max(axis=1)])
    ends = ends["ratio_at_the_end"].agg(["min", "max"])
    low, high = ends.loc[("pearson", False, 96)]
    assert f"| Pearson | as they are | {low:.1f} to {high:.1f} |" in TEXT
    low, high = ends.loc[("pearson", True, 96)]
    assert f"| Pearson | balanced | {low:.3f} to {high:.3f} |" in TEXT
    published = ends.loc[(["gram", "pearson", "covariance", "euclidean"], False, 481), :]
    assert (published["max"] < 0.12).all()
    assert (ends.loc[("cosine", False, 481)] > 1e4).all()
