"""Things that clients of a running relay do in many tests."""

from relay.client import SignallingClient
from relay.server import messages
from tests.support.running_relay import until

ITEM = "housing.title.transfer"
"""Served by seat-3 and seat-4 of the demonstration catalogue."""


async def ready_seat(seat: SignallingClient) -> None:
    """Log a seat in, ready for calls."""
    await seat.request(messages.SetPresence(state="ready"))
    await until(seat, messages.SeatState, state="ready")


async def request_call(kiosk: SignallingClient, key: str = "k1", **fields: object) -> messages.CallState:
    """Ask for a seat; how the call stands."""
    request = messages.RequestCall(item=ITEM, idempotency_key=key, **fields)  # type: ignore[arg-type]
    return await kiosk.request(request, messages.CallState)


async def connected(kiosk: SignallingClient, seat: SignallingClient, key: str = "k1") -> str:
    """Bring a call into conversation; its id."""
    await ready_seat(seat)
    call = (await request_call(kiosk, key)).call
    offer = await until(seat, messages.OfferMade)
    await seat.request(messages.AcceptOffer(offer=offer.offer))
    await until(kiosk, messages.CallState, state="connected")
    return call
