"""The steps of a capacity search as metrics, tables, plots and warnings. Pure."""

from dataclasses import dataclass, field
from typing import Final

from loadtest.measure.fit import Line, fit_line
from loadtest.measure.search import CapacitySearch
from loadtest.report import Curve, Ending, Plot, Table
from loadtest.thresholds import Threshold

SHOWN: Final = (
    ("residence_p99_ms", "residence p99, ms"),
    ("frames_complete_share", "frames complete"),
    ("latency_p99_ms", "latency p99, ms"),
    ("relay_cpu_share", "CPU, cores"),
    ("relay_memory_mb", "memory, MB"),
    ("received_pps", "packets/s"),
    ("tool_lateness_p99_ms", "tool late p99, ms"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One run at one load."""

    calls: int
    metrics: dict[str, float] = field(default_factory=dict)
    failures: tuple[str, ...] = ()
    """What was over budget, or went wrong."""
    tool_limited: bool = False
    """The tool says that it was a bottleneck itself."""
    incomplete: str = ""
    """Why it is not the run that was asked for."""
    ending: Ending = ""


def cost_lines(steps: list[Step]) -> dict[str, Line]:
    """The relay's cores and its megabytes, each over the calls, by what every step found that had all calls connected."""
    found = {}
    for name in ("relay_cpu_share", "relay_memory_mb"):
        points = [
            (float(step.calls), step.metrics[name])
            for step in steps
            if name in step.metrics and step.metrics["calls_connected"] >= step.calls and not step.incomplete
        ]
        line = fit_line(points)
        if line is not None:
            found[name] = line
    return found


def capacity_metrics(progress: CapacitySearch, steps: list[Step]) -> dict[str, float]:
    """The capacity, what was measured at it, and the cost of a call."""
    metrics: dict[str, float] = {"capacity_calls": progress.best, "steps": len(steps)}
    if progress.lowest_failed is not None:
        metrics["failed_calls"] = progress.lowest_failed
    best = next((step.metrics for step in reversed(steps) if step.calls == progress.best and not step.failures), {})
    metrics |= {name: best[name] for name, _ in SHOWN if name in best}
    lines = cost_lines(steps)
    for name, label, factor in (("relay_cpu_share", "cpu_ms_per_s", 1000.0), ("relay_memory_mb", "memory_mb", 1.0)):
        if name in lines:
            metrics[f"{label}_per_call"] = lines[name].slope * factor
            metrics[f"{label}_per_call_margin"] = lines[name].margin * factor
            metrics[f"{label}_idle"] = lines[name].intercept * factor
    if "relay_cpu_share" in lines and lines["relay_cpu_share"].slope > 0:
        metrics["calls_per_core"] = (1 - lines["relay_cpu_share"].intercept) / lines["relay_cpu_share"].slope
    return metrics


def unfinished(progress: CapacitySearch, reason: str) -> str:
    """That the search stopped before it was over, why, and what is known nevertheless; nothing without a reason."""
    if not reason:
        return ""
    upper = f" and below {progress.lowest_failed}" if progress.lowest_failed else ""
    return (
        f"The search ended before it was done: {reason.rstrip('.')}. The capacity is at least {progress.best}{upper}."
    )


def capacity_warnings(progress: CapacitySearch, steps: list[Step], reason: str) -> tuple[str, ...]:
    """What a reader must know: `reason` is why the search stopped before it was over, if it did."""
    warnings = []
    if reason:
        warnings.append(unfinished(progress, reason))
    elif progress.lowest_failed is None:
        warnings.append(f"No load was too high: the capacity is at least {progress.best} (--most).")
    if any(step.failures and step.tool_limited for step in steps):
        warnings.append(
            f"Where the budget was exceeded, the tool (or the machine it shares with the relay) was a bottleneck itself: "
            f"the relay's own capacity is at least {progress.best}."
        )
    return tuple(warnings)


def steps_table(steps: list[Step], budget: tuple[Threshold, ...]) -> Table:
    """A row a step."""
    shown = [(name, label) for name, label in SHOWN if any(name in step.metrics for step in steps)]
    rows = tuple(
        (
            str(step.calls),
            *(f"{step.metrics[name]:.4g}" if name in step.metrics else "" for name, _ in shown),
            "; ".join(step.failures) or "within",
        )
        for step in sorted(steps, key=lambda step: step.calls)
    )
    note = f"The budget is exceeded when {' or '.join(map(str, budget))}, or when not all calls are connected."
    return Table("Steps", ("calls", *(label for _, label in shown), "budget"), rows, note)


def cost_table(steps: list[Step]) -> tuple[Table, ...]:
    """The fitted lines, if there were steps enough."""
    forms = {
        "relay_cpu_share": ("CPU, ms a second", 1000.0),
        "relay_memory_mb": ("memory, MB", 1.0),
    }
    rows = tuple(
        (label, f"{line.intercept * factor:.3g}", f"{line.slope * factor:.3g} ± {line.margin * factor:.2g}")
        for name, line in cost_lines(steps).items()
        for label, factor in (forms[name],)
    )
    note = "A line through all steps with every call connected (least squares); ± is the 95 % confidence interval of the slope."
    return (
        (Table("What a call costs the relay", ("cost", "without calls", "each call more"), rows, note),) if rows else ()
    )


def capacity_plots(steps: list[Step], budget: tuple[Threshold, ...]) -> tuple[Plot, ...]:
    """Each quantity over the calls, with its budget or its fitted line."""
    lines = cost_lines(steps)
    whole = [step for step in steps if step.metrics and not step.incomplete]
    wanted = (
        ("residence_p99_ms", "Residence in the relay, p99", "ms"),
        ("latency_p99_ms", "One-way latency, p99", "ms"),
        ("frames_complete_share", "Frames complete", "share"),
        ("relay_cpu_share", "CPU of the relay's processes", "cores"),
        ("relay_memory_mb", "Memory of the relay's processes", "MB"),
    )
    plots = []
    for name, title, unit in wanted:
        points = tuple(sorted((float(step.calls), step.metrics[name]) for step in whole if name in step.metrics))
        if not points:
            continue
        curves = [Curve("measured", points, dots=True)]
        ends = (points[0][0], points[-1][0])
        if name in lines:
            curves.append(Curve("fitted", tuple((x, lines[name].at(x)) for x in ends)))
        curves += [Curve("budget", tuple((x, each.limit) for x in ends)) for each in budget if each.metric == name]
        plots.append(Plot(title, "calls at once", unit, tuple(curves), from_zero=unit != "share"))
    return tuple(plots)
