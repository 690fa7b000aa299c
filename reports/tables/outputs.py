"""Named outputs: what is compared, since a method's modes aim at different targets.

A method with several outputs has no one number: the mean over modes that aim at different targets
says nothing of any of them. So the rows of a comparison are outputs under their names ("DFR (code),
rot000"), and modes of one objective (twins) are there once.
"""

from __future__ import annotations

import pandas as pd

from eval.measures.registry import BROUGHT, OUTPUT_COLUMNS, columns_of, less_is_better
from eval.runs.added import CONTROL, CONTROLS
from reports.inputs.run_data import RunData
from reports.tables.readable import column_title

#: What a table over styles shows of an output. The raw style loss is not among them: Gram matrices
#: of styles differ in size by orders of magnitude.
SHOWN = (
    "style_gap_closed",
    "own_gap_closed",
    "relative_style_loss",
    "e_statistic",
    "sifid_style",
    "colour_style",
    "c_statistic",
    "c_learned",
    "cfsd",
    "content_loss",
    "ssim_content",
    "lpips_content",
)


def distinct_outputs(outputs: pd.DataFrame) -> pd.DataFrame:
    """Return the table of outputs without those whose objective an earlier mode has too."""
    return outputs[outputs["objective"] == outputs["mode"]]


def compared_outputs(outputs: pd.DataFrame) -> pd.DataFrame:
    """Return the distinct outputs, each under the key of its name (see `titles`) as its label.

    Args:
        outputs: a run's table of outputs.
    """
    outputs = distinct_outputs(outputs)
    several = _several(outputs)
    keys = [
        f"{label}/{mode}" if label in several else label
        for label, mode in zip(outputs["label"], outputs["mode"], strict=True)
    ]
    return outputs.assign(label=keys)


def titles(run: RunData) -> dict[str, str]:
    """Return the title of every method by its label, and of every compared output by its key.

    The key is LABEL/MODE and the title "TITLE, MODE" where a method has several outputs, and the
    method's own otherwise. In the order of the methods, and of their modes.
    """
    outputs = distinct_outputs(run.tables["outputs"])
    several = _several(outputs)
    found: dict[str, str] = {}
    for label, title in run.titles.items():
        found[label] = title
        if label in several:
            modes = dict.fromkeys(outputs.loc[outputs["label"] == label, "mode"])
            found |= {f"{label}/{mode}": f"{title}, {mode}" for mode in modes}
    return found


def outputs_table(run: RunData) -> pd.DataFrame:
    """Return one row per named output: means over pairs.

    A method of several outputs has two rows more: the mean over its outputs, and the best of them
    in each pair, by each measure for itself. They are no outputs that anybody has, and they are not
    ranked.
    """
    outputs = distinct_outputs(run.tables["outputs"])
    shown = [name for name in (*SHOWN, *BROUGHT) if name in outputs]
    rows = []
    for label, title in run.titles.items():
        mine = outputs[outputs["label"] == label]
        modes = list(dict.fromkeys(mine["mode"]))
        for mode in modes:
            part = mine[mine["mode"] == mode]
            name = f"{title}, {mode}" if len(modes) > 1 else title
            rows.append({"output": name, "pairs": len(part), **part[shown].mean()})
        if len(modes) > 1:
            pairs = mine.groupby(["content", "style"], sort=False)
            ends = {name: "min" if less_is_better(name) else "max" for name in shown}
            for name, how in (("mean", dict.fromkeys(shown, "mean")), ("best", ends)):
                row = {"output": f"{title}, {name} of {len(modes)}", "pairs": len(pairs)}
                rows.append({**row, **pairs.agg(how).mean()})
    frame = pd.DataFrame(rows).dropna(axis="columns", how="all")
    return frame.rename(columns=column_title)


def layers_table(run: RunData) -> pd.DataFrame:
    """Return the E statistic of each layer, one row per named output: means over pairs.

    Empty for a run that was made before the layers were kept.
    """
    layers = columns_of("e_statistic")
    outputs = compared_outputs(run.tables["outputs"])
    means = outputs.groupby("label", sort=False)[list(layers)].mean()
    means = means.dropna(how="all", subset=list(layers[1:]))
    means = means.rename(columns=column_title).reset_index()
    return means.assign(label=means["label"].map(titles(run))).rename(columns={"label": "output"})


def controls_table(run: RunData) -> pd.DataFrame:
    """Return one row per control with the measures of `outputs_table`: means over pairs.

    Controls are no outputs: they show what a measure says of the photograph itself, of the style
    picture, and of noise. Empty for a run without them.
    """
    if run.controls.empty:
        return pd.DataFrame()
    shown = [name for name in (*SHOWN, *BROUGHT) if name in run.controls]
    means = run.controls.groupby("mode", sort=False)[shown].mean(numeric_only=True)
    means.insert(0, "pairs", run.controls.groupby("mode", sort=False).size())
    means.insert(0, "control", [CONTROLS[str(mode)] for mode in means.index])
    return means.dropna(axis="columns", how="all").rename(columns=column_title)


def over_run_table(run: RunData) -> pd.DataFrame:
    """Return one row per named output, and then per control, with the measures over the whole run.

    Empty where none was taken.
    """
    if run.over_run.empty:
        return pd.DataFrame()
    outputs = run.tables["outputs"]
    several = _several(outputs)
    twins = outputs.loc[outputs["objective"] != outputs["mode"], ["label", "mode"]]
    known = set(twins.itertuples(index=False, name=None))
    rows = []
    for row in run.over_run.to_dict("records"):
        label, mode = row.pop("label"), row.pop("mode")
        if (label, mode) in known:
            continue
        if label == CONTROL:
            name = f"(control) {CONTROLS[mode]}"
        else:
            name = f"{run.titles[label]}, {mode}" if label in several else run.titles[label]
        rows.append({"output": name, **row})
    return pd.DataFrame(rows).dropna(axis="columns", how="all").rename(columns=column_title)


def mode_means(run: RunData) -> pd.DataFrame:
    """Return the mean over pairs of every measure, one row per method and mode, twins included.

    A measure that every run takes now has a column also of a run without it: of NaN.
    """
    outputs = run.tables["outputs"]
    columns = [*(name for name in OUTPUT_COLUMNS if name in outputs), "own_gap_closed"]
    return outputs.groupby(["label", "mode"], sort=False)[columns].mean().reset_index()


def _several(outputs: pd.DataFrame) -> set[str]:
    counts = outputs.groupby("label")["mode"].nunique()
    return set(counts[counts > 1].index)
