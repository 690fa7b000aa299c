"""The READMEs quote the tables that the race and the reference run left, and link to real files."""

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


def test_what_the_solver_changes_is_of_the_reference_run():
    solvers = pd.read_csv(ROOT / "reports" / "reference" / "solvers.csv")
    assert rows("reports/README.md", "method, mode") == [
        [
            f"{row['method'].removesuffix(' (code)')}, {row['mode']}",
            f"{row['loss']:.2g} [{row['low']:.2g}, {row['high']:.2g}]",
            *(
                f"{row[f'{measure}, {solver}']:.2f}"
                for measure in ("style_gap_closed", "e_statistic", "c_statistic")
                for solver in ("fast", "adam")
            ),
        ]
        for row in solvers.to_dict("records")
        if row["mode"] not in ("rot180", "rot270")  # the same as rot000 and rot090
    ]


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
