"""A simulated call over each recorded network, judged: use of the link, queueing, freezes.

Two families, for no recording holds everything:

- *rate* recordings bind by their capacity; the way takes 25 ms in each direction, for round trips were measured apart from the
  rate, or under the load of the measurement itself;
- *path* recordings have no capacity: a bottleneck of 4 Mbit/s is put before their round trips and losses.
"""

from dataclasses import dataclass
from pathlib import Path

from loadtest.impair import Conditions, Link
from loadtest.traces import Sample, Trace, parse_trace
from relay.sfu.media.bandwidth import BandwidthEstimator
from tests.support.bottleneck import Call

DELAY_S = 0.025
PATH_BPS = 4e6
USABLE_BPS = 300_000
"""A link of less is not asked for a fluent picture."""
_UNMEASURED_BPS = 50e6
_FRAME_S = 1 / 30
_STEP_S = 0.01

TUNED = frozenset(
    {
        "verizon_cell_driving_fade_C up",
        "att_cell_driving_bad_B up",
        "att_lte_driving_2016_A up",
        "tmobile_umts_driving_C up",
        "alphartc_5g_A up",
    }
)
"""The constants were chosen on these; every other recording is a test of them."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one call."""

    name: str
    family: str
    seconds: float
    utilisation: float
    """Media that arrived, to the least of capacity and demand. Above 1 when what an outage held back is made up for."""
    queue_p95_ms: float
    usable_queue_p95_ms: float
    """Of packets sent while the link exceeded 300 kbit/s."""
    frozen: float
    """Share of the time in which the link exceeded 300 kbit/s."""
    loss: float
    padding: float
    sender_p95_ms: float
    """Waiting time in the pacer."""
    series: tuple[tuple[float, float, float, float], ...] = ()
    """(s, capacity, estimate, target), kbit/s."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One direction of a trace."""

    name: str
    trace: Trace
    uplink: bool
    family: str

    def capacity_bps(self, at_s: float) -> float:
        sample = self.trace.at(max(at_s, 0.0))
        rate_bps = sample.up_bps if self.uplink else sample.down_bps
        return (PATH_BPS if self.family == "path" else _UNMEASURED_BPS) if rate_bps is None else rate_bps


def recordings(folder: Path) -> list[Recording]:
    """Every measured direction of every trace in a folder."""
    found = []
    for path in sorted(folder.glob("*.csv")):
        trace = parse_trace(path.stem, path.read_text("utf-8"))
        for uplink, direction in ((True, "up"), (False, "down")):
            if any((each.up_bps if uplink else each.down_bps) is not None for each in trace.samples):
                found.append(Recording(f"{path.stem} {direction}", _without_delays(trace), uplink, "rate"))
        if not any(each.up_bps is not None or each.down_bps is not None for each in trace.samples):
            found.append(Recording(f"{path.stem} path", trace, True, "path"))
    return found


def judge(
    recording: Recording, demand_bps: float = 6e6, seconds: float | None = None, feedback_s: float = 0.05
) -> Verdict:
    """Hold the call and measure it."""
    seconds = min(seconds or recording.trace.duration_s, recording.trace.duration_s)
    is_path = recording.family == "path"
    rate_bps = PATH_BPS if is_path else _UNMEASURED_BPS
    link = Link(Conditions(rate_bps=rate_bps, delay_ms=DELAY_S * 1000), 1, recording.trace, uplink=recording.uplink)
    call = Call(
        BandwidthEstimator(),
        link,
        demand_bps=demand_bps,
        back_s=DELAY_S,
        delay_s=None if is_path else DELAY_S,
        feedback_s=feedback_s,
    )
    call.run(seconds)
    log = call.log
    waits = [(at_s, wait * 8 / PATH_BPS if is_path else wait) for at_s, wait in log.queue_s]
    usable = [wait for at_s, wait in waits if recording.capacity_bps(at_s) > USABLE_BPS]
    capacities = [recording.capacity_bps(step * _STEP_S) for step in range(int(seconds / _STEP_S))]
    offered_bits = sum(min(each, demand_bps) for each in capacities) * _STEP_S
    usable_s = sum(each > USABLE_BPS for each in capacities) * _STEP_S
    return Verdict(
        recording.name,
        recording.family,
        seconds,
        log.media_bytes * 8 / offered_bits,
        _p95([wait for _, wait in waits]) * 1000,
        _p95(usable) * 1000,
        frozen_s(call.receiver.streams[1].decoded, recording, seconds) / max(usable_s, _STEP_S),
        log.lost_packets / max(log.sent_packets, 1),
        log.padding_bytes / max(call.history.size_bytes, 1),
        _p95(log.pacer_s) * 1000,
        tuple(
            (at_s, recording.capacity_bps(at_s) / 1e3, estimate / 1e3, target / 1e3)
            for at_s, target, estimate in log.targets
        ),
    )


def _without_delays(trace: Trace) -> Trace:
    return Trace(trace.name, tuple(Sample(s.at_s, s.up_bps, s.down_bps, None, s.loss) for s in trace.samples))


def _p95(values: list[float]) -> float:
    return sorted(values)[int(0.95 * len(values))] if values else 0.0


def frozen_s(decoded: list[float], recording: Recording, seconds: float) -> float:
    """Freezes as the statistics of WebRTC count them (a gap of more than 150 ms over the mean, and three times the mean),
    without the ordinary interval between frames, and only while the link, a delay earlier, was usable."""
    frozen_s = 0.0
    before = DELAY_S + _FRAME_S
    for at_s in [*decoded, seconds]:
        if at_s - before > max(3 * _FRAME_S, _FRAME_S + 0.15):
            first, last = int((before - DELAY_S + _FRAME_S) / _STEP_S), int((at_s - DELAY_S) / _STEP_S)
            frozen_s += _STEP_S * sum(
                recording.capacity_bps(step * _STEP_S) > USABLE_BPS for step in range(first, last)
            )
        before = at_s
    return frozen_s
