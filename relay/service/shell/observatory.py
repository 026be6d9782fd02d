"""Watches an exchange: samples the media of its participants, and answers with all metrics when asked."""

import asyncio

from relay.clock import Clock
from relay.metrics.snapshot import Snapshot
from relay.scheduler.shell.outlets import Outlets
from relay.service.gathering import (
    gather_calls,
    gather_media,
    gather_outlets,
    gather_scheduler,
    gather_seats,
    gather_signalling,
)
from relay.service.house import day_of
from relay.service.quality import QualityBook
from relay.service.shell.exchange import Exchange

SAMPLE_S = 2.0
"""Between samples of every participant's media."""


class Observatory:
    """Reads, but for one thing: the scheduler learns from it how far away each seat is."""

    def __init__(self, exchange: Exchange, outlets: Outlets, clock: Clock) -> None:
        self.quality = QualityBook()
        self._exchange = exchange
        self._outlets = outlets
        self._clock = clock
        self._started_s = clock.now_s()

    async def run(self) -> None:
        """Sample for ever; cancel to stop."""
        while True:
            await self._sample()

    def snapshot(self) -> Snapshot:
        """All metrics as they are now."""
        exchange, snapshot = self._exchange, Snapshot()
        now_s, wall_ms = self._clock.now_s(), self._clock.wall_ms()
        gather_calls(snapshot, exchange.ledger, exchange.house.queues(day_of(wall_ms)), now_s - self._started_s)
        gather_seats(snapshot, exchange.ledger, exchange.house, exchange.scheduler.now_ms())
        gather_scheduler(snapshot, exchange.scheduler, wall_ms / 1000, now_s)
        gather_outlets(snapshot, self._outlets, exchange.scheduler.health().seq)
        gather_media(snapshot, exchange.media.stats(), exchange.observations, self.quality)
        gather_signalling(snapshot, exchange.observations, exchange.participants)
        return snapshot

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
