"""The scheduler's state as views. Reads, and changes nothing."""

from collections.abc import Callable, Iterator
from typing import Protocol

from relay.catalogue import Directory
from relay.scheduler import view
from relay.scheduler.entities import Call, Seat
from relay.scheduler.forecast import Expectation
from relay.scheduler.lifecycle import CONNECTED, LIVE, QUEUED
from relay.scheduler.model import CallPhase, Purpose, SeatPhase
from relay.scheduler.state import State
from relay.service.conversations import Conversation
from relay.service.ledger import Ledger
from relay.service.views import CallStage, CallView, MemberView, SeatStage, SeatView

_STAGES: dict[CallPhase, CallStage] = {
    CallPhase.WAITING: "queued",
    CallPhase.OFFERED: "offered",
    CallPhase.CALLING_BACK: "offered",
    CallPhase.TALKING: "connected",
    CallPhase.HELD: "held",
    CallPhase.WRAP_UP: "wrap-up",
    CallPhase.CLOSED: "ended",
}
_SEAT_STAGES: dict[SeatPhase, SeatStage] = {
    SeatPhase.OFFLINE: "offline",
    SeatPhase.READY: "ready",
    SeatPhase.RESERVED: "ready",
    SeatPhase.OFFERED: "offered",
    SeatPhase.IN_CALL: "in-call",
    SeatPhase.WRAP_UP: "wrap-up",
    SeatPhase.BREAK: "break",
}


class Scheduler(Protocol):
    """What is read of the running scheduler."""

    @property
    def state(self) -> State:
        """The engine's state, never to be changed."""

    def now_ms(self) -> int:
        """Engine time."""


class SchedulerRecords:
    """Views of single calls and seats. `catch_up` comes before any reading: it makes the ledger as new as the state."""

    def __init__(
        self, scheduler: Scheduler, ledger: Ledger, directory: Directory, catch_up: Callable[[], None]
    ) -> None:
        self._scheduler = scheduler
        self._ledger = ledger
        self._directory = directory
        self._catch_up = catch_up

    def call(self, call: str) -> CallView | None:
        """A call that is not over."""
        found = self._scheduler.state.calls.get(call)
        return self.view_of(found) if found is not None else None

    def seat(self, seat: str) -> SeatView:
        """A seat; one that is not online is `offline`."""
        found = self._scheduler.state.seats.get(seat)
        if found is not None:
            return self.view_of_seat(found)
        listed = self._directory.seat(seat)
        return SeatView(seat, listed.name if listed else seat, listed.region if listed else "", "offline")

    def calls_of_kiosk(self, kiosk: str) -> list[CallView]:
        """Its citizens' calls that are not over for them."""
        state = self._scheduler.state
        found = state.kiosks.get(kiosk)
        calls = [state.calls[call] for call in found.calls if call in state.calls] if found else []
        return [self.view_of(call) for call in calls if call.phase in LIVE and call.purpose is Purpose.CALL]

    def calls_of_seat(self, seat: str) -> list[CallView]:
        """Those it is in, or is offered."""
        state = self._scheduler.state
        found = state.seats.get(seat)
        if found is None:
            return []
        offered = [state.offers[found.offer]] if found.offer in state.offers else []
        return [self.view_of(call) for call in (*offered, *(state.calls[name] for name in found.calls))]

    def stage_of(self, seat: Seat) -> SeatStage:
        """The state of a seat in one word."""
        return _SEAT_STAGES[view.phase_of(seat)]

    def offer_left_s(self, offer: str) -> float:
        """Seconds until an offer times out; 0 when it is over."""
        call = self._scheduler.state.offers.get(offer)
        return max(0.0, (call.deadline_ms - self._scheduler.now_ms()) / 1000) if call is not None else 0.0

    def callback_left_s(self, call: str) -> float:
        """Seconds until a callback that rings is given up; 0 when it does not ring."""
        found = self._scheduler.state.calls.get(call)
        if found is None or found.phase is not CallPhase.CALLING_BACK:
            return 0.0
        return max(0.0, (found.deadline_ms - self._scheduler.now_ms()) / 1000)

    def conversations(self) -> Iterator[Conversation]:
        """What is connected now, for a switchboard that begins."""
        for call in self._scheduler.state.calls.values():
            if call.phase in CONNECTED:
                yield Conversation(call.id, call.participants(), call.revision)

    def view_of(self, call: Call) -> CallView:
        """One call."""
        self._catch_up()
        now_ms = self._scheduler.now_ms()
        until_ms = call.talk.accepted_ms if call.talk is not None else now_ms
        expected = self._ledger.forecast.expect(call.id, now_ms) if call.phase in QUEUED else None
        return CallView(
            call=call.id,
            kiosk=call.kiosk,
            state=_STAGES[call.phase],
            item=call.item,
            kind=call.kind.value,
            region=call.region,
            language=call.language,
            priority=call.priority,
            waited_s=max(0, until_ms - call.enqueued_ms) / 1000,
            position=self._position(call, expected),
            expected_wait_s=round_wait_s(expected.mean_s) if expected else None,
            seat=call.seat,
            offer=call.offer if call.phase is CallPhase.OFFERED else "",
            purpose=call.purpose.value,
            parent=call.parent,
            contact=call.contact,
            talk_s=(now_ms - call.talk.accepted_ms) / 1000 if call.talk is not None else 0.0,
            members=tuple(MemberView(party.who, party.role.value, party.held) for party in call.participants()),
        )

    def _position(self, call: Call, expected: Expectation | None) -> int | None:
        """From the forecast, which knows it; from the queue itself for calls that are older than this process."""
        if expected is not None or call.phase not in QUEUED:
            return expected.position if expected else None
        return view.position(self._scheduler.state, call.id, self._scheduler.now_ms()).ahead + 1

    def view_of_seat(self, seat: Seat) -> SeatView:
        """One seat."""
        self._catch_up()
        now_ms, phase = self._scheduler.now_ms(), view.phase_of(seat)
        until_ms = min((until_ms for _, until_ms in seat.wraps.values() if until_ms), default=0)
        listed = self._directory.seat(seat.id)
        return SeatView(
            seat=seat.id,
            name=seat.profile.value.name or (listed.name if listed else seat.id),
            region=seat.profile.value.regions[0],
            state=_SEAT_STAGES[phase],
            since_s=(now_ms - self._ledger.seat_changed_ms.get(seat.id, seat.login_ms)) / 1000,
            call=next(iter((*seat.calls, *seat.wraps)), ""),
            until_s=max(0.0, (until_ms - now_ms) / 1000) if until_ms and phase is SeatPhase.WRAP_UP else 0.0,
        )


def round_wait_s(wait_s: float) -> float:
    """A forecast as precise as it is: up to the next 15 s below five minutes, to the next minute beyond."""
    step_s = 15 if wait_s < 300 else 60
    return float(-(-wait_s // step_s) * step_s)
