"""A run beside the published reference results, wherever their settings agree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from dfr.core.files import read_json
from eval.measures.registry import OUTPUT_COLUMNS
from reports.inputs.run_data import RunData

FOLDER = Path(__file__).parent
KEYS = ["content_sha256", "style_sha256", "settings", "mode"]


@dataclass(frozen=True)
class ReferenceComparison:
    """What came of the comparison.

    Attributes:
        note: in one sentence, what agrees, or why nothing does.
        table: one row per method and measure: outputs compared, how many are equal, median and
            largest relative difference; empty where nothing agrees.
    """

    note: str
    table: pd.DataFrame


def compare_with_reference(run: RunData, folder: Path = FOLDER) -> ReferenceComparison | None:
    """Compare a run's outputs with those of the reference run of the same settings and pictures.

    An output is compared where size, resizing, saving, precision, weights, both pictures, and
    every setting of its method are the same.

    Returns:
        None where no reference is published.
    """
    if not (folder / "run.json").is_file():
        return None
    reference = read_json(folder / "run.json")["identity"]
    own = run.identity
    of_profile = ("size", "resizing", "saving", "precision")
    for name, a, b in (
        *(
            (name, *(_setting(each["profile"], name) for each in (own, reference)))
            for name in of_profile
        ),
        ("weights", own["weights"]["sha256"], reference["weights"]["sha256"]),
        ("seed", own["seed"], reference["seed"]),
    ):
        if a != b:
            return ReferenceComparison(
                f"Nothing to compare: this run's {name} is {a}, the reference's {b}.",
                pd.DataFrame(),
            )
    published = pd.read_csv(folder / "outputs.csv", dtype={"content": str, "style": str})
    both = keyed(run.tables["outputs"], own).merge(
        keyed(published, reference), on=KEYS, suffixes=("", "_reference")
    )
    if both.empty:
        return ReferenceComparison(
            "Nothing to compare: no pair of pictures is in both, or no method has the same "
            "settings.",
            pd.DataFrame(),
        )
    rows = [
        _compare(run.titles[str(label)], name, part)
        for label, part in both.groupby("label", sort=False)
        for name in OUTPUT_COLUMNS
        if f"{name}_reference" in part
    ]
    return ReferenceComparison(
        f"{len(both)} outputs have the same settings and pictures.", pd.DataFrame(rows)
    )


def _setting(profile: Mapping[str, Any], name: str) -> Any:
    """Return a setting of a recorded profile, which leaves out what has its default."""
    from eval.runs.profiles import Profile  # loads torch: only if there is a reference

    return profile.get(name, Profile.model_fields[name].default)


def keyed(outputs: pd.DataFrame, identity: Mapping[str, Any]) -> pd.DataFrame:
    """Add what decides an output: hashes of its pictures, and its method's settings as text."""
    hashes = {
        kind: {item["name"]: item["sha256"] for item in identity[kind]}
        for kind in ("contents", "styles")
    }
    # As they were recorded: what a run of another version left out may have been another value.
    settings = {
        entry["label"]: f"{entry['method']} {json.dumps(entry.get('settings'), sort_keys=True)}"
        for entry in identity["profile"]["methods"]
    }
    found = outputs[outputs["label"].isin(settings)]
    return found.assign(
        content_sha256=found["content"].map(hashes["contents"]),
        style_sha256=found["style"].map(hashes["styles"]),
        settings=found["label"].map(settings),
    )


def _compare(title: str, name: str, part: pd.DataFrame) -> dict[str, Any]:
    ours = part[name].to_numpy(dtype=np.float64)
    theirs = part[f"{name}_reference"].to_numpy(dtype=np.float64)
    scale = np.maximum(np.maximum(np.abs(ours), np.abs(theirs)), 1e-12)
    apart = np.abs(ours - theirs) / scale
    return {
        "method": title,
        "measure": name.replace("_", " "),
        "outputs": len(part),
        "equal to 5 digits": int((apart < 1e-5).sum()),
        "median difference": float(np.median(apart)),
        "largest difference": float(apart.max()),
    }
