"""How many calls of a scenario a relay carries within a budget: runs of a few seconds at loads that a search chooses."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from rich.console import Console

from loadtest.drive.capacity_report import (
    SHOWN,
    Step,
    capacity_metrics,
    capacity_plots,
    capacity_warnings,
    cost_table,
    steps_table,
    unfinished,
)
from loadtest.drive.run import Target, execute
from loadtest.measure.search import CapacitySearch
from loadtest.measure.shell.processes import machine_facts
from loadtest.report import Ending, Report
from loadtest.scenario import Scenario
from loadtest.thresholds import Threshold, judge, parse_threshold
from relay.errors import RelayError

DEFAULT_BUDGET: Final = ("residence_p99_ms>10", "frames_complete_share<0.99")
WARM_UP_S: Final = 6.0
_STEP_SLACK_S: Final = 45.0
"""For starting the relay, logging in and leaving; a step that needs more has failed."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for."""

    scenario: Scenario
    budget: tuple[Threshold, ...] = tuple(parse_threshold(text) for text in DEFAULT_BUDGET)
    start: int = 5
    most: int = 1000
    seconds: float = 8.0
    """Measured in each step."""
    within_s: float = 300.0
    """No step is begun that would end later than this."""


class Stop(NamedTuple):
    """Why there are no more steps although the search was not over; empty when it was."""

    ending: Ending = ""
    """Empty with a reason: time was over, as was asked for."""
    reason: str = ""


async def capacity(search: Search, target: Target, command: str, console: Console, *, quiet: bool = False) -> Report:
    """Run it; raises what makes the first step impossible.

    Ctrl-C, and a relay that dies, goes away or is full, end it with what was found until then.
    """
    started, facts = datetime.now().astimezone().isoformat(timespec="seconds"), machine_facts()
    progress = CapacitySearch(search.start, search.most)
    show = _silent if quiet else _Shown(console).show
    steps, stop = await _search(search, progress, lambda calls: _run(search, calls, target, command), show)
    bounded = not stop.ending
    return Report(
        title=f"Capacity: {search.scenario.title}",
        command=command,
        started=started,
        metrics=capacity_metrics(progress, steps),
        warnings=capacity_warnings(progress, steps, stop.reason if bounded else ""),
        incomplete="" if bounded else unfinished(progress, stop.reason),
        ending=stop.ending,
        machine=facts,
        tables=(steps_table(steps, search.budget), *cost_table(steps)),
        plots=capacity_plots(steps, search.budget),
    )


async def _search(
    search: Search,
    progress: CapacitySearch,
    run: Callable[[int], Awaitable[Step]],
    show: Callable[[Step], None],
) -> tuple[list[Step], Stop]:
    steps: list[Step] = []
    now_s = asyncio.get_running_loop().time
    ends_s, longest_s = now_s() + search.within_s, 0.0
    while (calls := progress.next_load()) is not None:
        began_s = now_s()
        if steps and began_s + longest_s > ends_s:
            return steps, Stop(reason=f"the time of {search.within_s:g} s was over (--within)")
        try:
            step = await run(calls)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not steps or task is None:
                raise
            task.uncancel()
            return steps, Stop("interrupted", "it was interrupted")
        except RelayError as error:
            if not steps:
                raise
            step = Step(
                calls, failures=(str(error),), incomplete=f"The relay could not be used: {error}", ending="died"
            )
        if step.ending == "interrupted":
            return steps or [step], Stop("interrupted", "it was interrupted")
        longest_s = max(longest_s, now_s() - began_s)
        steps.append(step)
        show(step)
        progress.note(calls, not step.failures)
        stop = _stop_of(step, progress)
        if stop.ending:
            return steps, stop
    return steps, Stop()


def _stop_of(step: Step, progress: CapacitySearch) -> Stop:
    """A relay that is gone ends the search at once, one that does not take everybody when it does so a second time."""
    if step.ending == "died":
        return Stop("died", f"with {step.calls} calls, {step.incomplete[:1].lower()}{step.incomplete[1:]}")
    if step.ending == "full" and progress.lowest_failed == step.calls:
        return Stop("full", f"the relay is full. {step.incomplete}")
    return Stop()


async def _run(search: Search, calls: int, target: Target, command: str) -> Step:
    scenario = search.scenario.at_once(calls, warm_up_s=WARM_UP_S, seconds=search.seconds)
    limit_s = WARM_UP_S + search.seconds + _STEP_SLACK_S
    report: Report | None = None
    try:
        async with asyncio.timeout(limit_s) as limit:
            report = await execute(scenario, target, command, Console(file=io.StringIO()), quiet=True)
    except TimeoutError:
        return Step(calls, failures=(f"it was not over in {limit_s:g} s",))
    if limit.expired():
        return Step(calls, failures=(f"it was not over in {limit_s:g} s",))
    verdicts = judge(search.budget, report.metrics)
    connected = report.metrics["calls_connected"]
    failures = [str(each) for each in verdicts if each.failed]
    if report.incomplete:
        failures.insert(0, report.incomplete)
    if connected < calls:
        failures.insert(0, f"{connected:.0f} of {calls} calls were connected")
    limited = bool(report.warnings) or report.ending == "slow"
    return Step(calls, report.metrics, tuple(failures), limited, report.incomplete, report.ending)


def _silent(_step: Step) -> None:
    """--quiet."""


class _Shown:
    """A line a step."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, step: Step) -> None:
        """It is over."""
        figures = "  ".join(f"{label} {step.metrics[name]:.4g}" for name, label in SHOWN[:5] if name in step.metrics)
        verdict = "[red]" + "; ".join(step.failures) + "[/red]" if step.failures else "[green]within budget[/green]"
        self._console.print(f"{step.calls:>6} calls  {figures}  {verdict}", highlight=False)
