"""The checkpoints that the authors of the methods published, and where each is.

Where a method gets its weights is its setting ``checkpoint``, see `checkpoint_path`. SHA-256 are
those of the files as they were published: MicroAST's and the distilled WCT's were computed here,
AdaIN's are as its users recorded them. Of the others none is known; what they hold is checked by
keys and shapes when they are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from dfr.core.errors import UserError, unknown
from dfr.network.lpips import cache_folder

#: The setting ``checkpoint`` that means the files which `baselines.fetch.fetch` keeps.
OFFICIAL_WORD = "official"
#: Name of the weights that a method's folder ships.
SHIPPED = "trained.safetensors"


@dataclass(frozen=True)
class OfficialFile:
    """A file of weights.

    Attributes:
        name: under which it is kept.
        url: where it is.
        sha256: its hash; None where it is not known.
    """

    name: str
    url: str
    sha256: str | None = None


@dataclass(frozen=True)
class Official:
    """The published checkpoint of a method.

    Attributes:
        network: the method's name for readers.
        paper: where it is described.
        licence: of the weights, as their page states it.
        page: where the authors, or the makers of the usual port, offer them.
        files: what can be fetched; none where they lie behind a page made for people.
        by_hand: what to do in that case.
    """

    network: str
    paper: str
    licence: str
    page: str
    files: tuple[OfficialFile, ...] = ()
    by_hand: str = ""

    @property
    def hashes(self) -> dict[str, str]:
        """File name -> SHA-256, of those that are known."""
        return {file.name: file.sha256 for file in self.files if file.sha256 is not None}


_ADAIN = "https://github.com/naoto0804/pytorch-AdaIN/releases/download/v0.0.0"
_MICROAST = "https://raw.githubusercontent.com/EndyWon/MicroAST/main/models"
_DISTILLED = (
    "https://raw.githubusercontent.com/MingSun-Tse/Collaborative-Distillation/master/"
    "trained_models/wct_se_16x_new"
)
#: Training run and hash of levels 1 to 5. The names 1SE.pth to 5SD.pth are links to these files
#: there, and an address of a link gives the name that it points to, not the file.
_DISTILLED_ENCODERS = (
    ("20191110-133713", "f74755a65164a88e0db8cbb7d99d7078b9fa505df0953fac5123bfc7c84e0ea4"),
    ("20191110-132713", "cb654af6bae77176f8c7721c965483e865b987f2f1612dda1ba0d0b5c3819a61"),
    ("20191110-132705", "269cdd0e2634e3e1e5d3005b9e7eca0f4cc8077653fee1ac8c0cf1cbe9ab8758"),
    ("20191110-132643", "d2f059cbcd6669556a43aadef58d20c8b280462c18b60a9e7424a14dd271cd6b"),
    ("20191109-211322", "9417c34d0d8d621bc6af78be745f1b8d30f5f210efa01e50655c60eb3770816b"),
)
_DISTILLED_DECODERS = (
    ("20191111-091942", "05f26ad40044c019da0cf731372d5bd2ee4b477825c7f45508da70b1cd5a95fd"),
    ("20191111-091932", "94dd26f0e69857f79bf284a43a3708aa05c09c2593427c7f6e400ad12ce314e6"),
    ("20191111-091929", "005faba27859435762a8a9386116c00629cd8835a01617d0a71defa577c42174"),
    ("20191111-092553", "902f65e2c6033d803d02df552eb898e5985190a7ae67d155e384826eec6f04cb"),
    ("20191110-204615", "17fd0f81622f01366eb21cb4d40140ee38cf988ed6eaf266629709c397a8b485"),
)
_NO_LICENCE = "none stated; ask the authors before you pass them on"

#: Method -> its published checkpoint. Part of the name behind a dash: another one of that method.
OFFICIAL: Mapping[str, Official] = MappingProxyType(
    {
        "adain": Official(
            network="AdaIN",
            paper="Huang and Belongie, ICCV 2017",
            licence="MIT",
            page="https://github.com/naoto0804/pytorch-AdaIN",
            files=(
                OfficialFile(
                    "vgg_normalised.pth",
                    f"{_ADAIN}/vgg_normalised.pth",
                    "804ca2835ecf7539f0cd2a7ac3c18ce81e6f8468969ae7117ac0c148d286bb4a",
                ),
                OfficialFile(
                    "decoder.pth",
                    f"{_ADAIN}/decoder.pth",
                    "379ca41d59f3a37eed3599bbbc2560c19da5c458870a5ffd3a9dd41aa88f9472",
                ),
            ),
        ),
        "microast": Official(
            network="MicroAST",
            paper="Wang et al., AAAI 2023",
            licence="MIT",
            page="https://github.com/EndyWon/MicroAST",
            files=tuple(
                OfficialFile(f"{part}.pth.tar", f"{_MICROAST}/{part}_iter_160000.pth.tar", digest)
                for part, digest in {
                    "content_encoder": "c8d895c0eec52507c157e102fab217c37f0c399ef3e168ef8b0b"
                    "2677714660a4",
                    "style_encoder": "94f6b3fa386828692c20809a0af8bd0eba9c04e90a7d8842086976e4"
                    "d223c5af",
                    "modulator": "8588055baf7d5ad8398d595d5518c6f030e3ff8dbb6007a7c1779776e11da28b",
                    "decoder": "32e04a46b953fd9f94ec9e20f351511305a5260e000c18f9aef6570d5f1e23d9",
                }.items()
            ),
        ),
        "wct-16x": Official(
            network="WCT, 16 x distilled",
            paper="Wang et al., CVPR 2020",
            licence="MIT",
            page="https://github.com/MingSun-Tse/Collaborative-Distillation",
            files=tuple(
                OfficialFile(f"{level}{kind}.pth", f"{_DISTILLED}{folder}/{run}_E20.pth", digest)
                for kind, folder, published in (
                    ("SE", "", _DISTILLED_ENCODERS),
                    ("SD", "_sd", _DISTILLED_DECODERS),
                )
                for level, (run, digest) in enumerate(published, 1)
            ),
        ),
        "wct": Official(
            network="WCT",
            paper="Li et al., NeurIPS 2017",
            licence="for academic use only",
            page="https://github.com/Yijunmaverick/UniversalStyleTransfer",
            by_hand="download its models, which are Torch 7 files, save them as state dicts by "
            "model/model_original.py of github.com/MingSun-Tse/Collaborative-Distillation, and put "
            "the ten files into one folder",
        ),
        "lst": Official(
            network="LST",
            paper="Li et al., CVPR 2019",
            licence="BSD 2-Clause",
            page="https://github.com/sunshineatnoon/LinearStyleTransfer",
            by_hand="download its models.tar, save the encoder, the decoder and the transform "
            "as state dicts, and put them into one folder",
        ),
        "safin": Official(
            network="SAFIN",
            paper="Singh et al., ICME 2021",
            licence=_NO_LICENCE,
            page="https://github.com/Aaditya-Singh/SAFIN",
            files=(
                OfficialFile(
                    "vgg_normalised.pth",
                    "https://www.dropbox.com/s/2elilhldqtqcumr/vgg_normalised.pth?dl=1",
                ),
                OfficialFile(
                    "decoder.pth.tar",
                    "https://www.dropbox.com/s/xveyz1yktk8s9l5/decoder.pth.tar?dl=1",
                ),
            ),
        ),
        "adaattn": Official(
            network="AdaAttN",
            paper="Liu et al., ICCV 2021",
            licence=_NO_LICENCE,
            page="https://github.com/Huage001/AdaAttN",
            by_hand="download its AdaAttN_model.zip and vgg_normalised.pth, and put the files "
            "into one folder",
        ),
    }
)


def official(name: str) -> Official:
    """Look a published checkpoint up.

    Raises:
        UserError: there is none of this name.
    """
    if name not in OFFICIAL:
        raise unknown("network with published weights", name, OFFICIAL)
    return OFFICIAL[name]


def known_hashes(name: str, checkpoint: str) -> dict[str, str]:
    """Return file name -> SHA-256 that the weights of a setting ``checkpoint`` must have.

    Of weights that somebody gives, nothing is known.
    """
    return official(name).hashes if checkpoint == OFFICIAL_WORD else {}


def official_folder(name: str) -> Path:
    """Where fetched files of a published checkpoint are kept."""
    return cache_folder() / "networks" / name


def checkpoint_path(name: str, checkpoint: str, shipped: Path | None = None) -> Path:
    """Say where the weights of a method are, by its setting ``checkpoint``.

    Args:
        name: of the published checkpoint, a key of `OFFICIAL`.
        checkpoint: ``""`` for the weights that were trained for this suite, ``"official"`` for
            those that `baselines.fetch.fetch` keeps, or a file or folder.
        shipped: the file of the suite's own weights.

    Raises:
        UserError: nothing is there.
    """
    if checkpoint == OFFICIAL_WORD:
        folder = official_folder(name)
        if not folder.is_dir():
            raise UserError(f"{name}: its published weights are not here; {_how(name)}")
        return folder
    if checkpoint:
        path = Path(checkpoint).expanduser()
        if not path.exists():
            raise UserError(
                f"{name}: no file or folder {path} of weights; check the setting checkpoint"
            )
        return path
    if shipped is None or not shipped.is_file():
        raise UserError(
            f"{name}: the suite has no weights of its own for this method; {_how(name)}, or give "
            "your own with --set checkpoint=PATH"
        )
    return shipped


def _how(name: str) -> str:
    """Say in a few words how to get published weights."""
    if OFFICIAL[name].files:
        return f"run `dfr weights fetch {name}`, then --set checkpoint={OFFICIAL_WORD}"
    return (
        f"{OFFICIAL[name].page}: {OFFICIAL[name].by_hand}; the folder is {official_folder(name)}, "
        "or any other that is given as checkpoint"
    )


def whose_weights(checkpoint: str) -> str:
    """Say in two or three words whose weights a method used, by its setting ``checkpoint``."""
    if not checkpoint:
        return "trained for this suite"
    return "published" if checkpoint == OFFICIAL_WORD else f"given: {Path(checkpoint).name}"
