"""What reports/published says in words is what its tables hold."""

from __future__ import annotations

import io
import re

import pandas as pd
import pytest

from eval.published.decormst_table import READINGS
from eval.published.scale_conclusions import IN_WORDS, conclusions, numbers
from reports.tables.published import diversity as diversity_table
from reports.tables.scale import summary, summary_in_markdown
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
    scores = diversity_table({"diversity": diversity}).set_index("outputs")
    for source, title in (("at_30", "published, notebook (`at_30`)"), ("ours", "ours"),
                          ("at_3000", "published, train.py (`at_3000`)")):  # fmt: skip
        floor, apart = medians[source, True], medians[source, False]
        shown = title.partition(" (")[0]
        vendi = f"{scores.loc[shown].iloc[-2]:.2f} | {scores.loc[shown].iloc[-1]:.2f}"
        assert f"| {title} | {floor:.3f} | {apart:.3f} | {vendi} |" in TEXT


def test_the_table_of_e_statistics_is_told():
    table = pd.read_csv(FOLDER / "decormst_e.csv")
    table = table[table["channels"] == "published"]
    assert len(table) == 50
    text = " ".join(TEXT.split())
    apart = (table["ours"] - table["published"]).abs()
    layers = apart.groupby(table["layer"]).mean()
    assert f"difference is {apart.mean():.2f}, from {layers.min():.2f} at relu5_1 to " in text
    assert f"to {layers.max():.2f} at relu2_1" in text
    outputs = apart.groupby([table["correlation"], table["iterations"]]).mean()
    odd = [outputs["cosine", 100], outputs["cosine", 1000], outputs["pearson", 100]]
    first, last, pearson = (f"{value:.2f}" for value in odd)
    assert f"cosine ({first} after 100 iterations, {last} after 1000) and Pearson" in text
    assert f"Pearson after 100 ({pearson})" in text
    others = outputs.drop([("cosine", 100), ("cosine", 1000), ("pearson", 100)])
    assert f"within {others.min():.2f} to {others.max():.2f} on average" in text


def test_the_counter_of_the_optimiser_is_told():
    table = pd.read_csv(FOLDER / "decormst_e_own_counter.csv")
    assert set(table["iterations"]) == {100} and len(table) == 10
    apart = (table["ours"] - table["published"]).abs().groupby(table["correlation"]).mean()
    text = " ".join(TEXT.split())
    assert f"Pearson is {apart['pearson']:.2f} apart instead of 0.61" in text
    assert f"cosine {apart['cosine']:.2f} instead of 0.88" in text


def test_directions_of_the_e_statistic_are_told():
    table = pd.read_csv(FOLDER / "decormst_e.csv")
    table = table[table["channels"] == "published"]
    by = table.pivot(index=["correlation", "layer"], columns="iterations",
                     values=["ours", "published"])  # fmt: skip
    moves = {name: by[name][1000] - by[name][100] for name in ("ours", "published")}
    clear = moves["published"].abs() >= 0.15
    wrong = clear & (moves["published"] * moves["ours"] < 0)
    same = clear.sum() - wrong.sum()
    assert f"Of the {clear.sum()} numbers that move by 0.15" in " ".join(TEXT.split())
    assert f"iterations, {same} of ours move the same way" in " ".join(TEXT.split())
    assert list(wrong[wrong].index) == [("cosine", "block1_conv1"), ("cosine", "block2_conv1")]


def test_readings_of_the_e_statistic_are_told():
    table = pd.read_csv(FOLDER / "decormst_e_readings.csv")
    assert list(table["reading"]) == list(READINGS)
    for row in table.to_dict("records"):
        numbers = " | ".join(f"{row[name]:.2f}" for name in table.columns[1:])
        assert f"| {row['reading']} | {numbers} |" in TEXT


