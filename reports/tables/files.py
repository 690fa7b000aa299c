"""Tables as files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from dfr.core.files import write_whole


def keep_tables(tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write each table as CSV and as Parquet."""
    for name, table in tables.items():
        write_whole(folder / f"{name}.csv", lambda path, t=table: t.to_csv(path, index=False))  # type: ignore[misc]
        write_whole(
            folder / f"{name}.parquet",
            lambda path, t=table: t.to_parquet(path, index=False),  # type: ignore[misc]
        )
