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
"""A failed effect is tried again after each; then it is given up and counted: offers and leases time out anyway."""


_PATIENCE_S = 10.0
"""An effect that takes longer hangs; nobody may wait behind it for ever."""

CarryOut = Callable[[AnyEffect], Awaitable[None]]
"""What joins the scheduler to the world; it may submit commands, and should not wait long: effects keep their order."""


class Dispatcher:
    """The outbox, in memory: the journal is its durable half. `delivered` is how far every effect was carried out."""

    def __init__(self, carry_out: CarryOut) -> None:
        self._carry_out = carry_out
        self._waiting: deque[tuple[int, list[AnyEffect]]] = deque()
        self._wakened = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._last_put = 0
        self._task: asyncio.Task[None] | None = None
        self._tries = self._looked_at = 0
        self._looked_at_s = 0.0
        self._carrying = self._leaving = False
        self.delivered = 0
        self.carried_out_total = 0
        self.given_up_total = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def resume(self, owed: Sequence[Decision], delivered: int) -> None:
        """Start from what a former run left over."""
        self.delivered = self._last_put = delivered
        for decision in owed:
            self.put(decision)

    def put(self, decision: Decision) -> None:
        """Queue the effects of a durable decision; most have one or two, many have none."""
        self._last_put = decision.seq
        effects = [effect for event in decision.events for effect in effects_of(event)]
        if effects:
            self._waiting.append((decision.seq, effects))
            self._drained.clear()
            self._wakened.set()
        elif not self._waiting:
            self.delivered = decision.seq

    async def run(self) -> None:
        """Carry out what is queued, for ever; cancel to stop."""
        self._task = asyncio.current_task()
        while True:
            while self._waiting:
                seq, effects = self._waiting[0]
                for effect in effects:
                    if not await self._done(effect):
                        await self._insist(effect)
                self._waiting.popleft()
                self.delivered = seq if self._waiting else self._last_put
            self._drained.set()
            self._wakened.clear()
            await self._wakened.wait()

    def look(self, now_s: float) -> None:
        """Called about once a second: an effect that has been waited for too long is left, the next ones go on."""
        if not self._carrying or self._tries != self._looked_at:
            self._looked_at, self._looked_at_s = self._tries, now_s
        elif now_s - self._looked_at_s >= _PATIENCE_S and self._task is not None:
            self._leaving = True
            self._looked_at_s = now_s
            self._task.cancel()

    async def drained(self) -> None:
        """Return once nothing is queued."""
        await self._drained.wait()

    async def _done(self, effect: AnyEffect) -> bool:
        """One attempt. Whatever goes wrong in it, a cancelled task of the world's included, must not end this one."""
        self._tries += 1
        self._carrying = True
        try:
            await self._carry_out(effect)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                if not self._leaving:
                    raise
                self._leaving = False
                task.uncancel()
            _log.exception("effect %s was cancelled or took more than %g s", effect.id, _PATIENCE_S)
            return False
        except Exception:
            _log.exception("effect %s failed", effect.id)
            return False
        finally:
            self._carrying = False
        self.carried_out_total += 1
        return True

    async def _insist(self, effect: AnyEffect) -> None:
        for pause_s in _RETRY_PAUSES_S:
            await asyncio.sleep(pause_s)
            if await self._done(effect):
                return
        self.given_up_total += 1
