"""CPU and memory of a process with its descendants, and of the whole machine, from /proc (Linux)."""

import os
from pathlib import Path
from typing import NamedTuple

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Usage(NamedTuple):
    """Running totals."""

    cpu_s: float
    resident_bytes: int
    processes: int


def usage_of(pid: int) -> Usage:
    """Of a process and its descendants; zeros when it is gone."""
    found = [_stat(each) for each in _family(pid)]
    alive = [each for each in found if each is not None]
    return Usage(sum(each[0] for each in alive), sum(each[1] for each in alive), len(alive))


def machine_cpu_s() -> tuple[float, float]:
    """Seconds that the cores were busy, and seconds in all, since boot."""
    fields = [int(each) for each in Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:]]
    idle = fields[3] + fields[4]
    return (sum(fields[:8]) - idle) / _TICKS_PER_S, sum(fields[:8]) / _TICKS_PER_S


def machine_facts() -> dict[str, str]:
    """What somebody needs to know to compare figures."""
    info = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    model = next((line.partition(":")[2].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    memory_kb = int(Path("/proc/meminfo").read_text("ascii").split()[1])
    system = os.uname()
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "memory": f"{memory_kb / 1048576:.1f} GiB",
        "kernel": f"{system.sysname} {system.release} {system.machine}",
        "load before": f"{os.getloadavg()[0]:.2f}",
    }


def _family(pid: int) -> list[int]:
    family = [pid]
    for parent in family:
        try:
            children = Path(f"/proc/{parent}/task/{parent}/children").read_text("ascii")
        except OSError:
            continue
        family += [int(child) for child in children.split()]
    return family


def _stat(pid: int) -> tuple[float, int] | None:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S, int(fields[21]) * _PAGE_BYTES
