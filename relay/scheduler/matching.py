"""Bringing a call and a seat together, from either side. Pure questions to the indexes; the draft records the answer.

Both sides use one notion of "can serve": the seat's profile has the item at the asked level, serves a region that
encloses or lies in the call's scope, and has kind, language and media. A barred seat (it declined or missed this very
call) does not count until its back-off ends.

A decision that lets calls and seats go is settled at its end: calls find seats first, then seats find calls, so that no
idle seat is left beside a call that it can serve.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable

from .draft import Choice, Draft, Requeued
from .entities import Call, Seat
from .events import SeatLoggedOut, SeatReserved
from .index.line import Line
from .index.seat_set import SeatSet
from .model import Presence
from .state import State

_READY, _DRAINING = Presence.READY, Presence.DRAINING
_SHOWN = 4
"""Candidates named in an offer's reasons."""
_HOLDS = 8
"""Appointments looked at per freed seat when the share of kept seats is used up."""


def find_seat(
    draft: Draft, line: Line, region: str, barred: dict[str, int] | None = None, sticky: str = ""
) -> Choice | None:
    """The best free seat for a requirement, or None."""
    state = draft.state
    supply = state.supply
    if not supply.idle.size:
        return None
    candidates = supply.eligible(line) & supply.available
    if draft.taken is not None:
        for index in draft.taken:
            candidates.discard(index)
    for name in barred or ():
        seat = state.seats.get(name)
        if seat is not None:
            candidates.discard(seat.index)
    eligible = candidates.count()
    if eligible > 1:
        return _choose(state, line, region, candidates, eligible, sticky)
    if not eligible:
        return None
    only = supply.at(candidates.lowest())
    return Choice(only, "only_candidate", 1, (only.id,))


def find_target(draft: Draft, target: str) -> Choice | None:
    """The one seat that is asked for, if it is free."""
    seat = draft.state.seats.get(target)
    if seat is None or not seat.available or _is_taken(draft, seat):
        return None
    return Choice(seat, "target", 1, (seat.id,))


def settle(draft: Draft) -> None:
    """Find seats for the calls that wait again, calls for the seats that have room again; let drained seats go."""
    if draft.requeued is not None:
        draft.requeued.sort(key=_key)
        for again in draft.requeued:
            _place(draft, again)
    seats = draft.state.seats
    if draft.freed is None:
        return
    if len(draft.freed) == 1:
        for name, released in draft.freed.items():
            _let_go(draft, seats[name], released)
        return
    for seat in sorted([seats[name] for name in draft.freed], key=_idle_order):
        _let_go(draft, seat, draft.freed[seat.id])


def fill(draft: Draft, seat: Seat) -> None:
    """Give a seat that is free from now on the first call it can serve, or keep it for a due appointment."""
    state = draft.state
    call = _first_call(draft, seat)
    if state.holds.size:
        reserved = _keep(draft, seat, call)
        if reserved is not None:
            draft.take(seat)
            draft.kept += 1
            draft.events.append(reserved)
            return
    if call is not None:
        rule = "target" if _is_target(draft, seat, call) else "head_of_queue"
        draft.offer(call.id, call.attempts + 1, call.enqueued_ms, call.virtual_ms, Choice(seat, rule, 1, (seat.id,)))


def keepable(state: State, line: Line, joining: Seat | None = None) -> tuple[int, int]:
    """How many seats that fit `line` are kept idle for appointments, and how many may be.

    `joining` is a seat that fits and wants calls from now on.
    """
    fitting = state.supply.eligible(line)
    staffed = fitting & state.supply.staffed
    if joining is not None:
        staffed.add(joining.index)
    share = state.settings.appointments.lookahead_share
    return (fitting & state.supply.kept).count(), int(share * staffed.count())


def _place(draft: Draft, again: Requeued) -> None:
    call = again.call
    if again.target:
        choice = find_target(draft, again.target)
    else:
        choice = find_seat(draft, again.line, again.region, again.barred, again.sticky)
    if choice is not None:
        draft.offer(call.id, call.attempts + 1, call.enqueued_ms, call.virtual_ms, choice)


