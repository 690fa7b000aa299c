"""What a comparison of a run with the published pictures left in the run.

Needs no torch: whoever shows a run may have none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from dfr.core.files import sha256
from eval.runs.store import RunStore

#: The file of a run that was compared.
FILE = "published.json"


@dataclass(frozen=True)
class ComparedPair:
    """One published pair of a run.

    Attributes:
        content: name of the content picture in the run.
        style: name of the style picture in the run.
        ours: mode -> SHA-256 of our output.
        theirs: mode -> place of the published output in the data folder.
        theirs_sha256: mode -> its SHA-256.
    """

    content: str
    style: str
    ours: Mapping[str, str]
    theirs: Mapping[str, str]
    theirs_sha256: Mapping[str, str]


@dataclass(frozen=True)
class Comparison:
    """A run set beside the published pictures.

    Attributes:
        data: the data folder of the published pictures.
        pairs: name of the published pair -> what was compared.
        tables: ``pictures``, ``retrieval``, ``diversity``, see `eval.published.pictures`.
    """

    data: Path
    pairs: Mapping[str, ComparedPair]
    tables: Mapping[str, pd.DataFrame]

    def published(self, pair: str, mode: str) -> Path | None:
        """Return the published output's file; None where it is not there as it was compared."""
        path = self.data / self.pairs[pair].theirs[mode]
        same = path.is_file() and sha256(path) == self.pairs[pair].theirs_sha256[mode]
        return path if same else None


def write_comparison(store: RunStore, comparison: Comparison) -> None:
    """Write a comparison into its run.

    Raises:
        UserError: another process is working on the run, or it cannot be written.
    """
    with store.locked():
        store.write_sealed(
            FILE,
            {
                "data": str(comparison.data),
                "pairs": {name: asdict(pair) for name, pair in comparison.pairs.items()},
                "tables": {
                    name: frame.to_dict("records") for name, frame in comparison.tables.items()
                },
            },
        )


def read_comparison(store: RunStore) -> Comparison | None:
    """Return the comparison of a run; None where it was not compared.

    Raises:
        UserError: the file was changed.
    """
    if not (store.folder / FILE).exists():
        return None
    content: dict[str, Any] = store.read_sealed(FILE)
    return Comparison(
        data=Path(content["data"]),
        pairs={name: ComparedPair(**pair) for name, pair in content["pairs"].items()},
        tables={name: pd.DataFrame(rows) for name, rows in content["tables"].items()},
    )
