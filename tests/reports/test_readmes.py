"""The READMEs quote the tables of the race and of the published size, and link to real files."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
NAMES = {
    "tensorflow": "TensorFlow",
    "pytorch": "plain PyTorch",
    "pystiche": "pystiche",
    "ours": "ours",
    "ours-bf16": "ours-bf16",
    "ours-int8": "ours-int8",
}


READMES = [
    path
    for path in ROOT.glob("**/README.md")
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
]


def rows(readme: str, heading: str) -> list[list[str]]:
    """Return the cells of a README's table whose first column is called so."""
    lines = (ROOT / readme).read_text(encoding="utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    table = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table


def test_the_steps_are_those_of_the_race():
    steps = pd.read_csv(ROOT / "reports" / "race" / "steps.csv")
    assert rows("eval/speed/README.md", "step of") == [
        [
            NAMES[row["contender"]],
            f"{row['seconds']:.3f}",
            *(f"{row[key]:.2f}" for key in ("ratio", "least", "most")),
        ]
        for row in steps.to_dict("records")
    ]


def test_the_times_to_the_loss_are_those_of_the_race():
    pairs = pd.read_csv(ROOT / "reports" / "race" / "pairs.csv")
    expected = []
    for row in pairs.to_dict("records"):
        content, style = row["pair"].split("__")
        speeds = [row[f"x at {level}"] for level in ("1", "1.02", "1.05", "1.1")]
        expected.append(
            [
                f"{content.split('_')[1].lstrip('0')} × {style.split('_')[-1]}",
                f"{row['published, s']:.0f}",
                f"{row['fast, s']:.0f}",
                f"{row['loss / published']:.3f}",
                *("—" if speed != speed else f"{speed:.1f}" for speed in speeds),
                f"{row['LPIPS between']:.2f}",
            ]
        )
    assert rows("eval/speed/README.md", "content × style") == expected


def test_what_came_out_is_what_the_tables_of_the_published_size_hold():
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    published = ROOT / "reports" / "published"
    scale = pd.read_csv(published / "scale.csv")
    dfr = scale[(scale["method"] == "dfr") & (scale["longest"] == 512)]
    own = dfr["style_gap_own"]
    turned = dfr.loc[dfr["mode"].isin(["rot090", "rot270"]), "style_gap_unrotated"]
    assert f"({own.min() * 100:.0f} to {own.max() * 100:.1f} % of the way in style loss" in text
    assert f"({turned.min() * 100:.0f} to {turned.max() * 100:.0f} %)" in text
    decormst = scale[(scale["longest"] == 481) & (scale["iterations"] == 1000)]
    four = decormst.loc[decormst["mode"] != "cosine", "loss_ratio"]
    assert f"the loss falls to {four.min():.3f} to {four.max():.2f} of its start" in text
    sweep = pd.read_csv(published / "sweep.csv")
    apart = sweep[(sweep["mode_a"] == "rot000") & (sweep["mode_b"] == "rot090")]
    by_lambda = apart.set_index("lambda")["lpips"]
    assert by_lambda.is_monotonic_increasing
    assert f"grows from {by_lambda[0]:.2f} at λ = 0" in text
    assert f"to {by_lambda[1]:.2f} at λ = 1" in text


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 200


@pytest.mark.parametrize("readme", READMES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_of_a_readme_leads_somewhere(readme):
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", readme.read_text(encoding="utf-8")):
        if not link.startswith("http"):
            assert (readme.parent / link).exists(), link


def test_every_profile_is_in_the_table_of_profiles():
    named = {row[0].strip("`") for row in rows("eval/README.md", "profile")}
    assert named == {path.stem for path in (ROOT / "eval" / "runs" / "profiles").glob("*.toml")}