def _let_go(draft: Draft, seat: Seat, released: int) -> None:
    load = len(seat.calls) + len(seat.wraps) - released
    if seat.presence is _DRAINING:
        if load <= 0:
            draft.events.append(SeatLoggedOut(draft.at_ms, seat.id, seat.reason))
    elif (
        seat.presence is _READY
        and load < seat.profile.capacity
        and seat.media_ready
        and (not seat.offer or (draft.hushed is not None and seat.id in draft.hushed))
        and (not seat.reserved or (draft.unkept is not None and seat.id in draft.unkept))
        and not _is_taken(draft, seat)
    ):
        fill(draft, seat)


def _key(again: Requeued) -> tuple[int, int]:
    return again.call.virtual_ms, again.call.seq


def _is_taken(draft: Draft, seat: Seat) -> bool:
    return draft.taken is not None and seat.index in draft.taken


def _idle_order(seat: Seat) -> tuple[int, int]:
    return seat.idle_seq, seat.index


def _choose(state: State, line: Line, region: str, candidates: SeatSet, eligible: int, sticky: str) -> Choice:
    supply = state.supply
    considered = supply.names(candidates, _SHOWN)
    if sticky:
        preferred = state.seats.get(sticky)
        if preferred is not None and candidates.has(preferred.index):
            return Choice(preferred, "sticky", eligible, considered)
    rule = "longest_idle"
    for name, narrow in state.rules.policies:
        candidates = narrow(supply, line, region, candidates)
        if candidates.count() == 1:
            return Choice(supply.at(candidates.lowest()), name, eligible, considered)
    return Choice(supply.longest_idle(candidates), rule, eligible, considered)


def _first_call(draft: Draft, seat: Seat) -> Call | None:
    """The lowest key among calls for this seat alone, calls it can serve, and calls let go by this very decision."""
    state = draft.state
    shunned: Collection[str] = state.shunned.get(seat.id, ())
    if draft.placed is not None:
        shunned = draft.placed.union(shunned)
    best = state.waiting.first(seat.profile, shunned)
    aimed = state.targeted.get(seat.id)
    if aimed is not None:
        best = _earlier(best, _first_of(aimed, draft.placed or ()))
    for again in draft.requeued or ():
        if (draft.placed is None or again.call.id not in draft.placed) and _suits(state, again, seat):
            best = _earlier(best, again.call)
    return best


def _suits(state: State, again: Requeued, seat: Seat) -> bool:
    if again.target:
        return again.target == seat.id
    barred = again.barred
    return (not barred or seat.id not in barred) and state.supply.eligible(again.line).has(seat.index)


def _is_target(draft: Draft, seat: Seat, call: Call) -> bool:
    for again in draft.requeued or ():
        if again.call is call:
            return again.target == seat.id
    return call.target == seat.id


def _first_of(entries: Iterable[tuple[int, int, Call]], shunned: Container[str]) -> Call | None:
    for entry in entries:
        if entry[2].id not in shunned:
            return entry[2]
    return None


def _earlier(one: Call | None, other: Call | None) -> Call | None:
    if one is None or other is None:
        return one or other
    return one if (one.virtual_ms, one.seq) < (other.virtual_ms, other.seq) else other


def _keep(draft: Draft, seat: Seat, call: Call | None) -> SeatReserved | None:
    """The seat is kept for the first due appointment, if that comes before `call` and the share allows it."""
    state = draft.state
    passed: set[str] = set()
    for _ in range(_HOLDS):
        hold = state.holds.first(seat.profile, passed)
        if hold is None or (_earlier(call, hold) is call and call is not None):
            return None
        kept, allowed = keepable(state, state.holds.line_of(hold), seat)
        if kept + draft.kept < allowed:
            appointment = state.appointments[hold.id]
            return SeatReserved(draft.at_ms, seat.id, hold.id, appointment.missed_ms, kept + 1, allowed)
        passed.add(hold.id)
    return None
