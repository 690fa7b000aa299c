"""Figures of fronts, drawn as SVG that takes its colours from the page, dark or light."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup
from matplotlib.ticker import LogLocator, MaxNLocator

from reports.leaderboard.boards import Mean
from reports.leaderboard.fronts import Front, Point
from reports.tables.certainty import SECONDS
from reports.tables.readable import column_title, readable

WIDTH, HEIGHT = 640, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 24, 20, 56


@dataclass(frozen=True)
class _Axis:
    """Where values lie between two ends of the figure.

    Attributes:
        low: the value at ``begin``.
        high: the value at ``end``.
        begin: in the figure's units.
        end: likewise.
        log: whether it is logarithmic.
    """

    low: float
    high: float
    begin: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        scale: Callable[[float], float] = math.log10 if self.log else float
        part = (scale(value) - scale(self.low)) / (scale(self.high) - scale(self.low))
        return self.begin + min(max(part, 0.0), 1.0) * (self.end - self.begin)

    @property
    def ticks(self) -> list[float]:
        locator = LogLocator(subs=(1.0, 2.0, 5.0)) if self.log else MaxNLocator(6)
        found = locator.tick_values(self.low, self.high)
        return [float(tick) for tick in found if self.low <= tick <= self.high]


def draw(front: Front, numbers: dict[str, int], key: str) -> Markup:
    """Draw a front.

    Args:
        front: with two points or more.
        numbers: name of an entry -> its number in the table.
        key: unique on the page, for the ids of title and description.
    """
    x = _axis([p.x for p in front.points], _LEFT, WIDTH - _RIGHT, front.x == SECONDS)
    y = _axis([p.y for p in front.points], HEIGHT - _BOTTOM, _TOP, False)
    parts = [
        Markup(
            '<svg class="front" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-t {}-d">'
            '<title id="{}-t">{}</title><desc id="{}-d">{}</desc>'
        ).format(WIDTH, HEIGHT, key, key, key, title(front), key, in_words(front)),
        *_frame(x, y, front),
        _line(front, x, y),
        *(_point(point, numbers[point.line.name], x, y) for point in front.points),
        Markup("</svg>"),
    ]
    return Markup("").join(parts)


def title(front: Front) -> str:
    """Name a front for readers."""
    return f"{column_title(front.y)} against {column_title(front.x)}"


def in_words(front: Front) -> str:
    """Say who is on the front."""
    return f"beaten by nobody in both: {', '.join(front.winners)}"


def _axis(means: list[Mean], begin: float, end: float, log: bool) -> _Axis:
    ends = [
        bound
        for mean in means
        for bound in (mean.value, mean.low, mean.high)
        if math.isfinite(bound) and (bound > 0 or not log)
    ]
    low, high = min(ends), max(ends)
    if log:
        return _Axis(low / 1.3, high * 1.3, begin, end, True)
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return _Axis(low - room, high + room, begin, end)


def _frame(x: _Axis, y: _Axis, front: Front) -> list[Markup]:
    parts = []
    for tick in x.ticks:
        at = round(x(tick), 1)
        parts.append(
            Markup(
                '<path class="grid" d="M{} {}V{}"/><text x="{}" y="{}" text-anchor="middle">{}'
                "</text>"
            ).format(at, _TOP, HEIGHT - _BOTTOM, at, HEIGHT - _BOTTOM + 18, readable(tick))
        )
    for tick in y.ticks:
        at = round(y(tick), 1)
        parts.append(
            Markup(
                '<path class="grid" d="M{} {}H{}"/><text x="{}" y="{}" text-anchor="end">{}</text>'
            ).format(_LEFT, at, WIDTH - _RIGHT, _LEFT - 8, at + 4, readable(tick))
        )
    middle = (_TOP + HEIGHT - _BOTTOM) / 2
    parts.append(
        Markup(
            '<text x="{}" y="{}" text-anchor="middle">{}</text>'
            '<text transform="translate(16 {}) rotate(-90)" text-anchor="middle">{}</text>'
        ).format(
            (_LEFT + WIDTH - _RIGHT) / 2,
            HEIGHT - 12,
            column_title(front.x),
            middle,
            column_title(front.y),
        )
    )
    return parts


def _line(front: Front, x: _Axis, y: _Axis) -> Markup:
    places = " ".join(f"{x(p.x.value):.1f},{y(p.y.value):.1f}" for p in front.best)
    return Markup('<polyline class="best" points="{}"/>').format(places)


def _point(point: Point, number: int, x: _Axis, y: _Axis) -> Markup:
    at = round(x(point.x.value), 1), round(y(point.y.value), 1)
    bars = ""
    if math.isfinite(point.x.low):
        low, high = (x(max(v, x.low)) for v in (point.x.low, point.x.high))
        bars += f"M{low:.1f} {at[1]}H{high:.1f}"
    if math.isfinite(point.y.low):
        low, high = (y(v) for v in (point.y.low, point.y.high))
        bars += f"M{at[0]} {low:.1f}V{high:.1f}"
    return Markup(
        '<g class="{}"><path class="bars" d="{}"/><circle cx="{}" cy="{}" r="11"/>'
        '<text x="{}" y="{}" text-anchor="middle">{}</text></g>'
    ).format("on" if point.on_front else "off", bars, *at, at[0], at[1] + 4, number)
