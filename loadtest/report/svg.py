"""Plots as SVG: lines or dots, axes with round ticks, a legend above. Colours and line styles tell curves apart on paper too."""

import math
from html import escape
from typing import NamedTuple

from loadtest.report.report import Curve, Plot, Report

WIDTH, HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 16, 34, 52
_LEGEND_LETTER, _LEGEND_MARK = 8.2, 56
_PAGE_HEAD, _PAGE_CELL = 84, 360
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
            steps = (1, 2, 5) if len(decades) <= 4 else (1,)
            values = (step * 10.0**power for power in decades for step in steps)
            return [value for value in values if self.low <= value <= self.high]
        step = _round_step((self.high - self.low) / 6)
        first = math.ceil(self.low / step)
        return [number * step for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


def to_svg(plot: Plot) -> str:
    """An `<svg>` element; a plot without points says so."""
    points = [point for curve in plot.curves for point in curve.points]
    if not points:
        return f'<p class="empty">{escape(plot.title)}: nothing was measured.</p>'
    across = _axis([x for x, _ in points], _LEFT, WIDTH - _RIGHT, log=plot.x_scale == "log", from_zero=False)
    up = _axis([y for _, y in points], HEIGHT - _BOTTOM, _TOP, log=False, from_zero=plot.from_zero)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(plot.title)}">',
        *(_vertical_line(across.place(tick), _text_of(tick)) for tick in across.ticks()),
        *(_horizontal_line(up.place(tick), _text_of(tick)) for tick in up.ticks()),
        *(_mark(across.place(x), text) for x, text in plot.marks if across.low <= x <= across.high),
        *_labels(plot),
    ]
    legend_x = float(_LEFT)
    for number, curve in enumerate(plot.curves):
        colour, dashes = _STROKES[number % len(_STROKES)]
        parts.append(_line(curve, across, up, colour, dashes))
        parts.append(_legend(legend_x, curve, colour, dashes))
        legend_x += _LEGEND_MARK + _LEGEND_LETTER * len(curve.label)
    return "\n".join([*parts, "</svg>"])


def to_svg_page(report: Report) -> str:
    """All plots of a report as one document, two beside each other, under its title and command."""
    plots = [plot for plot in report.plots if any(curve.points for curve in plot.curves)]
    height = _PAGE_HEAD + _PAGE_CELL * -(-len(plots) // 2)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{2 * WIDTH}" height="{height}"'
        f' viewBox="0 0 {2 * WIDTH} {height}" font-family="system-ui, sans-serif">',
        "<style>text { font-size: 14px; fill: #5b6675; } text.legend, text.title { fill: #1c2430; }"
        " text.title { font-weight: 600; font-size: 15px; } .grid { stroke: #d8dee6; }</style>",
        f'<rect width="{2 * WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="24" y="36" class="title" style="font-size: 22px">{escape(report.title)}</text>',
        f'<text x="24" y="60">{escape(report.started)} · {escape(report.command)}</text>',
    ]
    for number, plot in enumerate(plots):
        x, y = number % 2 * WIDTH, _PAGE_HEAD + number // 2 * _PAGE_CELL
        parts.append(f'<text x="{x + 24}" y="{y + 18}" class="title">{escape(plot.title)}</text>')
        parts.append(f'<svg x="{x}" y="{y + 24}" width="{WIDTH}" height="{HEIGHT}">{to_svg(plot)}</svg>')
    return "\n".join([*parts, "</svg>\n"])


def _axis(values: list[float], start: float, end: float, *, log: bool, from_zero: bool) -> _Axis:
    low, high = min(values), max(values)
    if log:
        low = max(low, 1e-3)
        return _Axis(low, max(high, low * 10), start, end, log=True)
    low = min(low, 0.0) if from_zero else low
    return _Axis(low, high if high > low else low + (abs(low) or 1.0), start, end, log=False)


def _round_step(wanted: float) -> float:
    magnitude = 10.0 ** math.floor(math.log10(wanted))
    return next(factor * magnitude for factor in (1, 2, 5, 10) if factor * magnitude >= wanted * 0.999)


def _text_of(value: float) -> str:
    return f"{value / 1e6:g} M" if abs(value) >= 1e6 else f"{value:g}"


def _line(curve: Curve, across: _Axis, up: _Axis, colour: str, dashes: str) -> str:
    places = [(across.place(x), up.place(y)) for x, y in curve.points]
    if curve.dots:
        return "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in places)
    path = " ".join(f"{'L' if number else 'M'}{x:.1f} {y:.1f}" for number, (x, y) in enumerate(places))
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round" stroke-dasharray="{dashes}"/>'


def _vertical_line(x: float, text: str) -> str:
    bottom = HEIGHT - _BOTTOM
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}" class="grid"/>'
        f'<text x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{text}</text>'
    )


def _mark(x: float, text: str) -> str:
    """Its text stands along the line, on the side with room."""
    side = x - 5 if x > WIDTH / 2 else x + 13
    return (
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}" stroke="#64748b" stroke-dasharray="2 4"/>'
        f'<text transform="translate({side:.1f} {_TOP + 4}) rotate(-90)" text-anchor="end" font-size="12"'
        f' class="mark">{escape(text)}</text>'
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


def _legend(x: float, curve: Curve, colour: str, dashes: str) -> str:
    y = _TOP - 14
    mark = (
        f'<circle cx="{x + 14:.1f}" cy="{y - 4}" r="4" fill="{colour}"/>'
        if curve.dots
        else f'<line x1="{x:.1f}" x2="{x + 28:.1f}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" stroke-width="2"'
        f' stroke-dasharray="{dashes}"/>'
    )
    return f'{mark}<text x="{x + 34:.1f}" y="{y}" class="legend">{escape(curve.label)}</text>'
