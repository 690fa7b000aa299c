"""The comparison in numbers: one row per method, and one row per mode of every method."""

from __future__ import annotations

import pandas as pd

from eval.measures.registry import OUTPUT_MEASURES
from reports.inputs.run_data import RunData
from reports.tables.readable import column_title


def summary(run: RunData) -> pd.DataFrame:
    """Return one row per method: means over pairs (and over a pair's outputs)."""
    outputs, cells = run.tables["outputs"], run.tables["cells"]
    diverse = diversity_table(run)
    rows = []
    for label, title in run.titles.items():
        mine, cost = outputs[outputs["label"] == label], cells[cells["label"] == label]
        if cost.empty:
            continue
        rows.append(
            {
                "method": title,
                "outputs": int(cost["outputs"].max()),
                "solver": run.solvers[label],
                "iterations": int(cost["iterations"].max()),
                "style loss": mine["style_loss"].mean(),
                "style gap closed": mine["style_gap_closed"].mean(),
                "content loss": mine["content_loss"].mean(),
                "E": mine["e_statistic"].mean(),
                "C": mine["c_statistic"].mean(),
                "SSIM to content": mine["ssim_content"].mean(),
                "LPIPS to content": mine["lpips_content"].mean(),
                "LPIPS diversity": diverse.loc[diverse["label"] == label, "diversity"].mean(),
                "LPIPS diversity, VGG": diverse.loc[
                    diverse["label"] == label, "diversity_vgg"
                ].mean(),
                "seconds / output": cost["seconds_per_output"].median(),
                "s / output / iteration": cost["seconds_per_output_iteration"].median(),
                "memory (MB)": cost["peak_memory_mb"].max(),
            }
        )
    return pd.DataFrame(rows)


def modes(run: RunData) -> pd.DataFrame:
    """Return one row per method and mode: means over pairs."""
    outputs = run.tables["outputs"]
    columns = list(OUTPUT_MEASURES)
    means = outputs.groupby(["label", "mode"], sort=False)[columns].mean().reset_index()
    means.insert(0, "method", means.pop("label").map(run.titles))
    return means.rename(columns=column_title)


def mode_means(run: RunData) -> pd.DataFrame:
    """Return the mean over pairs of every measure, one row per method and mode."""
    outputs = run.tables["outputs"]
    means = outputs.groupby(["label", "mode"], sort=False)[list(OUTPUT_MEASURES)].mean()
    return means.reset_index()


def diversity_table(run: RunData) -> pd.DataFrame:
    """Return the mean LPIPS between the outputs of each cell with at least two outputs.

    Returns:
        content, style, label, ``diversity`` (AlexNet) and ``diversity_vgg`` (VGG-16).
    """
    pairs = run.tables["pairs"]
    if pairs.empty:
        return pd.DataFrame(columns=["content", "style", "label", "diversity", "diversity_vgg"])
    means = pairs.groupby(["content", "style", "label"], sort=False)[["lpips", "lpips_vgg"]].mean()
    names = {"lpips": "diversity", "lpips_vgg": "diversity_vgg"}
    return means.rename(columns=names).reset_index()
