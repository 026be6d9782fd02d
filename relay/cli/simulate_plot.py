"""Waits and service levels over the day, by class and by region, as a picture or a page that needs nothing else."""

import io
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from relay.cli.simulate_page import page
from relay.errors import Misuse
from relay.scheduler.simulate import Point, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.ticker import Locator

_LINES = 8
"""More regions than this are not told apart by colour: the busiest are drawn."""
_AROUND_MIN = 30.0
"""A point of a curve speaks for the calls of so long before and after ..."""
_FEW = 5
"""... and is left out when they are fewer than this: one urgent call is no curve."""


def save_plot(results: dict[str, Result], path: Path) -> None:
    """Write a PNG or, by the suffix, a self-contained HTML page. Raises Misuse when matplotlib is not installed."""
    figure = _figure(results)
    if path.suffix == ".png":
        figure.savefig(path, dpi=120)
        return
    picture = io.StringIO()
    figure.savefig(picture, format="svg", metadata={"Date": None})
    drawing = picture.getvalue()
    path.write_text(page(results, drawing[drawing.index("<svg") :]), "utf-8")


def _figure(results: dict[str, Result]) -> "Figure":
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise Misuse('plots need matplotlib: pip install "relay[simulate]"') from None
    figure = Figure(figsize=(16, 4.2 * len(results) + 0.6), layout="tight")
    figure.suptitle(next(iter(results.values())).title)
    rows = figure.subplots(len(results), 4, squeeze=False, sharex=True, sharey="col")
    for axes, (name, result) in zip(rows, results.items(), strict=True):
        by_class, by_region = result.priorities_over_time, result.regions_over_time
        _draw(axes[0], result, by_class, f"{name}: mean wait by class (s)", waits=True)
        _draw(axes[1], result, by_class, f"answered in {result.target_s:g} s, by class (%)", waits=False)
        _draw(axes[2], result, by_region, "mean wait by region (s)", waits=True)
        _draw(axes[3], result, by_region, f"answered in {result.target_s:g} s, by region (%)", waits=False)
    return figure


def _draw(axes: "Axes", result: Result, points: tuple[Point, ...], title: str, *, waits: bool) -> None:
    lines: dict[str, list[Point]] = {}
    for point in points:
        lines.setdefault(point.name, []).append(point)
    busiest = sorted(lines, key=lambda name: -sum(point.offered for point in lines[name]))[:_LINES]
    for name in sorted(busiest):
        minutes, heights = curve(lines[name], waits=waits)
        axes.plot(minutes, heights, label=name, linewidth=1.4, marker=".", markersize=3)
    axes.set_title(title, fontsize=9)
    axes.xaxis.set_major_formatter(lambda minute, _: f"{result.series_from + timedelta(minutes=minute):%H:%M}")
    axes.xaxis.set_major_locator(_every(max((point.at_min for point in points), default=0.0)))
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)
    axes.set_ylim(bottom=0, top=None if waits else 102)
    if busiest:
        axes.legend(fontsize=7, loc="best" if waits else "lower right")


def _every(last_min: float) -> "Locator":
    from matplotlib.ticker import MultipleLocator  # noqa: PLC0415 - an optional extra

    return MultipleLocator(120 if last_min > 360 else 60 if last_min > 120 else 15)


def curve(points: list[Point], *, waits: bool) -> tuple[list[float], list[float]]:
    """Minutes from the start, and for each the mean wait in seconds, or the per cent in time, of the calls around it."""
    minutes, heights = [], []
    for centre in points:
        near = [point for point in points if abs(point.at_min - centre.at_min) <= _AROUND_MIN]
        calls = sum(point.offered for point in near)
        value = sum(point.offered * (point.mean_wait_s if waits else 100 * point.in_time) for point in near) / calls
        minutes.append(centre.at_min)
        heights.append(value if calls >= _FEW else float("nan"))
    return minutes, heights
