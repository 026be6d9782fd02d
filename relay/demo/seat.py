"""A seat without a caseworker: it is ready, takes every call it is offered, and needs no wrap-up."""

from collections.abc import Awaitable, Callable
from typing import Any

from relay.client import SignallingClient
from relay.demo.station import Station
from relay.errors import Refusal
from relay.server.messages import AcceptOffer, CallState, FinishWrapUp, OfferMade, SeatState, SetPresence


class SyntheticSeat:
    """Answers one call after the other over one PeerConnection; `state` is that of the seat."""

    def __init__(self, station: Station) -> None:
        self.state = "offline"
        self._station = station

    async def run(self, url: str, token: str) -> None:
        """Answer until cancelled, or until the connection fails."""
        async with SignallingClient(url, token) as signalling:
            await self._station.join(signalling)
            await signalling.request(SetPresence(state="ready"))
            async for message in signalling:
                react = _REACTIONS.get(type(message))
                if react is not None:
                    await react(self, signalling, message)

    async def _accept(self, signalling: SignallingClient, offer: OfferMade) -> None:
        try:
            await signalling.request(AcceptOffer(offer=offer.offer))
        except Refusal:
            return  # the citizen gave up in this moment

    async def _follow_call(self, signalling: SignallingClient, state: CallState) -> None:
        if state.state == "connected":
            await self._station.begin(state.call)
        elif state.state == "ended":
            await self._station.finish()

    async def _follow_seat(self, signalling: SignallingClient, state: SeatState) -> None:
        self.state = state.state
        if state.state == "wrap-up":
            await self._station.finish()
            await signalling.request(FinishWrapUp(call=state.call))


_REACTIONS: dict[type, Callable[[SyntheticSeat, SignallingClient, Any], Awaitable[None]]] = {
    OfferMade: SyntheticSeat._accept,
    CallState: SyntheticSeat._follow_call,
    SeatState: SyntheticSeat._follow_seat,
}
