"""The diversity protocol of Deep Feature Perturbation, with its own measures alone.

Source: Wang et al., CVPR 2020, arXiv 1909.08223, section 5.3. The profile ``dfp`` makes a whole run
of it, with every measure. This makes the same outputs, and measures what the protocol needs and
what faithful diversity needs (`eval.analysis.diversity`), pair by pair, at a fraction of the time:

    python -m eval.runs.diversity_protocol --out reports/published/dfp.csv

A pair that stands in the file is not made again.
"""

from __future__ import annotations

import argparse
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from dfr.core.devices import choose_device, make_process_repeatable
from dfr.core.files import write_text
from dfr.core.provenance import device_name
from dfr.core.terminal import complaining
from dfr.network.encoder import Encoder
from dfr.network.lpips import Lpips
from dfr.network.weights import load_vgg19
from dfr.objective.objective import yardstick
from eval.analysis.diversity import distance_matrix, faithful_diversity, vendi_score
from eval.data.chosen import choose_data
from eval.data.dataset import open_dataset
from eval.measures.coherence import coherence
from eval.measures.context import Context
from eval.measures.losses import style_gap_closed
from eval.measures.pca_bases import PcaBases
from eval.measures.pixels import pixel_distance
from eval.runs.cell import stylize_again
from eval.runs.checkpoints import supplied
from eval.runs.profiles import MethodEntry, Profile, choose_profile


class Protocol:
    """Makes and measures pairs.

    Args:
        profile: says sizes, and on how many pairs outputs are made again.
        entry: the method, with several outputs.
        seed: of the noise.
    """

    def __init__(self, profile: Profile, entry: MethodEntry, seed: int = 0) -> None:
        self.images, self.entry, self.seed = profile.images, entry, seed
        self.method = entry.build()
        self.encoder, self.lpips = Encoder(load_vgg19()), Lpips("alex", choose_device("cpu"))

    @torch.no_grad()
    def row(self, content: Path, style: Path, again: bool) -> dict[str, Any]:
        """Return the numbers of one pair.

        Args:
            content: its file.
            style: likewise.
            again: whether its outputs are made a second time, for the floor of chance.
        """
        pictures = self.images.load_pair(content, style)
        made = self.method.stylize(*pictures, self.encoder, self.seed).as_kept(self.images)
        outputs = made.pictures
        photograph, painting = (self.images.quantise(picture) for picture in pictures)
        features = {mode: self.lpips.features(picture) for mode, picture in outputs.items()}
        pairs = pd.DataFrame(
            {
                "mode_a": a,
                "mode_b": b,
                "lpips": self.lpips.between(features[a], features[b]),
                "pixel_distance": pixel_distance(outputs[a], outputs[b]),
            }
            for a, b in combinations(outputs, 2)
        )
        seen = Context(
            photograph, painting, outputs, yardstick(photograph, painting, self.encoder),
            self.encoder, {}, PcaBases({}, {}),
        )  # fmt: skip
        gaps, contours = (
            np.array(list(measured(seen).values())) for measured in (style_gap_closed, coherence)
        )
        distances = distance_matrix(pairs, list(outputs))
        return {
            "content": content.stem,
            "style": style.stem,
            "outputs": len(outputs),
            "pixel_distance": pairs["pixel_distance"].mean(),
            "lpips": pairs["lpips"].mean(),
            "floor": self._floor(pictures, features) if again else None,
            "style_gap_closed": gaps.mean(),
            "c_statistic": contours.mean(),
            "vendi": vendi_score(distances),
            "faithful": faithful_diversity(distances, gaps, contours),
            "seconds_per_output": made.seconds / len(outputs),
        }

    def _floor(self, pictures: Any, features: dict[str, list[torch.Tensor]]) -> float:
        """Return the mean LPIPS of an output to the same one from a content that nobody can tell
        from this one.
        """
        content, style = pictures
        made = stylize_again(self.method, content, style, self.encoder, self.seed)
        again = made.as_kept(self.images).pictures
        return float(
            np.mean(
                [
                    self.lpips.between(features[mode], self.lpips.features(picture))
                    for mode, picture in again.items()
                ]
            )
        )


def main() -> None:
    """Make the pairs that the file lacks."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--content", type=Path, help="folder of contents; the fetched ones if none")
    parser.add_argument("--style", type=Path, help="folder of styles, likewise")
    parser.add_argument("--out", type=Path, required=True, help="the table, as CSV")
    options = parser.parse_args()
    make_process_repeatable()
    profile, lacking = supplied(choose_profile("dfp", choose_device("cpu")))
    for title, why in lacking.items():
        print(f"left out: {title}: {why}")
    own = options.content is not None or options.style is not None
    data, _ = choose_data("auto", profile.contents, profile.styles, own, pictures=profile.pictures)
    dataset = open_dataset(
        options.content, options.style, options.out.parent, profile.contents, profile.styles, data
    )
    floors = {(c.name, s.name) for c, s in dataset.spread(profile.floor_pairs)}
    done = _done(options.out)
    for entry in profile.methods:
        protocol = Protocol(profile, entry)
        for content, style in dataset.pairs:
            if (entry.title, content.name, style.name) in done:
                continue
            row = protocol.row(content.path, style.path, (content.name, style.name) in floors)
            _append(options.out, {"method": entry.title, **row})
            print(f"{content.name} x {style.name}: LPIPS {row['lpips']:.3f}", flush=True)


def _done(file: Path) -> set[tuple[str, ...]]:
    """Return method, content and style of every pair in the file."""
    if not file.is_file():
        return set()
    names = pd.read_csv(file, dtype=str)[["method", "content", "style"]]
    return set(names.itertuples(index=False, name=None))


def _append(file: Path, row: dict[str, Any]) -> None:
    here = pd.DataFrame([{**row, "device": device_name(choose_device("cpu"))}])
    head = not file.is_file()
    before = "" if head else file.read_text(encoding="utf-8")
    write_text(file, before + here.to_csv(index=False, header=head, float_format="%.5g"))


if __name__ == "__main__":
    with complaining():
        main()
