"""Carries out effects, in the order of their decisions, only of durable ones, at least once.

An effect keeps its `id` over a restart: whoever carries it out forgets repeated ids.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from relay.scheduler.effects import AnyEffect, effects_of
from relay.scheduler.shell.decision import Decision

_log = logging.getLogger(__name__)
_RETRY_PAUSES_S = (0.05, 0.5)
"""An effect is tried once more after each; then it is given up, counted and logged: offers and leases time out anyway."""


CarryOut = Callable[[AnyEffect], Awaitable[None]]
"""What joins the scheduler to the world; it may submit commands, and should not wait long: effects keep their order."""


class Dispatcher:
    """The outbox. `delivered` is the number up to which every decision's effects were carried out."""

    def __init__(self, carry_out: CarryOut) -> None:
        self._carry_out = carry_out
        self._waiting: deque[Decision] = deque()
        self._wakened = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self.delivered = 0
        self.carried_out_total = 0
        self.given_up_total = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def resume(self, owed: Sequence[Decision], delivered: int) -> None:
        """Start from what a former run left over."""
        self.delivered = delivered
        for decision in owed:
            self.put(decision)

    def put(self, decision: Decision) -> None:
        """Queue a durable decision."""
        self._waiting.append(decision)
        self._drained.clear()
        self._wakened.set()

    async def run(self) -> None:
        """Carry out what is queued, for ever; cancel to stop."""
        while True:
            while self._waiting:
                decision = self._waiting[0]
                await self._carry_out_all(decision)
                self.delivered = decision.seq
                self._waiting.popleft()
            self._drained.set()
            self._wakened.clear()
            await self._wakened.wait()

    async def drained(self) -> None:
        """Return once nothing is queued."""
        await self._drained.wait()

    async def _carry_out_all(self, decision: Decision) -> None:
        for event in decision.events:
            for effect in effects_of(event):
                await self._attempt(effect)

    async def _attempt(self, effect: AnyEffect) -> None:
        for pause_s in (*_RETRY_PAUSES_S, None):
            try:
                await self._carry_out(effect)
            except Exception:
                _log.exception("effect %s failed", effect.id)
                if pause_s is None:
                    self.given_up_total += 1
                else:
                    await asyncio.sleep(pause_s)
            else:
                self.carried_out_total += 1
                return
