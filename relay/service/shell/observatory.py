"""Watches an exchange: samples the media of its participants, and answers with all metrics when asked."""

import asyncio
import logging
from dataclasses import asdict

from relay.clock import Clock
from relay.config import LatencySettings
from relay.metrics.snapshot import Snapshot
from relay.scheduler.shell.outlets import Outlets
from relay.service.gathering import (
    gather_calls,
    gather_latency,
    gather_media,
    gather_outlets,
    gather_recordings,
    gather_scheduler,
    gather_seats,
    gather_signalling,
    gather_whip,
    gather_workers,
    residence,
)
from relay.service.house import day_of
from relay.service.latency import LatencyInBudget, LatencyOverBudget
from relay.service.media_watch import MediaEvent, MediaWatch
from relay.service.quality import QualityBook
from relay.service.shell.exchange import Exchange

SAMPLE_S = 2.0
"""Between samples of every participant's media."""
_log = logging.getLogger(__name__)


class Observatory:
    """Reads, but for one thing: the scheduler learns from it how far away each seat is."""

    def __init__(self, exchange: Exchange, outlets: Outlets, clock: Clock, latency: LatencySettings) -> None:
        self.quality = QualityBook()
        self.media = MediaWatch(latency, self.quality, exchange.observations.calls)
        self._exchange = exchange
        self._outlets = outlets
        self._clock = clock
        self._started_s = clock.now_s()

    async def run(self) -> None:
        """Sample for ever; cancel to stop."""
        while True:
            await self._sample()
            self._judge()

    def snapshot(self) -> Snapshot:
        """All metrics as they are now."""
        exchange, snapshot = self._exchange, Snapshot()
        now_s, wall_ms = self._clock.now_s(), self._clock.wall_ms()
        gather_calls(snapshot, exchange.ledger, exchange.house.queues(day_of(wall_ms)), now_s - self._started_s)
        gather_seats(snapshot, exchange.ledger, exchange.house, exchange.scheduler.now_ms())
        gather_scheduler(snapshot, exchange.scheduler, wall_ms / 1000, now_s)
        gather_outlets(snapshot, self._outlets, exchange.scheduler.health().seq)
        stats = exchange.media.stats()
        gather_media(snapshot, stats, exchange.observations, self.quality)
        gather_workers(snapshot, stats)
        gather_latency(snapshot, self.media.latency)
        gather_signalling(snapshot, exchange.observations, exchange.participants)
        gather_recordings(snapshot, exchange.observations)
        gather_whip(snapshot, exchange.observations)
        return snapshot

    def _judge(self) -> None:
        exchange, now_s = self._exchange, self._clock.now_s()
        for event in self.media.handle_round(
            exchange.conversations.hearing(), residence(exchange.media.stats()), now_s
        ):
            _note(event)

    async def _sample(self) -> None:
        """One round over everybody, spread over its time: media shares the loop."""
        with_media = [each for each in self._exchange.participants if each.peer is not None]
        self.quality.keep({participant.who for participant in with_media})
        pause_s = SAMPLE_S / max(1, len(with_media))
        for participant in with_media:
            stats = self._exchange.media.peer_stats(participant.peer) if participant.peer is not None else None
            if stats is not None:
                self.quality.sample(participant.who, stats, self._clock.now_s())
                if stats.rtt_ms is not None:
                    await self._exchange.measured(participant, stats.rtt_ms)
            await asyncio.sleep(pause_s)
        if not with_media:
            await asyncio.sleep(SAMPLE_S)


def _note(event: MediaEvent) -> None:
    match event:
        case LatencyOverBudget():
            _log.warning(
                "a call is over its latency budget: %s takes %.0f ms of its %.0f",
                event.hop,
                event.hop_ms,
                event.hop_budget_ms,
                extra={
                    "call": event.call,
                    "speaker": str(event.speaker.name),
                    "listener": str(event.listener.name),
                    "total_ms": round(event.total_ms),
                },
            )
        case LatencyInBudget():
            _log.info("a call is in its latency budget again", extra={"call": event.call})
        case _:
            _log.info("how a call was", extra={"call": event.call, "quality": asdict(event)})
