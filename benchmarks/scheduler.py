"""What the scheduler's engine costs: complete call lives a second, the time of one command, memory, growth with the queue.

    python benchmarks/scheduler.py [--json FILE] [--plot FILE] [--waiting 100000] [--lives 10000] [--runs 5] [--no-growth] [--no-journal]

One core, 10,000 seats, 10,000 items. A life is a request, its offer, acceptance, end and wrap-up, with the rings that
widen meanwhile. Before anything is measured, every seat has had a life, so that what is cached is as it stays. `naive` is what a sorted list and full scans cost for the matching alone, in the same run. Numbers are
medians of runs. What durability adds comes from `scheduler_journal.py`.
"""

import argparse
import gc
import json
import statistics
import sys
import time
import tracemalloc
from bisect import insort
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import scheduler_journal
from benchmarks.scheduler_load import Load, Size
from relay.scheduler import commands, events
from relay.scheduler.entities import Call, Seat

GROWTH = (1_000, 10_000, 100_000, 1_000_000)


def warm_up(load: Load) -> None:
    """A life for every seat; what is there then is left to itself by the collector, as the daemon does after its start."""
    load.live(load.requests(load.nation.size.seats), load.engine.handle_command)
    gc.collect()
    gc.freeze()


def lives_per_s(load: Load, lives: int, runs: int) -> float:
    """Median over runs."""
    measured = []
    for _ in range(runs):
        requests = load.requests(lives)
        started = time.perf_counter()
        load.live(requests, load.engine.handle_command)
        measured.append(lives / (time.perf_counter() - started))
    return statistics.median(measured)


def command_times_us(load: Load, lives: int) -> dict[str, list[float]]:
    """Each command on its own, timers that were due with it, by name; sorted."""
    times: dict[str, list[float]] = {}
    handle = load.engine.handle_command

    def send(command: commands.Command, now_ms: int) -> tuple[events.AnyEvent, ...]:
        started = time.perf_counter_ns()
        happened = handle(command, now_ms)
        times.setdefault(type(command).__name__, []).append((time.perf_counter_ns() - started) / 1000)
        return happened

    load.live(load.requests(lives), send)
    return {name: sorted(measured) for name, measured in times.items()}


def quantile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def bytes_per_waiting_call(calls: int) -> float:
    """What Python's allocator holds more, per call, after so many more wait."""
    load = Load(Size(seats=1_000, waiting=1_000))
    load.open()
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(calls):
        load.engine.handle_command(load.nation.request(), load.now_ms)
        load.now_ms += 1
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (after - before) / calls


def naive_us(load: Load, matches: int) -> float:
    """The same matching without an index: a sorted list of calls, scanned for the first one that a seat can serve."""
    state = load.engine.state
    waiting: list[tuple[int, int, Call]] = sorted(entry for line in state.waiting.lines() for entry in line)
    line_of = state.waiting.line_of
    seats = list(state.seats.values())[:matches]

    def match(seat: Seat) -> None:
        for place, entry in enumerate(waiting):
            if state.supply.eligible(line_of(entry[2])).has(seat.index):
                del waiting[place]
                insort(waiting, entry)
                return

    started = time.perf_counter()
    for seat in seats:
        match(seat)
    return (time.perf_counter() - started) / matches * 1e6


def growth(sizes: tuple[int, ...], lives: int, runs: int) -> dict[int, float]:
    """Microseconds per life by number of waiting calls."""
    found = {}
    for size in sizes:
        load = Load(Size(waiting=size))
        load.open()
        warm_up(load)
        found[size] = 1e6 / lives_per_s(load, lives, runs)
        say(f"{size:>12,} waiting  {found[size]:10.1f} us/life")
        gc.unfreeze()
        del load
        gc.collect()
    return found


def plot(measured: dict[int, float], file: Path) -> None:
    """Cost against queue length, with the log n that it may not exceed."""
    try:
        figure_module = import_module("matplotlib.figure")
    except ImportError:
        say("no matplotlib: no plot")
        return
    sizes = sorted(measured)
    figure = figure_module.Figure(figsize=(7, 4))
    axes = figure.subplots()
    axes.semilogx(sizes, [measured[size] for size in sizes], "o-", label="measured")
    scale = measured[sizes[0]] / sizes[0].bit_length()
    axes.semilogx(sizes, [scale * size.bit_length() for size in sizes], "--", label="log n")
    axes.set(xlabel="waiting calls", ylabel="µs per call life", ylim=(0, None))
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=120)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    load = Load(Size(waiting=arguments.waiting))
    started = time.perf_counter()
    load.open()
    say(f"{arguments.waiting:,} calls wait at 10,000 seats after {time.perf_counter() - started:.1f} s")
    warm_up(load)
    rate = lives_per_s(load, arguments.lives, arguments.runs)
    times = command_times_us(load, arguments.lives)
    everything = sorted(measured for of_one in times.values() for measured in of_one)
    say(f"{'command':<16}{'p50 us':>10}{'p99 us':>10}{'p99.9 us':>10}")
    for name, measured in sorted(times.items()):
        say(f"{name:<16}" + "".join(f"{quantile(measured, share):>10.1f}" for share in (0.5, 0.99, 0.999)))
    scan_us = naive_us(load, 200)
    match_us = quantile(times["FinishWrapUp"], 0.5)
    result: dict[str, Any] = {
        "lives_per_s": round(rate),
        "apply_p99_us": round(quantile(everything, 0.99), 1),
        "naive_match_us": round(scan_us, 1),
        "match_us": round(match_us, 1),
    }
    gc.unfreeze()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--lives", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--no-growth", action="store_true")
    parser.add_argument(
        "--growth-only", action="store_true", help="the table and the plot, added to the figures of --json"
    )
    parser.add_argument("--no-journal", action="store_true")
    arguments = parser.parse_args()
    result: dict[str, Any] = {}
    if arguments.growth_only:
        arguments.no_journal = True
        if arguments.json and arguments.json.exists():
            result = json.loads(arguments.json.read_text())
    else:
        result = measure(arguments)
        result["bytes_per_waiting_call"] = round(bytes_per_waiting_call(20_000))
    if not arguments.no_growth:
        by_size = growth(GROWTH, arguments.lives // 2, 3)
        result["us_per_life_by_waiting"] = {str(size): round(cost, 1) for size, cost in by_size.items()}
        if arguments.plot:
            plot(by_size, arguments.plot)
    if not arguments.no_journal:
        durable = scheduler_journal.measure(max(arguments.lives, 40_000), arguments.waiting, 3)
        result["lives_per_s_journal"] = round(durable["lives_per_s_journal"])
        result["restart_s"] = round(durable["restart_s"], 2)
    for name, value in result.items():
        say(f"{name:<26}{value}")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
