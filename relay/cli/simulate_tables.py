"""What a simulated day came to, as rows of text: for the terminal and for the page."""

from collections.abc import Callable, Iterator

from relay.scheduler.simulate import Line, Result

ROWS = 12
"""Of a breakdown; the largest."""

_TOTALS: tuple[tuple[str, Callable[[Result], str]], ...] = (
    ("seats", lambda r: f"{r.seats:,}"),
    ("calls offered", lambda r: f"{r.total.offered:,}"),
    ("answered within {target:g} s, of offered", lambda r: f"{r.total.service_level.of_offered:.2%}"),
    ("… of answered", lambda r: f"{r.total.service_level.of_answered:.2%}"),
    ("… and given up, of both", lambda r: f"{r.total.service_level.of_handled:.2%}"),
    ("… without those who gave up sooner", lambda r: f"{r.total.service_level.excluding_short:.2%}"),
    ("gave up", lambda r: f"{r.total.abandoned / max(1, r.total.offered):.2%}"),
    ("mean wait of the answered", lambda r: f"{r.total.mean_wait_s:.1f} s"),
    ("90 % wait less than", lambda r: f"{r.total.wait_p90_s:.0f} s"),
    ("longest wait", lambda r: f"{r.total.longest_wait_s:.0f} s"),
    ("conversation and wrap-up", lambda r: f"{r.total.mean_handle_s:.0f} s"),
    ("occupancy of the seats", lambda r: f"{r.occupancy:.1%}"),
    ("offers missed or declined", lambda r: f"{r.offers.get('timeout', 0) + r.offers.get('rejected', 0):,}"),
    ("appointments missed", lambda r: f"{r.appointments.get('no_show', 0):,} of {r.appointments.get('booked', 0):,}"),
    ("calls that had to wait", lambda r: f"{r.forecast_calls:,}"),
    ("… their mean wait", lambda r: f"{r.forecast_wait_s:.1f} s" if r.forecast_calls else "–"),
    ("… mean absolute error of the wait announced", lambda r: f"{r.forecast_mae_s:.1f} s" if r.forecast_calls else "–"),
    ("… bias (too long: +)", lambda r: f"{r.forecast_bias_s:+.1f} s" if r.forecast_calls else "–"),
    ("… beyond the likely wait (aim 10 %)", lambda r: f"{r.forecast_beyond_likely:.0%}" if r.forecast_calls else "–"),
)


def totals(results: dict[str, Result]) -> Iterator[tuple[str, ...]]:
    """Name and value of each total, a value per run."""
    target_s = next(iter(results.values())).target_s
    for heading, cell in _TOTALS:
        yield (heading.format(target=target_s), *(cell(result) for result in results.values()))


def headings(target_s: float) -> tuple[str, ...]:
    """Of a breakdown, after the name."""
    return ("calls", f"in {target_s:g} s", "gave up", "mean wait", "90 %", "longest")


def breakdowns(result: Result) -> Iterator[tuple[str, str, list[tuple[str, ...]]]]:
    """What is broken down, its title, its rows."""
    for title, lines in (("class", result.by_priority), ("region", result.by_region), ("department", result.by_queue)):
        of_all = f" (the {ROWS} largest of {len(lines)})" if len(lines) > ROWS else ""
        yield (
            title,
            f"By {title}{of_all}",
            [_row(line) for line in sorted(lines, key=lambda line: -line.offered)[:ROWS]],
        )


def booths(result: Result) -> str:
    """What came of scarce booths, and of refusals; empty when there were none."""
    if not (result.booth_wait_mean_s or result.balked):
        return ""
    return (
        f"Wait for a booth: mean {result.booth_wait_mean_s:.1f} s, 90 % within {result.booth_wait_p90_s:.0f} s;"
        f" {result.balked} calls refused."
    )


def _row(line: Line) -> tuple[str, ...]:
    return (
        line.name,
        f"{line.offered:,}",
        f"{line.service_level.of_offered:.1%}",
        f"{line.abandoned / max(1, line.offered):.1%}",
        f"{line.mean_wait_s:.1f} s",
        f"{line.wait_p90_s:.0f} s",
        f"{line.longest_wait_s:.0f} s",
    )
