"""A kiosk without a citizen: it asks for a caseworker, talks, and asks again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from relay.client import SignallingClient
from relay.demo.station import Station
from relay.server.messages import CallKind, CallState, HangUp, RequestCall


@dataclass(frozen=True, slots=True)
class Wish:
    """What the citizen asks for."""

    item: str
    kind: CallKind = "consult"
    language: str = "zh"


class SyntheticKiosk:
    """One call after the other over one PeerConnection; `state` is where the present one is, `tell` hears of each."""

    def __init__(
        self,
        station: Station,
        wish: Wish,
        *,
        pause_s: float = 3.0,
        tell: Callable[[CallState], None] = lambda state: None,
    ) -> None:
        self.state: CallState | None = None
        self.calls_connected = 0
        self._station = station
        self._wish = wish
        self._pause_s = pause_s
        self._tell = tell
        self._signalling: SignallingClient | None = None

    async def run(self, url: str, token: str) -> None:
        """Call until cancelled, or until the connection or a request fails."""
        async with SignallingClient(url, token) as signalling:
            self._signalling = signalling
            await self._station.join(signalling)
            while True:
                await self._call(signalling)
                await asyncio.sleep(self._pause_s)

    async def hang_up(self) -> None:
        """End the present call, if there is one."""
        if self._signalling is not None and self.state is not None and self.state.state != "ended":
            await self._signalling.request(HangUp(call=self.state.call, reason="the demonstration is over"))

    async def _call(self, signalling: SignallingClient) -> None:
        wish = self._wish
        request = RequestCall(item=wish.item, kind=wish.kind, language=wish.language, idempotency_key=uuid4().hex)
        state = await signalling.request(request, CallState)
        await self._follow(state)
        async for message in signalling:
            if isinstance(message, CallState) and message.call == state.call:
                await self._follow(message)
                if message.state == "ended":
                    return

    async def _follow(self, state: CallState) -> None:
        before, self.state = self.state, state
        self._tell(state)
        if state.state == "connected":
            if before is None or before.state != "connected":
                self.calls_connected += 1
            await self._station.begin(state.call)
        elif state.state == "ended":
            await self._station.finish()
