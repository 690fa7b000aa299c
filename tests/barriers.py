"""Barriers to people with disabilities that axe-core finds on a page, light and dark."""

from __future__ import annotations

from typing import Any

import pytest

#: WCAG 2.2, A and AA.
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
#: The rules of these that look at colours, which take longest: axe draws what lies behind a text.
_COLOURS = ("color-contrast", "link-in-text-block")

#: Leaves two rows of each kind in every table: a thousand more of the same elements and classes
#: say nothing new. (Two, as every other row may have a colour of its own.)
_LEAVE_SHORT_TABLES = """() => document.querySelectorAll("tbody").forEach((body) => {
  const kinds = {};
  for (const row of [...body.rows]) {
    const kind = [row, ...row.querySelectorAll("*")]
      .map((e) => `${e.tagName} ${e.className} ${e.getAttribute("style")}`).join();
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    if (kinds[kind] > 2) row.remove();
  }
})"""


def barriers(
    page: Any,
    *,
    within: str | None = None,
    colours: bool | None = None,
    tags: tuple[str, ...] = WCAG,
) -> list[tuple[str, list[str]]]:
    """Return the rules that are broken, each with the elements that break it.

    Args:
        page: of playwright.
        within: selector of what is looked at; the whole page if None.
        colours: whether to ask the rules about colours alone, or none of them; all rules if None.
        tags: of the rules.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    # What passes is not asked for: to name each such element takes as long as to check it.
    options: dict[str, Any] = {"runOnly": list(tags), "resultTypes": ["violations"]}
    if colours:
        options["runOnly"] = {"type": "rule", "values": list(_COLOURS)}
    elif colours is not None:
        options["rules"] = {rule: {"enabled": False} for rule in _COLOURS}
    found = axe.run(page, context=within, options=options).response["violations"]
    return [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in found]


def leave_short_tables(page: Any) -> None:
    """Take most rows away from the tables of a page, so that all kinds of rows are soon checked."""
    page.evaluate(_LEAVE_SHORT_TABLES)