@pytest.mark.parametrize("mode", ["pearson", "euclidean", "covariance", "gram"])
def test_losses_by_size_are_those_of_the_study_of_scale(mode):
    scale = pd.read_csv(ROOT / "reports" / "gpu" / "scale.csv")
    scale = scale[(scale["method"] == "decormst") & (scale["mode"] == mode)]
    ends = scale.groupby(["balanced", scale[["height", "width"]].max(axis=1)])["ratio_at_the_end"]
    ranges = ends.agg(["min", "max"])
    rows = [line.split("|")[1:-1] for line in TEXT.splitlines() if line.lower().startswith("| ")]
    told = [cells for cells in rows if cells[0].strip().lower() == mode and len(cells) == 7]
    assert len(told) == (2 if mode in ("pearson", "euclidean") else 1)
    for _, weights, *sizes in told:
        balanced = weights.strip() == "balanced"
        for side, cell in zip((96, 128, 181, 256, 481), sizes, strict=True):
            if cell.strip():
                expected = ranges.loc[(balanced and side < 481, side)]
                for value, digits in zip(expected, cell.split(" to "), strict=True):
                    places = len(digits.strip().partition(".")[2])
                    assert f"{value:.{places}f}" == digits.strip()


def test_conclusions_by_size_are_those_of_the_table():
    table = pd.read_csv(FOLDER / "scale_conclusions.csv", keep_default_na=False)
    assert summary_in_markdown() in TEXT
    for of, side, balanced in (
        (("loss_falls", "pearson", ""), "256", False),
        (("loss_falls", "euclidean", ""), "128", False),
        (("unrotated_gap_closed", "euclidean", ""), "128", True),
        (("higher_c", "euclidean", "pearson"), "181", True),
        (("higher_c", "covariance", "gram"), "256", True),
        (("higher_e", "covariance", "euclidean"), "", True),
        (("higher_unrotated_gap", "cosine", "pearson"), "", True),
        (("further_from_content", "covariance", "gram"), "", True),
    ):
        names = ["conclusion", "mode", "other_mode", "balanced", "depth"]
        row = table[(table[names] == [*of, balanced, "published"]).all(axis=1)]
        assert list(row["least_side"]) == [side] and list(row["published"]) != ["pairs disagree"]


def test_the_tables_of_scale_are_made_of_one_another():
    outputs, between = (pd.read_csv(FOLDER / f"{name}.csv") for name in ("scale", "scale_pairs"))
    for name, made in (
        ("scale_conclusions", conclusions(outputs, between)),
        ("scale_numbers", numbers(outputs, between)),
    ):
        kept = pd.read_csv(FOLDER / f"{name}.csv", keep_default_na=False)
        same = pd.read_csv(io.StringIO(made.to_csv(index=False, float_format="%.5g")),
                           keep_default_na=False)  # fmt: skip
        pd.testing.assert_frame_equal(kept, same)


def test_numbers_told_of_scale():
    outputs, between = (pd.read_csv(FOLDER / f"{name}.csv") for name in ("scale", "scale_pairs"))
    rot090 = outputs[(outputs["mode"] == "rot090") & (outputs["iterations"] == 3000)]
    rot090 = rot090[rot090["balanced"] | (rot090["longest"] == 512)]
    gaps = rot090.groupby("longest")["style_gap_own"].median()
    assert f"goes from {gaps[96]:.2f} to {gaps[512]:.2f} as" in TEXT
    twins = between[between["one_objective"] & (between["iterations"] >= 1000)]
    floors = twins.groupby("longest")["lpips"].median()
    assert f"{floors[96]:.2f} at 96 pixels and {floors[256]:.2f} at 256" in TEXT
    early = summary("300").set_index("conclusion")
    orders = early.loc[[IN_WORDS["higher_e"], IN_WORDS["further_from_content"]]].sum()
    sentence = f"{orders['told']} that are told, {orders['balanced_96']} agree at 96 pixels"
    assert sentence in " ".join(TEXT.split())


def test_every_figure_stands_beside_its_data():
    shown = re.findall(r"!\[[^]]+\]\((figures/[^)]+)\)", TEXT)
    assert len(shown) == 9
    for name in shown:
        assert (FOLDER / name).stat().st_size < 150_000
        assert (FOLDER / name).with_suffix(".csv").is_file()
