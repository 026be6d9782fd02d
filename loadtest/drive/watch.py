"""One reading a second of the bots, the server's processes and its `/metrics`; the run's metrics from first to last."""

import asyncio
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from loadtest.bots.shell.crew import Crew
from loadtest.drive.server import RelayServer
from loadtest.measure.exposition import Scrape, quantile_between
from loadtest.measure.fit import fit_line
from loadtest.measure.histogram import Histogram
from loadtest.measure.shell.processes import Usage, machine_cpu_s, usage_of
from loadtest.measure.tally import delivery_metrics

SCRAPE_EVERY = 5
"""Rows: rendering `/metrics` takes the relay milliseconds in which it forwards nothing."""
TREND_ROWS = 60
"""A shorter run says nothing about the growth of memory."""
RESIDENCE = "relay_sfu_residence_seconds"
PACKETS = "relay_sfu_packets_total"


class Reading(NamedTuple):
    """One moment."""

    at_s: float
    totals: Mapping[str, int]
    latency: Histogram
    lateness: Histogram
    lag: Histogram
    server: Usage
    tool_cpu_s: float
    machine: tuple[float, float]
    scrape: Scrape


@dataclass(slots=True)
class Watch:
    """`begin`, then `step` once a second; `pid` 0 has no costs, `relay` None no residence."""

    crew: Crew
    pid: int = 0
    relay: RelayServer | None = None
    active: Callable[[], int] = lambda: 0
    """Calls in conversation."""
    rows: list[dict[str, float]] = field(default_factory=list)
    first: Reading | None = None
    last: Reading | None = None

    async def begin(self) -> None:
        """From here on."""
        self.first = self.last = await self.read(with_scrape=True)
        self.rows.clear()

    async def step(self, *, with_scrape: bool | None = None) -> dict[str, float]:
        """A row of the timeline: what happened since the row before."""
        if self.first is None or self.last is None:
            await self.begin()
        due = len(self.rows) % SCRAPE_EVERY == SCRAPE_EVERY - 1
        earlier, self.last = self.last, await self.read(with_scrape=due if with_scrape is None else with_scrape)
        row = _row(self.first, earlier, self.last, self.active()) if self.first and earlier else {}
        self.rows.append(row)
        return row

    async def every_second(self, show: Callable[[dict[str, float]], None], warm_up_s: float = 0.0) -> None:
        """Until cancelled; what happens before `warm_up_s` is over is not measured."""
        if warm_up_s:
            await asyncio.sleep(warm_up_s)
            await self.begin()
        while True:
            await asyncio.sleep(1.0)
            show(await self.step())

    async def read(self, *, with_scrape: bool) -> Reading:
        """Now; without a scrape, the one before stands."""
        scrape = self.last.scrape if self.last is not None else Scrape()
        if with_scrape and self.relay is not None:
            found = await self.relay.scrape()
            scrape = found if found.samples else scrape
        return Reading(
            self.crew.clock.now_s(),
            self.crew.totals(),
            self.crew.latency(),
            self.crew.lateness(),
            self.crew.lag(),
            usage_of(self.pid) if self.pid else Usage(0.0, 0, 0),
            sum(os.times()[:2]),
            machine_cpu_s(),
            scrape,
        )

    def metrics(self) -> dict[str, float]:
        """From `begin` to the last step."""
        first, last = self.first, self.last
        if first is None or last is None or last.at_s <= first.at_s:
            return {}
        found = {"measured_s": last.at_s - first.at_s}
        found |= (last.latency - first.latency).summary("latency")
        found |= delivery_metrics({name: last.totals[name] - first.totals[name] for name in last.totals})
        found |= _tool(first, last)
        if self.crew.emulator_lateness.count:
            found["emulator_lateness_p99_ms"] = self.crew.emulator_lateness.quantile_ms(0.99) or 0.0
        if self.pid:
            found |= _costs(first, last) | _memory_trend(self.rows) | _cost_of_calls(first, last, self.rows)
        if self.relay is not None:
            found |= _residence(first, last)
        return found


