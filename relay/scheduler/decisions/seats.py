"""Seats come, are ready, pause and go."""

from __future__ import annotations

from relay.scheduler.commands import Drain, LogIn, LogOut, ReportPath, SeatSeen, SetReady, TakeBreak, UpdateSeat
from relay.scheduler.draft import Draft
from relay.scheduler.entities import NEVER_MS, Seat
from relay.scheduler.errors import SeatBusy, SeatLimit
from relay.scheduler.events import (
    SeatDraining,
    SeatLeaseRenewed,
    SeatLoggedIn,
    SeatLoggedOut,
    SeatOnBreak,
    SeatPathMeasured,
    SeatReady,
    SeatReleased,
    SeatUpdated,
)
from relay.scheduler.index.profile import check
from relay.scheduler.index.supply import path_class
from relay.scheduler.matching import fill
from relay.scheduler.model import Presence, SeatProfile, Shift

from .arrivals import require_region
from .releases import drop_offer, drop_target, lose_seat, withdraw

_RENEW_AFTER = 4
"""A heartbeat is recorded when a quarter of the lease is used up: more frequent ones cost nothing."""


def log_in(draft: Draft, command: LogIn) -> None:
    """LogIn."""
    state = draft.state
    require_profile(draft, command.profile)
    known = state.seats.get(command.seat)
    if known is not None:
        _renew(draft, known, command.profile, command.shift, shift_ms(command.shift, draft.at_ms), ready=command.ready)
        return
    if len(state.seats) >= state.settings.max_seats:
        raise SeatLimit(f"{len(state.seats)} seats are online")
    first_ms = shift_ms(command.shift, draft.at_ms)
    draft.events.append(
        SeatLoggedIn(draft.at_ms, command.seat, command.profile, command.shift, lease_ms(draft), first_ms)
    )
    if command.ready:
        draft.events.append(SeatReady(draft.at_ms, command.seat))
        fill(draft, Seat(command.seat, state.supply.free_index(), state.resolve(command.profile), draft.at_ms))


def update(draft: Draft, command: UpdateSeat) -> None:
    """UpdateSeat."""
    seat = draft.state.seat(command.seat)
    require_profile(draft, command.profile)
    _renew(draft, seat, command.profile, seat.shift, seat.shift_ms, ready=False)


def set_ready(draft: Draft, command: SetReady) -> None:
    """SetReady."""
    seat = draft.state.seat(command.seat)
    if seat.presence is not Presence.READY:
        draft.events.append(SeatReady(draft.at_ms, seat.id))
        refill(draft, seat, seat.profile.value, ready=True)


def take_break(draft: Draft, command: TakeBreak) -> None:
    """TakeBreak."""
    pause(draft, draft.state.seat(command.seat), command.reason)


def pause(draft: Draft, seat: Seat, reason: str) -> None:
    """On break, ringing ended, nothing kept."""
    if seat.presence is Presence.BREAK and seat.reason == reason:
        return
    stop_offers(draft, seat, "break")
    draft.events.append(SeatOnBreak(draft.at_ms, seat.id, reason))


def drain_by_command(draft: Draft, command: Drain) -> None:
    """Drain."""
    drain(draft, draft.state.seat(command.seat), command.reason)


def drain(draft: Draft, seat: Seat, reason: str) -> None:
    """Offline at once when there is nothing to finish; nobody waits for this seat alone any longer."""
    if seat.presence is Presence.DRAINING:
        return
    stop_offers(draft, seat, "drain")
    for _, _, call in draft.state.targeted.get(seat.id, ()):
        drop_target(draft, call, reason)
    event = SeatDraining if seat.load else SeatLoggedOut
    draft.events.append(event(draft.at_ms, seat.id, reason))


def log_out(draft: Draft, command: LogOut) -> None:
    """LogOut."""
    seat = draft.state.seat(command.seat)
    if seat.calls and not command.force:
        raise SeatBusy(f"the seat {seat.id!r} is in {len(seat.calls)} calls")
    lose_seat(draft, seat, command.reason)


