"""What the terminal shows while a run goes on, and when it is over."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from loadtest.report import Report
from loadtest.report.figures import shown

Row = dict[str, float]

_COLUMNS: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("second", "t_s", lambda value: f"{value:.0f}"),
    ("calls", "calls", lambda value: f"{value:.0f}"),
    ("sent", "sent_bps", lambda value: f"{value / 1e6:.1f} Mbit/s"),
    ("received", "received_bps", lambda value: f"{value / 1e6:.1f} Mbit/s"),
    ("packets/s", "received_pps", lambda value: f"{value:,.0f}"),
    ("lost", "lost_share", lambda value: f"{value:.2%}"),
    ("latency p50", "latency_p50_ms", lambda value: f"{value:.2f} ms"),
    ("p99", "latency_p99_ms", lambda value: f"{value:.1f} ms"),
    ("freezes", "freezes", lambda value: f"{value:.0f}"),
    ("relay CPU", "server_cpu_share", lambda value: f"{value:.0%}"),
    ("memory", "server_memory_mb", lambda value: f"{value:.0f} MB"),
    ("tool late p99", "tool_lateness_p99_ms", lambda value: f"{value:.1f} ms"),
)
_ROWS = 12
_WIDE = 130
_ONLY_WIDE = frozenset(("sent_bps", "received_pps", "latency_p50_ms", "server_memory_mb", "freezes"))
"""Left out where a narrow terminal would cut every cell."""
_SUMMARY = (
    "capacity_calls",
    "failed_calls",
    "cpu_ms_per_s_per_call",
    "cpu_ms_per_s_per_call_margin",
    "memory_mb_per_call",
    "memory_mb_per_call_margin",
    "calls_connected",
    "calls_completed",
    "calls_failed",
    "calls_lost",
    "errors",
    "wait_p95_ms",
    "pick_up_p50_ms",
    "pick_up_p95_ms",
    "first_frame_p50_ms",
    "first_frame_p95_ms",
    "set_up_p95_ms",
    "storm_set_ups_per_s",
    "storm_set_ups_per_core_s",
    "latency_p50_ms",
    "latency_p99_ms",
    "residence_p50_ms",
    "residence_p99_ms",
    "jitter_p95_ms",
    "loss_before_repair_share",
    "loss_share",
    "frames_complete_share",
    "freeze_time_share",
    "relay_cpu_share",
    "relay_cpu_us_per_packet",
    "relay_cpu_ms_per_s_per_call",
    "relay_memory_mb",
    "relay_memory_slope_mb_per_min",
    "tool_lateness_p99_ms",
    "tool_cpu_share",
)


class Screen(AbstractContextManager["Screen"]):
    """A bar while everybody logs in, then a table that grows by a row a second; nothing when `quiet`."""

    def __init__(self, console: Console, title: str, *, quiet: bool = False) -> None:
        self._title = title
        self._narrow = console.width < _WIDE
        self._rows: list[Row] = []
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
        )
        self._bar = self._progress.add_task("logging in")
        self._live = Live(self._progress, console=console, refresh_per_second=4, transient=True)
        self._quiet = quiet

    def __enter__(self) -> Self:
        if not self._quiet:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._quiet:
            self._live.stop()

    def expect(self, participants: int) -> None:
        """So many will log in."""
        self._progress.update(self._bar, total=participants)

    def advance(self, by: int) -> None:
        """So many more have."""
        self._progress.advance(self._bar, by)

    def show(self, row: Row) -> None:
        """A second is over."""
        self._rows.append(row)
        self._live.update(self._table())

    def _table(self) -> Table:
        table = Table(title=self._title, caption="Ctrl-C ends the run with a report")
        rows = self._rows[-_ROWS:]
        hidden = _ONLY_WIDE if self._narrow else frozenset[str]()
        columns = [each for each in _COLUMNS if each[1] not in hidden and any(each[1] in row for row in rows)]
        for heading, _, _ in columns:
            table.add_column(heading, justify="right")
        for row in rows:
            table.add_row(*(text(row[name]) if name in row else "" for _, name, text in columns))
        return table


def print_report(console: Console, report: Report) -> None:
    """The figures that matter, warnings, verdicts."""
    table = Table(title=report.title, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name in _SUMMARY:
        if name in report.metrics:
            table.add_row(name, shown(name, report.metrics[name]))
    if table.row_count:
        console.print(table)
    for extra in report.tables:
        console.print(_rich(extra.title, extra.headings, extra.rows))
    if report.incomplete:
        console.print(f"[red]! {report.incomplete}[/red]", highlight=False)
    for warning in report.warnings:
        console.print(f"[yellow]! {warning}[/yellow]", highlight=False)
    for text, failed in report.verdicts:
        console.print(f"[red]✗ {text}[/red]" if failed else f"[green]✓ {text}[/green]", highlight=False)


def _rich(title: str, headings: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> Table:
    table = Table(title=title)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    return table
