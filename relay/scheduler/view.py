"""Read models: what people and pages ask of a state. Nothing here changes or decides anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from heapq import merge
from itertools import islice
from typing import TypeVar

import msgspec

from .entities import NEVER_MS, Appointment, Call, Seat
from .errors import UnknownCall, UnknownWindow
from .lifecycle import seat_phase
from .model import AppointmentPhase, CallPhase, Kind, Media, Participant, Presence, Purpose, SeatPhase
from .state import State

P = TypeVar("P", bound=StrEnum)


class _View(msgspec.Struct, frozen=True, gc=False):
    """Values, ready to be sent."""


class Position(_View, frozen=True):
    """Where a call stands among those it competes with.

    `ahead` counts waiting calls with a lower key for the same items in an overlapping region: those that a seat which
    can serve this call may take first. It can grow when the search widens or a higher class comes in: who announces it
    to the citizen announces the lowest value so far.
    """

    call: str
    ahead: int
    in_line: int
    """Of these, the ones with exactly the same requirement."""
    waited_ms: int
    seats_ready: int
    """Seats that want calls and fit the call as its search stands, busy or not."""
    seats_free: int
    """Of these, free now: not 0 only while all of them are barred from this call."""


class CallView(_View, frozen=True):
    """One call."""

    call: str
    phase: CallPhase
    purpose: Purpose
    parent: str
    kiosk: str
    citizen: str
    case: str
    item: str
    region: str
    kind: Kind
    language: str
    media: tuple[Media, ...]
    priority: str
    appointment: str
    contact: str
    enqueued_ms: int
    waited_ms: int
    """Until now, or until a seat took it."""
    ring: int
    scope: str
    level: int
    widen_ms: int
    attempts: int
    seat: str
    offer: str
    deadline_ms: int
    held: bool
    connected: bool
    participants: tuple[Participant, ...]
    invitations: tuple[str, ...]


class SeatView(_View, frozen=True):
    """One seat that is online."""

    seat: str
    name: str
    phase: SeatPhase
    presence: Presence
    reason: str
    region: str
    calls: tuple[str, ...]
    wrap_ups: Mapping[str, int]
    """Calls it wraps up, and until when (0: without limit)."""
    ringing: str
    offer: str
    reserved: str
    unanswered: int
    idle_ms: int
    """So long nothing was let go."""
    occupancy: float
    """Share of its time online in calls and wrap-up."""
    rtt_ms: int
    media_ready: bool


class Census(_View, frozen=True):
    """How many of everything."""

    waiting: int
    oldest_wait_ms: int
    calls: Mapping[CallPhase, int]
    seats: Mapping[SeatPhase, int]
    slots: int
    """Capacity of the seats that want calls."""
    slots_used: int
    appointments: Mapping[AppointmentPhase, int]


class Eligibility(_View, frozen=True):
    """Why a call waits: how many seats remain after each condition, as its search stands."""

    call: str
    online: int
    with_item: int
    at_level: int
    in_region: int
    with_kind: int
    with_language: int
    with_media: int
    ready: int
    free: int
    not_barred: int
    """Not 0 only for a moment: such a seat would be rung."""
    barred: Mapping[str, int]
    """Seats that declined or missed this call, and until when (NEVER_MS: for good)."""
    target: str
    """The only seat asked."""
    scope: str
    level: int
    widen_ms: int
    """When the search widens next."""


class Slot(_View, frozen=True):
    """One bookable slot."""

    start_ms: int
    capacity: int
    free: int


def find_call(state: State, key: str) -> str | None:
    """The call that an idempotency key names, open or closed a while ago."""
    call: str | None = state.keys.get(key, state.clock_ms)
    return call


def call_view(state: State, call: str, now_ms: int) -> CallView:
    """Raises UnknownCall."""
    return _call_view(state.call(call), now_ms)


def calls_of(state: State, kiosk: str) -> tuple[str, ...]:
    """Open calls of a kiosk."""
    found = state.kiosks.get(kiosk)
    return found.calls if found is not None else ()


def position(state: State, call: str, now_ms: int) -> Position:
    """Raises UnknownCall for a call that does not wait."""
    found = state.call(call)
    if found.phase not in (CallPhase.WAITING, CallPhase.OFFERED):
        raise UnknownCall(f"call {call} does not wait")
    line = state.waiting.line_of(found)
    fitting = state.supply.eligible(line)
    return Position(
        found.id,
        sum(rival.rank(found.virtual_ms, found.seq) for rival in state.waiting.rivals(line)),
        line.rank(found.virtual_ms, found.seq),
        max(0, now_ms - found.enqueued_ms),
        (fitting & state.supply.staffed).count(),
        (fitting & state.supply.available).count(),
    )


def queue(state: State, now_ms: int, *, offset: int = 0, limit: int = 100) -> tuple[CallView, ...]:
    """A page of the waiting calls, in the order of their keys."""
    return tuple(_call_view(entry[2], now_ms) for entry in islice(_in_order(state), offset, offset + limit))


def seat_view(state: State, seat: str, now_ms: int) -> SeatView:
    """Raises UnknownSeat."""
    return _seat_view(state.seat(seat), now_ms)


def seats(state: State, now_ms: int, *, offset: int = 0, limit: int = 100) -> tuple[SeatView, ...]:
    """A page of the seats online, by name."""
    return tuple(_seat_view(state.seats[name], now_ms) for name in sorted(state.seats)[offset : offset + limit])


def phase_of(seat: Seat) -> SeatPhase:
    """What a seat is doing."""
    return seat_phase(
        seat.presence,
        offers=bool(seat.offer),
        calls=len(seat.calls),
        wrap_ups=len(seat.wraps),
        reserved=bool(seat.reserved),
    )


def census(state: State, now_ms: int) -> Census:
    """Looks at every seat and call: a few milliseconds for ten thousands of them."""
    calls = state.calls.values()
    wanted = [seat for seat in state.seats.values() if seat.presence is not Presence.OFFLINE]
    oldest_ms = min((call.enqueued_ms for call in calls if call.phase is CallPhase.WAITING), default=now_ms)
    return Census(
        state.waiting_calls,
        max(0, now_ms - oldest_ms),
        _counts(CallPhase, Counter(call.phase for call in calls)),
        _counts(SeatPhase, Counter(phase_of(seat) for seat in wanted)),
        sum(seat.profile.value.capacity for seat in wanted if seat.presence is Presence.READY),
        sum(seat.load + bool(seat.offer) for seat in wanted),
        _counts(AppointmentPhase, Counter(appointment.phase for appointment in state.appointments.values())),
    )


def why_waiting(state: State, call: str) -> Eligibility:
    """Why no seat rings for this call. Looks at every seat that knows the item. Raises UnknownCall."""
    found = state.call(call)
    line = state.waiting.line_of(found)
    supply = state.supply
    skilled = supply.with_item(line.group, line.facet.level)
    near = list(supply.each(skilled & supply.near(line.scope)))
    kind = [seat for seat in near if found.kind in seat.profile.value.kinds]
    language = [seat for seat in kind if found.language in seat.profile.value.languages]
    media = [seat for seat in language if set(found.media) <= set(seat.profile.value.media)]
    ready = [seat for seat in media if seat.presence is Presence.READY]
    free = [seat for seat in ready if seat.available]
    barred = dict(found.barred or {})
    return Eligibility(
        found.id,
        len(state.seats),
        supply.with_item(line.group, 1).count(),
        skilled.count(),
        len(near),
        len(kind),
        len(language),
        len(media),
        len(ready),
        len(free),
        sum(1 for seat in free if seat.id not in barred),
        barred,
        found.target,
        found.scope,
        found.level,
        found.widen_ms,
    )


def slots(state: State, window: str, now_ms: int) -> tuple[Slot, ...]:
    """What can still be booked in a window. Raises UnknownWindow."""
    found = state.windows.get(window)
    if found is None:
        raise UnknownWindow(f"no booking window is called {window!r}")
    rules = state.settings.appointments
    if not found.open:
        return ()
    starts = range(found.start_ms, found.end_ms - found.slot_ms + 1, found.slot_ms)
    return tuple(
        Slot(start, found.capacity, max(0, found.capacity - found.taken.get(start, 0)))
        for start in starts
        if rules.min_lead_ms < start - now_ms <= rules.max_lead_ms
    )


def appointments_of(state: State, citizen: str) -> tuple[Appointment, ...]:
    """Appointments of a citizen that are still to come."""
    return tuple(
        appointment
        for appointment in state.appointments.values()
        if appointment.citizen == citizen and appointment.phase is AppointmentPhase.BOOKED
    )


def _counts(phases: type[P], found: Counter[P]) -> dict[P, int]:
    return {phase: found[phase] for phase in phases}


def _in_order(state: State) -> Iterator[tuple[int, int, Call]]:
    return merge(*state.waiting.lines(), *state.targeted.values())


def _call_view(call: Call, now_ms: int) -> CallView:
    talk = call.talk
    until_ms = talk.accepted_ms if talk is not None else now_ms
    return CallView(
        call.id,
        call.phase,
        call.purpose,
        call.parent,
        call.kiosk,
        call.citizen,
        call.case,
        call.item,
        call.region,
        call.kind,
        call.language,
        call.media,
        call.priority,
        call.appointment,
        call.contact,
        call.enqueued_ms,
        max(0, until_ms - call.enqueued_ms),
        call.ring,
        call.scope,
        call.level,
        call.widen_ms,
        call.attempts,
        call.seat,
        call.offer,
        call.deadline_ms,
        talk is not None and talk.held,
        talk is not None and talk.connected,
        call.participants(),
        talk.invitations if talk is not None else (),
    )


def _seat_view(seat: Seat, now_ms: int) -> SeatView:
    busy_ms = seat.busy_ms + (now_ms - seat.busy_from_ms if seat.busy_from_ms != NEVER_MS else 0)
    online_ms = now_ms - seat.login_ms
    return SeatView(
        seat.id,
        seat.profile.value.name,
        phase_of(seat),
        seat.presence,
        seat.reason,
        seat.profile.home[0],
        tuple(seat.calls),
        {call: until_ms for call, (_, until_ms) in seat.wraps.items()},
        seat.ringing,
        seat.offer,
        seat.reserved,
        seat.unanswered,
        max(0, now_ms - seat.idle_ms),
        busy_ms / online_ms if online_ms > 0 else 0.0,
        seat.rtt_ms,
        seat.media_ready,
    )
