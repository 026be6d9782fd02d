"""A recorded network as values: text → samples, and the sample of a time."""

import bisect
import csv
import io
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from relay.errors import Malformed

_COLUMNS = ("t_s", "up_kbps", "down_kbps", "rtt_ms", "loss")


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured from `at_s` on; None: not measured."""

    at_s: float
    up_bps: float | None
    down_bps: float | None
    rtt_ms: float | None
    loss: float | None


@dataclass(frozen=True)
class Trace:
    """Samples in order of time, the first at 0."""

    name: str
    samples: tuple[Sample, ...]
    events: tuple[tuple[float, str], ...] = ()
    """(seconds, what happened): hand-overs, cell changes."""

    @cached_property
    def _times(self) -> tuple[float, ...]:
        return tuple(sample.at_s for sample in self.samples)

    @cached_property
    def duration_s(self) -> float:
        """To the end of the last row, which is taken to last as long as the one before it."""
        times = self._times
        return times[-1] + (times[-1] - times[-2] if len(times) > 1 else 1.0)

    def at(self, time_s: float) -> Sample:
        """The sample in force; after its end the trace begins again."""
        return self.samples[bisect.bisect_right(self._times, time_s % self.duration_s) - 1]

    def next_change_s(self, time_s: float) -> float:
        """When the next sample begins, after `time_s`."""
        rounds, within = divmod(time_s, self.duration_s)
        following = bisect.bisect_right(self._times, within)
        end = self._times[following] if following < len(self._times) else self.duration_s
        return max(rounds * self.duration_s + end, time_s + 1e-6)


def parse_trace(name: str, text: str, events: str = "") -> Trace:
    """Read the format above; raises `Malformed` naming the line."""
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or tuple(rows[0]) != _COLUMNS:
        raise Malformed(f"trace {name}: the first line must be {','.join(_COLUMNS)}", 1)
    samples = tuple(_sample(name, row, line) for line, row in enumerate(rows[1:], 2))
    if not samples or samples[0].at_s != 0:
        raise Malformed(f"trace {name}: the first row must be of second 0", 2)
    for line, (earlier, later) in enumerate(pairwise(samples), 3):
        if later.at_s <= earlier.at_s:
            raise Malformed(f"trace {name}: time does not rise", line)
    return Trace(name, samples, parse_events(name, events) if events else ())


def parse_events(name: str, text: str) -> tuple[tuple[float, str], ...]:
    """Read a file of events; raises `Malformed` naming the line."""
    found = []
    for line, row in enumerate(csv.reader(io.StringIO(text)), 1):
        if line == 1:
            continue
        if len(row) < 2:
            raise Malformed(f"events of {name}: a time and a text are needed", line)
        found.append((_number(name, row[0], line) or 0.0, ",".join(row[1:])))
    return tuple(found)


def _sample(name: str, row: list[str], line: int) -> Sample:
    if len(row) != len(_COLUMNS) or not row[0]:
        raise Malformed(f"trace {name}: {len(_COLUMNS)} cells are needed, the first not empty", line)
    at_s, up_kbps, down_kbps, rtt_ms, loss = (_number(name, cell, line) for cell in row)
    if loss is not None and loss > 1:
        raise Malformed(f"trace {name}: loss is a share from 0 to 1", line)
    up_bps, down_bps = (None if rate is None else rate * 1000 for rate in (up_kbps, down_kbps))
    return Sample(at_s or 0.0, up_bps, down_bps, rtt_ms, loss)


def _number(name: str, cell: str, line: int) -> float | None:
    if not cell:
        return None
    try:
        number = float(cell)
    except ValueError:
        raise Malformed(f"trace {name}: {cell!r} is no number", line) from None
    if not 0 <= number < 1e9:
        raise Malformed(f"trace {name}: {cell} is out of range", line)
    return number
