"""How seats spend their time: seconds by state, and occupancy, from events alone."""

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from relay.scheduler import events
from relay.scheduler.events import AnyEvent
from relay.scheduler.lifecycle import seat_phase
from relay.scheduler.model import Presence, SeatPhase


@dataclass(slots=True)
class SeatActivity:
    """What one seat is doing, since when."""

    since_ms: int
    capacity: int = 1
    presence: Presence = Presence.BREAK
    offers: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    wrap_ups: set[str] = field(default_factory=set)
    reserved: bool = False

    @property
    def phase(self) -> SeatPhase:
        """In one word."""
        return seat_phase(
            self.presence,
            offers=len(self.offers),
            calls=len(self.calls),
            wrap_ups=len(self.wrap_ups),
            reserved=self.reserved,
        )

    @property
    def staffed(self) -> bool:
        """Whether its time counts as working time: it is ready, or still busy."""
        return self.presence is Presence.READY or bool(self.offers or self.calls or self.wrap_ups)


class SeatTimes:
    """Feed it every event in order. Times run up to the last event, or the last `settle`."""

    def __init__(self) -> None:
        self.state_ms: Counter[str] = Counter()
        """Seat milliseconds by phase; offline is not counted."""
        self.busy_slot_ms = 0
        """Conversation and wrap-up, per place of a seat's capacity."""
        self.staffed_slot_ms = 0
        """Capacity on duty."""
        self.seats: dict[str, SeatActivity] = {}
        self._of_call: dict[str, set[str]] = {}

    def successor(self, now_ms: int) -> "SeatTimes":
        """The same seats, doing what they do, with no time counted yet."""
        self.settle(now_ms)
        times = SeatTimes()
        times.seats, times._of_call = copy.deepcopy(self.seats), copy.deepcopy(self._of_call)
        return times

    @property
    def occupancy(self) -> float:
        """Share of the staffed capacity that was in conversation or wrap-up."""
        return self.busy_slot_ms / self.staffed_slot_ms if self.staffed_slot_ms else 0.0

    def by_phase(self) -> Counter[str]:
        """Seats online now, by phase."""
        return Counter(seat.phase for seat in self.seats.values())

    def observe(self, event: AnyEvent) -> None:
        """Account for the time before it, then for what it changes."""
        change = _CHANGES.get(type(event))
        if change is not None:
            change(self, event)

    def settle(self, now_ms: int) -> None:
        """Account for all time until now."""
        for seat in self.seats.values():
            self._account(seat, now_ms)

    def seat(self, name: str, at_ms: int) -> SeatActivity:
        """The seat, its time accounted for until now; one that was never seen begins here."""
        seat = self.seats.get(name)
        if seat is None:
            seat = self.seats[name] = SeatActivity(at_ms)
        self._account(seat, at_ms)
        return seat

    def engage(self, call: str, seat: str, at_ms: int) -> None:
        """The seat is in the conversation."""
        self.seat(seat, at_ms).calls.add(call)
        self._of_call.setdefault(call, set()).add(seat)

    def release(self, call: str, seat: str, at_ms: int, wrap_until_ms: int = events.NEVER_MS) -> None:
        """The seat has left the conversation, perhaps to write its notes."""
        activity = self.seat(seat, at_ms)
        activity.calls.discard(call)
        if wrap_until_ms != events.NEVER_MS:
            activity.wrap_ups.add(call)
        self._of_call.get(call, set()).discard(seat)

    def release_others(self, call: str, at_ms: int) -> None:
        """The conversation is over: whoever is still in it is free."""
        for seat in self._of_call.pop(call, ()):
            self.seat(seat, at_ms).calls.discard(call)

    def log_out(self, name: str, at_ms: int) -> None:
        """The seat is gone."""
        self.seat(name, at_ms)
        del self.seats[name]

    def _account(self, seat: SeatActivity, at_ms: int) -> None:
        elapsed_ms = at_ms - seat.since_ms
        if elapsed_ms <= 0:
            return
        seat.since_ms = at_ms
        self.state_ms[seat.phase] += elapsed_ms
        self.busy_slot_ms += elapsed_ms * (len(seat.calls) + len(seat.wrap_ups))
        if seat.staffed:
            self.staffed_slot_ms += elapsed_ms * seat.capacity


def _logged_in(times: SeatTimes, event: events.SeatLoggedIn | events.SeatUpdated) -> None:
    times.seat(event.seat, event.at_ms).capacity = event.profile.capacity


def _presence(presence: Presence) -> Callable[[SeatTimes, Any], None]:
    def change(times: SeatTimes, event: Any) -> None:
        times.seat(event.seat, event.at_ms).presence = presence

    return change


def _logged_out(times: SeatTimes, event: events.SeatLoggedOut) -> None:
    times.log_out(event.seat, event.at_ms)


def _reserved(times: SeatTimes, event: events.SeatReserved) -> None:
    times.seat(event.seat, event.at_ms).reserved = True


def _released(times: SeatTimes, event: events.SeatReleased) -> None:
    times.seat(event.seat, event.at_ms).reserved = False


def _rings(times: SeatTimes, event: events.CallOffered) -> None:
    times.seat(event.seat, event.at_ms).offers.add(event.offer)


def _stops_ringing(times: SeatTimes, event: Any) -> None:
    times.seat(event.seat, event.at_ms).offers.discard(event.offer)


def _took(times: SeatTimes, event: Any) -> None:
    """CallAccepted, CallbackStarted, SeatJoined: the end of an offer and the beginning of a conversation."""
    _stops_ringing(times, event)
    times.engage(event.call, event.seat, event.at_ms)


def _let_go(times: SeatTimes, event: events.CallbackFailed | events.SeatLeft) -> None:
    times.release(event.call, event.seat, event.at_ms)


def _handed_over(times: SeatTimes, event: events.CallHandedOver) -> None:
    times.release(event.call, event.seat, event.at_ms, event.wrap_until_ms)


def _over(times: SeatTimes, event: events.CallEnded | events.CallTransferred) -> None:
    times.release(event.call, event.seat, event.at_ms, event.wrap_until_ms)
    times.release_others(event.call, event.at_ms)


def _requeued(times: SeatTimes, event: events.CallRequeued) -> None:
    times.release_others(event.call, event.at_ms)


def _wrapped_up(times: SeatTimes, event: events.WrapUpFinished) -> None:
    times.seat(event.seat, event.at_ms).wrap_ups.discard(event.call)


_CHANGES: dict[type[events.Event], Callable[[SeatTimes, Any], None]] = {
    events.SeatLoggedIn: _logged_in,
    events.SeatUpdated: _logged_in,
    events.SeatReady: _presence(Presence.READY),
    events.SeatOnBreak: _presence(Presence.BREAK),
    events.SeatDraining: _presence(Presence.DRAINING),
    events.SeatLoggedOut: _logged_out,
    events.SeatReserved: _reserved,
    events.SeatReleased: _released,
    events.CallOffered: _rings,
    events.OfferDeclined: _stops_ringing,
    events.OfferTimedOut: _stops_ringing,
    events.OfferWithdrawn: _stops_ringing,
    events.CallAccepted: _took,
    events.CallbackStarted: _took,
    events.SeatJoined: _took,
    events.CallbackFailed: _let_go,
    events.SeatLeft: _let_go,
    events.CallHandedOver: _handed_over,
    events.CallEnded: _over,
    events.CallTransferred: _over,
    events.CallRequeued: _requeued,
    events.WrapUpFinished: _wrapped_up,
}
