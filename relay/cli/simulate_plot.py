"""Waits and service levels over the day, by class and by region, as a picture or a page that needs nothing else."""

import html
import io
from pathlib import Path
from typing import TYPE_CHECKING

from relay.errors import Misuse
from relay.scheduler.simulate import Point, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LINES = 8
"""More regions than this are not told apart by colour: the busiest are drawn."""


def save_plot(results: dict[str, Result], path: Path) -> None:
    """Write a PNG or, by the suffix, a self-contained HTML page. Raises Misuse when matplotlib is not installed."""
    figure = _figure(results)
    if path.suffix == ".png":
        figure.savefig(path, dpi=120)
        return
    picture = io.StringIO()
    figure.savefig(picture, format="svg", metadata={"Date": None})
    title = html.escape(next(iter(results.values())).title)
    drawing = picture.getvalue()
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>{drawing[drawing.index("<svg") :]}'
    )
    path.write_text(page, "utf-8")


def _figure(results: dict[str, Result]) -> "Figure":
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 - an optional extra
    except ImportError:
        raise Misuse('plots need matplotlib: pip install "relay[simulate]"') from None
    figure = Figure(figsize=(14, 4.2 * len(results) + 0.6), layout="tight")
    figure.suptitle(next(iter(results.values())).title)
    rows = figure.subplots(len(results), 4, squeeze=False, sharex=True, sharey="col")
    for axes, (name, result) in zip(rows, results.items(), strict=True):
        _draw(axes[0], result.priorities_over_time, f"{name}: mean wait by class (s)", waits=True)
        _draw(axes[1], result.priorities_over_time, f"answered in {result.target_s:g} s, by class (%)", waits=False)
        _draw(axes[2], result.regions_over_time, "mean wait by region (s)", waits=True)
        _draw(axes[3], result.regions_over_time, f"answered in {result.target_s:g} s, by region (%)", waits=False)
    return figure


def _draw(axes: "Axes", points: tuple[Point, ...], title: str, *, waits: bool) -> None:
    lines: dict[str, list[Point]] = {}
    for point in points:
        lines.setdefault(point.name, []).append(point)
    busiest = sorted(lines, key=lambda name: -sum(point.offered for point in lines[name]))[:_LINES]
    for name in sorted(busiest):
        hours = [point.at_min / 60 for point in lines[name]]
        heights = [point.mean_wait_s if waits else 100 * point.in_time for point in lines[name]]
        axes.step(hours, heights, where="post", label=name, linewidth=1.2)
    axes.set_title(title, fontsize=9)
    axes.set_xlabel("hours from the start", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.grid(alpha=0.25)
    axes.set_ylim(bottom=0)
    if busiest:
        axes.legend(fontsize=7)
