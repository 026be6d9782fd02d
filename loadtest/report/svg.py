"""One plot as SVG: lines, axes with round ticks, a legend. Colours and line styles tell curves apart on paper too."""

import math
from collections.abc import Callable
from html import escape
from typing import NamedTuple

from loadtest.report.report import Plot

WIDTH, HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 16, 46
_STROKES = (
    ("#1f5fa8", ""),
    ("#c2410c", "7 3"),
    ("#15803d", "2 3"),
    ("#7e22ce", "9 3 2 3"),
    ("#64748b", "12 4"),
)


class _Axis(NamedTuple):
    """From a value to a place in pixels."""

    low: float
    high: float
    start: float
    end: float
    log: bool

    def place(self, value: float) -> float:
        low, high = self.scaled(self.low), self.scaled(self.high)
        return self.start + (self.scaled(value) - low) / (high - low) * (self.end - self.start)

    def scaled(self, value: float) -> float:
        return math.log10(max(value, self.low)) if self.log else value

    def ticks(self) -> list[float]:
        if self.log:
            decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
            return [value for power in decades if self.low <= (value := 10.0**power) <= self.high]
        step = _round_step((self.high - self.low) / 6)
        first = math.ceil(self.low / step)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


def to_svg(plot: Plot) -> str:
    """An `<svg>` element; a plot without points says so."""
    points = [point for curve in plot.curves for point in curve.points]
    if not points:
        return f'<p class="empty">{escape(plot.title)}: nothing was measured.</p>'
    across = _axis([x for x, _ in points], _LEFT, WIDTH - _RIGHT, log=plot.x_scale == "log", from_zero=False)
    up = _axis([y for _, y in points], HEIGHT - _BOTTOM, _TOP, log=False, from_zero=True)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(plot.title)}">',
        *(_vertical_line(across.place(tick), _text_of(tick)) for tick in across.ticks()),
        *(_horizontal_line(up.place(tick), _text_of(tick)) for tick in up.ticks()),
        *_labels(plot),
    ]
    for number, curve in enumerate(plot.curves):
        colour, dashes = _STROKES[number % len(_STROKES)]
        path = _path(curve.points, across.place, up.place)
        parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}"/>')
        parts.append(_legend(number, curve.label, colour, dashes))
    return "\n".join([*parts, "</svg>"])


def _axis(values: list[float], start: float, end: float, *, log: bool, from_zero: bool) -> _Axis:
    low, high = min(values), max(values)
    if log:
        low = max(low, 1e-3)
        return _Axis(low, max(high, low * 10), start, end, log=True)
    low = min(low, 0.0) if from_zero else low
    return _Axis(low, high if high > low else low + 1.0, start, end, log=False)


def _round_step(wanted: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(wanted))
    return next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= wanted * 0.999)


def _text_of(value: float) -> str:
    return f"{value / 1e6:g} M" if abs(value) >= 1e6 else f"{value:g}"


def _path(points: tuple[tuple[float, float], ...], x: Callable[[float], float], y: Callable[[float], float]) -> str:
    return " ".join(f"{'L' if number else 'M'}{x(a):.1f} {y(b):.1f}" for number, (a, b) in enumerate(points))


def _vertical_line(x: float, text: str) -> str:
    bottom = HEIGHT - _BOTTOM
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}" class="grid"/>'
        f'<text x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{text}</text>'
    )


def _horizontal_line(y: float, text: str) -> str:
    return (
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" class="grid"/>'
        f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{text}</text>'
    )


def _labels(plot: Plot) -> list[str]:
    middle = (_TOP + HEIGHT - _BOTTOM) / 2
    return [
        f'<text x="{(_LEFT + WIDTH - _RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(plot.x_label)}</text>',
        f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">{escape(plot.y_label)}</text>',
    ]


def _legend(number: int, label: str, colour: str, dashes: str) -> str:
    y = _TOP + 14 + 18 * number
    return (
        f'<line x1="{_LEFT + 10}" x2="{_LEFT + 38}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" stroke-width="2"'
        f' stroke-dasharray="{dashes}"/><text x="{_LEFT + 44}" y="{y}" class="legend">{escape(label)}</text>'
    )