def seen(draft: Draft, command: SeatSeen) -> None:
    """SeatSeen."""
    seat = draft.state.seat(command.seat)
    length_ms = draft.state.settings.seat_lease_ms
    until_ms = draft.at_ms + length_ms
    if length_ms and until_ms - seat.lease_ms >= length_ms // _RENEW_AFTER:
        draft.events.append(SeatLeaseRenewed(draft.at_ms, seat.id, until_ms))


def report_path(draft: Draft, command: ReportPath) -> None:
    """ReportPath: recorded only when it changes what the seat may get."""
    seat = draft.state.seat(command.seat)
    same_class = path_class(seat.rtt_ms) == path_class(command.rtt_ms)
    if same_class and command.media_ready is seat.media_ready:
        return
    draft.events.append(SeatPathMeasured(draft.at_ms, seat.id, command.media_ready, command.rtt_ms))
    if command.media_ready is seat.media_ready:
        return
    if command.media_ready:
        if seat.presence is Presence.READY and not seat.offer and has_room(seat):
            fill(draft, seat)
    else:
        stop_offers(draft, seat, "media")


def lease_ms(draft: Draft) -> int:
    """Until when a seat heard of now is believed to be there."""
    length_ms = draft.state.settings.seat_lease_ms
    return draft.at_ms + length_ms if length_ms else NEVER_MS


def shift_ms(shift: Shift | None, at_ms: int) -> int:
    """The next begin or end of a planned break, or the shift's end, after now; a shift that is over ends at once."""
    if shift is None:
        return NEVER_MS
    points = [point for pause in shift.breaks for point in (pause.start_ms, pause.end_ms)]
    return min((point for point in points if at_ms < point < shift.end_ms), default=max(shift.end_ms, at_ms))


def require_profile(draft: Draft, profile: SeatProfile) -> None:
    """Raise BadProfile, UnknownItem, UnknownRegion."""
    check(profile, draft.state.catalogue)
    for region in profile.regions:
        require_region(draft.state, region)


def _renew(draft: Draft, seat: Seat, profile: SeatProfile, shift: Shift | None, next_ms: int, *, ready: bool) -> None:
    """The seat serves something else from now on; an appointment it was kept for looks for a seat anew."""
    if seat.reserved:
        draft.events.append(SeatReleased(draft.at_ms, seat.id, seat.reserved, "not_available"))
    draft.events.append(SeatUpdated(draft.at_ms, seat.id, profile, shift, lease_ms(draft), next_ms))
    ready = ready and seat.presence is not Presence.READY
    if ready:
        draft.events.append(SeatReady(draft.at_ms, seat.id))
    refill(draft, seat, profile, ready=ready)


def has_room(seat: Seat) -> bool:
    """Whether its capacity and keeping allow one more call."""
    return seat.load < seat.profile.value.capacity and not seat.reserved


def refill(draft: Draft, seat: Seat, profile: SeatProfile, *, ready: bool) -> None:
    """The seat may be able to take a call that it could not take before."""
    wanted = ready or seat.presence is Presence.READY
    if not wanted or seat.offer or not seat.media_ready or seat.load >= profile.capacity:
        return
    as_it_will_be = Seat(seat.id, seat.index, draft.state.resolve(profile), draft.at_ms)
    fill(draft, as_it_will_be)


def stop_offers(draft: Draft, seat: Seat, reason: str) -> None:
    """The seat gets nothing any more: a ringing call goes back, an appointment looks for another seat."""
    if seat.ringing:
        call = draft.state.calls[seat.ringing]
        withdraw(draft, call, reason)
        if draft.freed is not None:
            draft.freed.pop(seat.id, None)
        drop_offer(draft, call, reason)
    if seat.reserved:
        draft.events.append(SeatReleased(draft.at_ms, seat.id, seat.reserved, "not_available"))
    draft.take(seat)
