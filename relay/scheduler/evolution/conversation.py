"""Conversations begin, change and end."""

from __future__ import annotations

from relay.errors import InvariantError
from relay.scheduler import events
from relay.scheduler.entities import NEVER_MS, Call, Conversation
from relay.scheduler.index.due import Due
from relay.scheduler.model import CallPhase, Participant, Role
from relay.scheduler.state import State

from .queue import bar, close_call, enqueue, index, leave_kiosk, move_to_kiosk, unbar
from .seating import let_go, rest, take

_TALKING, _WRAP_UP = CallPhase.TALKING, CallPhase.WRAP_UP
_AGENT = Role.AGENT


def accepted(state: State, event: events.CallAccepted) -> None:
    """CallAccepted."""
    call = state.calls[event.call]
    _converse(state, call, event.revision)
    call.deadline_ms = event.connect_ms
    if event.connect_ms != NEVER_MS:
        state.timers.set(event.connect_ms, Due.CONNECT, call.seq, call.id)
    take(state, state.seats[event.seat], call.id, _AGENT)
    _remember(state, call)


def connected(state: State, event: events.CallConnected) -> None:
    """CallConnected."""
    talk = _talk(state.calls[event.call])
    talk.connected = True


def held(state: State, event: events.CallHeld) -> None:
    """CallHeld."""
    call = state.calls[event.call]
    call.phase = CallPhase.HELD
    call.revision = event.revision
    _talk(call).held = True


def resumed(state: State, event: events.CallResumed) -> None:
    """CallResumed."""
    call = state.calls[event.call]
    call.phase = CallPhase.TALKING
    _set_participants(call, event.participants, event.revision)


def transferred(state: State, event: events.CallTransferred) -> None:
    """CallTransferred."""
    call = state.calls[event.call]
    for name in event.others:
        let_go(state, name, call, NEVER_MS)
    let_go(state, event.seat, call, event.wrap_until_ms)
    for seat in tuple(call.barred or ()):
        unbar(state, call, seat)
    bar(state, call, event.seat, event.backoff_ms)
    call.talk = None
    call.revision = event.revision
    call.seat = ""
    call.sticky = ""
    call.deadline_ms = NEVER_MS
    call.item = event.item
    call.region = event.region
    call.search_ms = event.at_ms
    call.min_level = event.min_level
    call.ring = event.ring
    call.scope = event.scope
    call.level = event.level
    call.widen_ms = event.widen_ms
    call.target = event.target
    call.target_until_ms = NEVER_MS
    enqueue(state, call)


def invited(state: State, event: events.SeatInvited) -> None:
    """SeatInvited: the CallRequested of the same decision makes the invitation known."""
    del state, event


def joined(state: State, event: events.SeatJoined) -> None:
    """SeatJoined: the seat is not asked to join a second time."""
    invitation = state.calls[event.invitation]
    del state.offers[event.offer]
    call = state.calls[event.call]
    close_call(state, invitation)
    for name in _talk(call).invitations:
        bar(state, state.calls[name], event.seat, NEVER_MS)
    _set_participants(call, event.participants, event.revision)
    take(state, state.seats[event.seat], call.id, event.role)


def roles_changed(state: State, event: events.RolesChanged) -> None:
    """RolesChanged."""
    call = state.calls[event.call]
    _set_participants(call, event.participants, event.revision)
    for member in event.participants:
        seat = state.seats.get(member.who)
        if seat is not None and call.id in seat.calls:
            seat.calls[call.id] = member.role
    if not _talk(call).held:
        call.phase = CallPhase.TALKING


def handed_over(state: State, event: events.CallHandedOver) -> None:
    """CallHandedOver."""
    call = state.calls[event.call]
    let_go(state, event.seat, call, event.wrap_until_ms)
    call.seat = event.to
    call.phase = CallPhase.TALKING
    _set_participants(call, event.participants, event.revision)
    state.seats[event.to].calls[call.id] = Role.AGENT
    _remember(state, call)


