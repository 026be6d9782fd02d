"""All benchmarks, one after another, within ten minutes: each prints its table, writes its JSON and draws its plot.

    python benchmarks/everything.py [--only forwarding] [--list]

At the end: their headline figures beside those of the last run on a machine like this one. Every run adds its line to
results/history.jsonl: when, which commit, which machine, which figures.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from loadtest.measure.shell.processes import machine_facts  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results"
HISTORY = RESULTS / "history.jsonl"
WHOLE_S = 600.0
LEAST_S = 20.0
"""With less time left, a benchmark is not begun."""
ALIKE = ("processor", "cores")
"""Facts by which two machines can be compared."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One command. `figures` are names in its JSON (of a load test's report: among its metrics)."""

    name: str
    words: tuple[str, ...]
    figures: tuple[str, ...]
    plot: str = "svg"
    limit_s: float = 120.0
    namespace: bool = False
    """Needs root (a network namespace) and Debian's janus."""

    @property
    def command(self) -> list[str]:
        result = RESULTS / f"{self.name}.json"
        return [sys.executable, *self.words, "--json", str(result), "--plot", str(result.with_suffix(f".{self.plot}"))]


_COMPARE = ("-m", "loadtest", "compare", "--quiet", "--peer", "janus", "--rounds", "2", "--for", "5")
_RATIOS = ("relay_relay_cpu_us_per_packet", "ratio_relay_cpu_us_per_packet", "ratio_latency_p99_ms")
BENCHMARKS = (
    Benchmark("forwarding", ("benchmarks/forwarding.py",), ("us_per_packet", "ratio_to_floor"), limit_s=60),
    Benchmark(
        "signalling",
        ("benchmarks/signalling.py", "--rounds", "2"),
        ("set_ups_per_core_s", "set_ups_per_s", "memory_kb_per_participant"),
        limit_s=60,
    ),
    Benchmark(
        "pickup",
        ("benchmarks/pickup.py",),
        ("pick_up_p50_ms", "pick_up_p95_ms", "ratio_whep_to_pick_up"),
        limit_s=90,
    ),
    Benchmark(
        "scheduler",
        ("benchmarks/scheduler.py", "--runs", "3"),
        ("lives_per_s", "apply_p99_us", "lives_per_s_journal", "bytes_per_waiting_call", "restart_s"),
        "png",
    ),
    Benchmark(
        "congestion",
        ("benchmarks/congestion.py", "--seconds", "60"),
        ("utilisation_median", "queue_p95_median_ms", "frozen_median", "within_all_aims"),
        "png",
    ),
    Benchmark(
        "tool", ("benchmarks/tool.py",), ("packets_per_core_s", "most_packets_per_s", "lateness_p99_ms"), limit_s=45
    ),
    Benchmark(
        "capacity",
        ("-m", "loadtest", "capacity", "--quiet", "--within", "90", "--for", "5"),
        ("capacity_calls", "cpu_ms_per_s_per_call", "memory_mb_per_call", "calls_per_core"),
        limit_s=150,
    ),
    *(
        Benchmark(name, (*_COMPARE, *words), _RATIOS, limit_s=90, namespace=True)
        for name, words in {
            "janus-10": ("--receivers", "10"),
            "janus-40": ("--receivers", "40"),
            "janus-40-8M": ("--receivers", "40", "--camera-kbps", "8000"),
            "janus-20-calls": ("--publishers", "40", "--receivers", "1"),
        }.items()
    ),
)


def hindrance(benchmark: Benchmark) -> str:
    """Why it cannot run here; empty when it can."""
    if benchmark.namespace and os.geteuid() != 0:
        return "skipped: needs root, for a network namespace"
    if benchmark.namespace and shutil.which("janus") is None:
        return "skipped: apt-get install --no-install-recommends janus"
    return ""


def figures_of(benchmark: Benchmark, written: Mapping[str, Any]) -> dict[str, float]:
    """The headline figures in what a benchmark wrote."""
    found = written.get("metrics", written)
    return {name: found[name] for name in benchmark.figures if isinstance(found.get(name), int | float)}


def run(benchmark: Benchmark, seconds: float) -> dict[str, float] | str:
    """Its figures, or why there are none."""
    result = RESULTS / f"{benchmark.name}.json"
    before = result.stat().st_mtime_ns if result.exists() else 0
    try:
        # Interrupted first: a comparison that is killed would leave its servers and its namespace behind.
        done = _bounded(benchmark.command, seconds)
    except subprocess.TimeoutExpired:
        return f"not over in {seconds:.0f} s"
    if not result.exists() or result.stat().st_mtime_ns == before:
        return f"exit code {done}"
    return figures_of(benchmark, json.loads(result.read_text("utf-8")))


def _bounded(command: list[str], seconds: float) -> int:
    """Its exit code; raises `TimeoutExpired` when it had to be ended."""
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
            raise


def last_of(name: str, machine: Mapping[str, str], history: Path = HISTORY) -> dict[str, float]:
    """The figures of the last run of a benchmark on a machine like this; nothing without one."""
    lines = history.read_text("utf-8").splitlines() if history.exists() else []
    for line in reversed(lines):
        entry = json.loads(line)
        if entry["benchmark"] == name and all(entry["machine"][fact] == machine[fact] for fact in ALIKE):
            found: dict[str, float] = entry["figures"]
            return found
    return {}


def remember(name: str, figures: Mapping[str, float], machine: Mapping[str, str], history: Path = HISTORY) -> None:
    """Add a line to the history."""
    at = datetime.now().astimezone().isoformat(timespec="seconds")
    line = {"at": at, "commit": _commit(), "benchmark": name, "figures": dict(figures), "machine": dict(machine)}
    with history.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _commit() -> str:
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="part of a name")
    parser.add_argument("--list", action="store_true", help="print the commands and do nothing")
    options = parser.parse_args()
    chosen = [each for each in BENCHMARKS if options.only in each.name]
    if options.list:
        for each in chosen:
            print(f"{each.name:16} python {' '.join(each.words)}")
        return
    console, ends_s = Console(), time.monotonic() + WHOLE_S
    table = Table(title="Headline figures")
    for heading in ("benchmark", "figure", "now", "last time", "change"):
        table.add_column(heading, justify="left" if heading in ("benchmark", "figure") else "right")
    failed = False
    for each in chosen:
        console.rule(each.name)
        machine = machine_facts()
        earlier, left_s = last_of(each.name, machine), ends_s - time.monotonic()
        skipped = hindrance(each) or ("skipped: the ten minutes were over" if left_s < LEAST_S else "")
        if skipped:
            table.add_row(each.name, skipped)
            continue
        found = run(each, min(each.limit_s, left_s))
        if isinstance(found, str):
            failed = True
            table.add_row(each.name, found)
            continue
        remember(each.name, found, machine)
        for name, value in found.items():
            before = earlier.get(name)
            change = f"{value / before - 1:+.0%}" if before else ""
            table.add_row(each.name, name, f"{value:,.4g}", "" if before is None else f"{before:,.4g}", change)
    console.print(table)
    sys.exit(failed)


if __name__ == "__main__":
    main()
