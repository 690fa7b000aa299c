"""The notes of the page: other people's outputs, methods without outputs, outputs that failed."""

from __future__ import annotations

from reports.inputs.run_data import RunData

#: Methods of the published user study whose weights have to be fetched, or put there by hand.
PUBLISHED_METHODS = ("AdaIN", "SAFIN", "AdaAttN", "LST")


def external_notes(run: RunData) -> list[str]:
    """Return one line for every method of other people: what it gave, and what it did not."""
    notes = []
    for method in run.identity["external"]:
        told = [f"{method['title']}: {len(method['files'])} outputs"]
        for kind, word in (("missing", "missing"), ("wrong_size", "of a wrong size, not used"),
                           ("extra", "files that belong to no pair")):  # fmt: skip
            items = method[kind]
            if items:
                more = "" if len(items) <= 5 else f", and {len(items) - 5} more"
                told.append(f"{len(items)} {word} ({'; '.join(items[:5])}{more})")
        if method["citation"]:
            told.append(method["citation"])
        notes.append(". ".join(told))
    return notes


def not_supplied(run: RunData) -> list[str]:
    """Return the methods of the published comparison of which this run has no outputs."""
    here = {title.lower() for title in run.titles.values()}
    return [name for name in PUBLISHED_METHODS if not any(name.lower() in t for t in here)]


def trained_here(run: RunData) -> list[str]:
    """Return the titles of the methods whose weights were trained for this suite."""
    used = run.identity.get("checkpoints", {})
    return [run.titles[label] for label, each in used.items() if each.get("own")]


def failures(run: RunData) -> list[str]:
    """Return one line for every method without weights, and every output that was stopped."""
    lacking = run.identity.get("not_supplied", {})
    stopped = [
        f"{cell['content']} × {cell['style']}, {cell['title']}, {mode}: {why}"
        for cell in run.cells
        for mode, why in cell["failed"].items()
    ]
    return [*(f"{title}: not supplied: {why}" for title, why in lacking.items()), *stopped]
