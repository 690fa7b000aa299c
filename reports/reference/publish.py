"""Make a run's results the published reference: ``python -m reports.reference.publish RUN``.

Numbers only, no pictures: ``reports/reference`` gets the run's settings and machine (run.json),
every output's measures (outputs.csv), the tables of the report, and a README that says at which
scale they hold. `reports.reference.comparison` compares later runs with them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from dfr.core.errors import UserError
from dfr.core.files import write_json, write_text, write_whole
from dfr.core.terminal import complaining
from eval.runs.tables import measured
from reports.claims.rules import all_claims, claims_table
from reports.inputs.run_data import RunData, read_run
from reports.reference.comparison import FOLDER
from reports.tables.best import best_of, readable_best
from reports.tables.certainty import certainty_tables
from reports.tables.diversity import above_chance, diversity_table
from reports.tables.methods import summary
from reports.tables.outputs import outputs_table
from reports.tables.readable import readable, readable_solvers
from reports.tables.solver_effect import SOLVER_NOTE, solver_effect

#: What earlier versions claimed, and why it was wrong.
CORRECTIONS = FOLDER / "corrections.md"
#: Digits that are kept; more would only be rounding.
DIGITS = 6


def publish(run: Path, folder: Path = FOLDER) -> None:
    """Write the reference results of a finished run.

    Raises:
        UserError: the run is not finished, or a file of it was changed.
    """
    data = read_run(run)
    if not data.complete or not data.timing or not data.audit:
        raise UserError(f"{run}: is not finished; only a whole run is a reference")
    certainty = certainty_tables(data)
    solvers = solver_effect(data)
    best = readable_best(best_of(data, certainty))
    claims = claims_table(all_claims(data))
    keys = ["content", "style", "label", "mode"]
    tables = {
        "outputs": data.tables["outputs"][
            [
                *keys,
                *measured(data.tables["outputs"]),
                "own_gap_closed",
                "own_total",
                "objective",
            ]
        ],
        "diversity": diversity_table(data),
        "timing": pd.DataFrame(data.timing),
        "methods": summary(data),
        "modes": outputs_table(data),
        "floors": above_chance(data),
        "best": best,
        "claims": claims,
        **({} if solvers.empty else {"solvers": solvers}),
        **certainty,
    }
    for name, table in tables.items():
        write_whole(
            folder / f"{name}.csv",
            lambda path, t=table: t.to_csv(path, index=False, float_format=f"%.{DIGITS}g"),  # type: ignore[misc]
        )
    write_json(folder / "run.json", {"identity": data.identity, "environments": data.environments})
    write_text(folder / "README.md", _readme(data, best, readable_solvers(solvers), claims))


def _readme(data: RunData, best: pd.DataFrame, solvers: pd.DataFrame, claims: pd.DataFrame) -> str:
    changes = f"## What the solver changes\n\n{SOLVER_NOTE}\n\n{_markdown(solvers)}\n"
    pairs = f"{len(data.identity['contents'])} × {len(data.identity['styles'])}"
    machines = "; ".join(
        dict.fromkeys(
            f"{item['device']}, {item['cores']} cores, {item['workers']} processes of "
            f"{item['threads']} threads, torch {item['libraries']['torch']}"
            for item in data.environments
        )
    )
    return f"""# Reference results

Numbers of one whole run over {pairs} pairs; no pictures. **They hold at this scale and at no
other:** {data.scale}

- Machine: {machines}.
- Contents: {data.identity["contents_from"]}; styles: {data.identity["styles_from"]}; run.json has
  the SHA-256 of every one.
- methods.csv says which solver made which numbers; timing.csv times DFR-X with the published one.
- Losses, E, C, SSIM and LPIPS are of the 8-bit pictures, in fp32; the networks that stylize ran
  in {data.identity["profile"]["precision"]}.
- The tables compare outputs under their names, and modes of one objective once; floors.csv has
  each method's diversity beside the floor of chance.
- Seconds in methods.csv and means.csv are those of a machine that made cells beside each other
  and did other work in between: they order the methods, no more. timing.csv was timed alone.
- `dfr report` sets a run of the same settings and pictures beside these numbers.

Made by `dfr reproduce --profile {data.identity["profile"]["name"]} --content DIR --style DIR
--workers N` and `python -m reports.reference.publish RUN`.

## Best by each measure

{_markdown(best)}
{"" if solvers.empty else changes}## Claims

{_markdown(claims[["name", "measured", "verdict", "scale"]])}
{CORRECTIONS.read_text(encoding="utf-8")}"""


def _markdown(table: pd.DataFrame) -> str:
    lines = ["| " + " | ".join(table.columns) + " |", "|" + "---|" * len(table.columns)]
    lines += [
        "| "
        + " | ".join(
            readable(*cell).replace("|", "\\|") for cell in zip(row, table.columns, strict=True)
        )
        + " |"
        for row in table.itertuples(index=False)
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Publish the run that is named."""
    parser = argparse.ArgumentParser(
        prog="python -m reports.reference.publish", description="Write a run's reference results."
    )
    parser.add_argument(
        "run", type=Path, nargs="?", default=Path("runs/reference"), help="folder of a whole run"
    )
    publish(parser.parse_args().run)


if __name__ == "__main__":
    with complaining():
        main()
