"""How sure the comparison is: means with intervals, paired tests, and shares of variance."""

from __future__ import annotations

import pandas as pd

from eval.analysis.pairs import means, paired_tests, variance_shares
from eval.measures import registry
from reports.inputs.run_data import RunData
from reports.tables.diversity import diversity_table
from reports.tables.outputs import compared_outputs

SECONDS = "seconds_per_output"
#: Column of the tables -> what readers see, with the direction that is better.
MEASURES = {
    "style_gap_closed": "style gap closed (more = closer to the style)",
    "e_statistic": "E statistic (more = closer to the style)",
    "sifid_style": "SIFID-like distance to the style (less = closer to the style)",
    "colour_style": "colour distance to the style (less = closer to the style)",
    "content_loss": "content loss (less = closer to the content)",
    "c_statistic": "C statistic (more = contours kept)",
    "c_learned": "C with learned contours (more = contours kept)",
    "cfsd": "CFSD, mean of rows (less = structure of the content kept)",
    "lpips_content": "LPIPS to content (less = closer to the content)",
    "diversity": "LPIPS diversity (more = outputs differ more)",
    "diversity_vgg": "LPIPS diversity, VGG (more = outputs differ more)",
    SECONDS: "seconds per output, as run, or its share of a batch (less = faster)",
}


def less_is_better(measure: str) -> bool:
    """Say whether less of a measure, or of the seconds, is better."""
    return measure == SECONDS or registry.less_is_better(measure)


def values_of(run: RunData, measure: str) -> pd.DataFrame:
    """Return rows with content, style, label and the measure.

    A label is a method's, or the key of a named output, see `reports.tables.outputs.titles`.
    """
    if measure.startswith("diversity"):
        return diversity_table(run)
    return run.tables["cells"] if measure == SECONDS else compared_outputs(run.tables["outputs"])


def certainty_tables(run: RunData) -> dict[str, pd.DataFrame]:
    """Return means with intervals, paired tests and variance shares, over all measures."""
    found: dict[str, list[pd.DataFrame]] = {"means": [], "tests": [], "variance": []}
    for measure in MEASURES:
        values = values_of(run, measure)
        if measure not in values or values[measure].isna().all():
            continue
        for name, table in (
            ("means", means(values, measure)),
            ("tests", paired_tests(values, measure)),
            ("variance", variance_shares(values, measure)),
        ):
            table.insert(0, "measure", measure)
            found[name].append(table)
    return {name: pd.concat(parts, ignore_index=True) for name, parts in found.items() if parts}