def left(state: State, event: events.SeatLeft) -> None:
    """SeatLeft."""
    call = state.calls[event.call]
    let_go(state, event.seat, call, NEVER_MS)
    _set_participants(call, event.participants, event.revision)


def ended(state: State, event: events.CallEnded) -> None:
    """CallEnded."""
    call = state.calls[event.call]
    for name in event.others:
        let_go(state, name, call, NEVER_MS)
    let_go(state, event.seat, call, event.wrap_until_ms)
    leave_kiosk(state, call)
    call.talk = None
    call.phase = _WRAP_UP
    if not call.wrapping:
        close_call(state, call)


def wrap_up_finished(state: State, event: events.WrapUpFinished) -> None:
    """WrapUpFinished."""
    seat = state.seats[event.seat]
    del seat.wraps[event.call]
    rest(state, seat)
    call = state.calls[event.call]
    call.wrapping -= 1
    if not call.wrapping and call.phase is _WRAP_UP:
        close_call(state, call)


def callback_requested(state: State, event: events.CallbackRequested) -> None:
    """CallbackRequested."""
    state.calls[event.call].contact = event.contact


def callback_started(state: State, event: events.CallbackStarted) -> None:
    """CallbackStarted."""
    call = state.calls[event.call]
    del state.offers[event.offer]
    call.phase = CallPhase.CALLING_BACK
    call.target = ""
    call.target_until_ms = NEVER_MS
    call.callbacks = event.attempt
    call.deadline_ms = event.deadline_ms
    state.timers.set(event.deadline_ms, Due.RING_BACK, call.seq, call.id)
    take(state, state.seats[event.seat], call.id, _AGENT)


def callback_answered(state: State, event: events.CallbackAnswered) -> None:
    """CallbackAnswered."""
    call = state.calls[event.call]
    call.phase = CallPhase.TALKING
    call.revision = event.revision
    call.talk = Conversation(event.at_ms)
    call.deadline_ms = NEVER_MS
    move_to_kiosk(state, call, event.kiosk)
    call.contact = ""
    _remember(state, call)


def callback_failed(state: State, event: events.CallbackFailed) -> None:
    """CallbackFailed."""
    call = state.calls[event.call]
    let_go(state, event.seat, call, NEVER_MS)
    call.seat = ""
    call.callbacks = event.attempt
    call.deadline_ms = NEVER_MS
    call.retry_ms = event.retry_ms
    enqueue(state, call)
    if event.retry_ms != NEVER_MS:
        state.timers.set(event.retry_ms, Due.RETRY, call.seq, call.id)


def callback_retried(state: State, event: events.CallbackRetried) -> None:
    """CallbackRetried."""
    call = state.calls[event.call]
    call.retry_ms = NEVER_MS
    index(state, call)


def _converse(state: State, call: Call, revision: int) -> None:
    del state.offers[call.offer]
    call.phase = _TALKING
    call.revision = revision
    call.talk = Conversation(state.clock_ms)
    call.target = ""
    call.target_until_ms = NEVER_MS


def _set_participants(call: Call, participants: tuple[Participant, ...], revision: int) -> None:
    talk = _talk(call)
    talk.held = any(member.held for member in participants if member.role is Role.CITIZEN)
    talk.others = tuple(m for m in participants if m.role not in (Role.CITIZEN, Role.AGENT))
    call.revision = revision


def _talk(call: Call) -> Conversation:
    talk = call.talk
    if talk is None:
        raise InvariantError(f"call {call.id} is not in conversation")
    return talk


def _remember(state: State, call: Call) -> None:
    """Who serves this citizen and case, for the next time."""
    window_ms = state.settings.sticky_window_ms
    if not window_ms or not (call.citizen or call.case):
        return
    until_ms = state.clock_ms + window_ms
    if call.case:
        state.sticky.put(f"case:{call.case}", call.seat, until_ms)
    if call.citizen:
        state.sticky.put(f"citizen:{call.citizen}", call.seat, until_ms)
    state.sticky.forget(state.clock_ms, state.settings.max_keys)
