"""The value that every form is made of."""

from dataclasses import dataclass, field
from typing import Literal

Ending = Literal["", "interrupted", "died", "full", "refused", "slow"]
"""Ctrl-C; the relay answers no more; it did not let everybody in; it refused calls for want of capacity; the tool was slow."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of one line of a plot."""

    label: str
    points: tuple[tuple[float, float], ...]
    dots: bool = False
    """Single measurements, not joined."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One plot."""

    title: str
    x_label: str
    y_label: str
    curves: tuple[Curve, ...]
    x_scale: Literal["linear", "log"] = "linear"
    note: str = ""
    from_zero: bool = True
    """Whether the upward axis begins at 0; for shares close to 1 it should not."""
    marks: tuple[tuple[float, str], ...] = ()
    """(x, what happened there): upright lines behind the curves, where they lie within the axis."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under headings."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One run, or one comparison."""

    title: str
    command: str
    """What was typed."""
    started: str
    """ISO 8601."""
    metrics: dict[str, float]
    """By name with the unit at its end; what thresholds speak of."""
    verdicts: tuple[tuple[str, bool], ...] = ()
    """(what was asked and found, whether it failed)."""
    warnings: tuple[str, ...] = ()
    """What a reader must know before believing the figures: the tool was late, the run was cut short."""
    machine: dict[str, str] = field(default_factory=dict)
    tables: tuple[Table, ...] = ()
    plots: tuple[Plot, ...] = ()
    timeline: tuple[dict[str, float], ...] = ()
    """One row a second."""
    incomplete: str = ""
    """Why this is not the run that was asked for, in words; empty: it is."""
    ending: Ending = ""
    """The same in a word."""

    @property
    def failed(self) -> bool:
        """Whether a threshold was crossed."""
        return any(failed for _, failed in self.verdicts)
