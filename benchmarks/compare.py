"""What the benchmarks share: A and B in turns, the ratio of their medians with its spread, machine facts, and result files.

    from benchmarks.compare import in_turns, keep

Alone it does nothing. A run of everything is `make bench`; what is measured and how to repeat it is in README.md beside this.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from loadtest.measure.ratio import Ratio, ratio_of_medians
from loadtest.measure.shell.processes import machine_facts

RESULTS = Path(__file__).resolve().parent / "results"


def in_turns(a: Callable[[], float], b: Callable[[], float], rounds: int) -> Ratio:
    """Run a, b, a, b …; each returns its cost. B over A."""
    costs: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        costs[0].append(a())
        costs[1].append(b())
    return ratio_of_medians(*costs)


def keep(name: str, figures: Mapping[str, Any], path: Path | None = None) -> Path:
    """Write figures with the facts of this machine to `path`, or to results/NAME.json; returns where."""
    written = {
        "benchmark": name,
        "at": datetime.now().astimezone().isoformat(timespec="seconds"),
        "machine": machine_facts(),
        **figures,
    }
    target = path or RESULTS / f"{name}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return target