def _row(first: Reading, earlier: Reading, now: Reading, active: int) -> dict[str, float]:
    span_s = max(now.at_s - earlier.at_s, 1e-3)

    def rate(name: str) -> float:
        return (now.totals[name] - earlier.totals[name]) / span_s

    latency = now.latency - earlier.latency
    received = now.totals["rtp_received"] - earlier.totals["rtp_received"]
    missing, repaired = (now.totals[name] - earlier.totals[name] for name in ("missing", "repaired"))
    row = {
        "t_s": round(now.at_s - first.at_s, 2),
        "calls": active,
        "sent_bps": rate("bytes_sent") * 8,
        "received_bps": rate("bytes_received") * 8,
        "sent_pps": rate("packets_sent"),
        "received_pps": rate("rtp_received"),
        "lost_before_repair_share": missing / received if received else 0.0,
        "lost_share": (missing - repaired) / received if received else 0.0,
        "freezes": rate("freezes") * span_s,
        "latency_p50_ms": latency.quantile_ms(0.5),
        "latency_p99_ms": latency.quantile_ms(0.99),
        "tool_lateness_p99_ms": (now.lateness - earlier.lateness).quantile_ms(0.99),
    }
    if now.server.processes:
        row["server_cpu_share"] = (now.server.cpu_s - earlier.server.cpu_s) / span_s
        row["server_memory_mb"] = now.server.resident_bytes / 1e6
    residence_s = quantile_between(earlier.scrape, now.scrape, RESIDENCE, 0.99)
    if residence_s is not None and math.isfinite(residence_s):
        row["residence_p99_ms"] = residence_s * 1000
    return {name: value for name, value in row.items() if value is not None}


def _tool(first: Reading, last: Reading) -> dict[str, float]:
    span_s = last.at_s - first.at_s
    lateness, lag = last.lateness - first.lateness, last.lag - first.lag
    busy, total = (now - before for now, before in zip(last.machine, first.machine, strict=True))
    counted = {name: last.totals[name] - first.totals[name] for name in last.totals}
    return {
        "sent_pps": counted["packets_sent"] / span_s,
        "received_pps": counted["rtp_received"] / span_s,
        "tool_lateness_p99_ms": lateness.quantile_ms(0.99) or 0.0,
        "tool_lag_p99_ms": lag.quantile_ms(0.99) or 0.0,
        "tool_cpu_share": (last.tool_cpu_s - first.tool_cpu_s) / span_s,
        "tool_overflow_packets": counted["overflow"],
        "tool_refused_packets": counted["send_refused"],
        "tool_unprotect_failed": counted["unprotect_failed"],
        "machine_cpu_share": busy / total if total else 0.0,
    }


def _costs(first: Reading, last: Reading) -> dict[str, float]:
    """CPU and memory of the server's processes, over the packets that reached the bots."""
    cpu_s = last.server.cpu_s - first.server.cpu_s
    packets = last.totals["rtp_received"] - first.totals["rtp_received"]
    found = {
        "relay_cpu_share": cpu_s / (last.at_s - first.at_s),
        "relay_memory_mb": last.server.resident_bytes / 1e6,
        "relay_memory_growth_mb": (last.server.resident_bytes - first.server.resident_bytes) / 1e6,
    }
    if packets:
        found["relay_cpu_us_per_packet"] = cpu_s / packets * 1e6
    return found


def _cost_of_calls(first: Reading, last: Reading, rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """CPU over the time that calls were in conversation: what a relay without calls needs is in it."""
    ends = [0.0, *(row["t_s"] for row in rows)]
    talked_s = sum(row["calls"] * (row["t_s"] - before) for before, row in zip(ends, rows, strict=False))
    return (
        {"relay_cpu_ms_per_s_per_call": (last.server.cpu_s - first.server.cpu_s) / talked_s * 1000} if talked_s else {}
    )


def _memory_trend(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """What memory grows by in the second half of the run: in the first, everything is met for the first time."""
    settled = rows[len(rows) // 2 :] if len(rows) >= TREND_ROWS else []
    line = fit_line([(row["t_s"] / 60, row["server_memory_mb"]) for row in settled if "server_memory_mb" in row])
    if line is None:
        return {}
    return {"relay_memory_slope_mb_per_min": line.slope, "relay_memory_slope_margin_mb_per_min": line.margin}


def _residence(first: Reading, last: Reading) -> dict[str, float]:
    found = {}
    for label, share in {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}.items():
        bound_s = quantile_between(first.scrape, last.scrape, RESIDENCE, share)
        if bound_s is not None and math.isfinite(bound_s):
            found[f"residence_{label}_ms"] = bound_s * 1000
    return found
