"""How a call comes into, moves in, and leaves the queue; shared by all events that do so."""

from __future__ import annotations

from relay.scheduler.entities import NEVER_MS, Call, Kiosk
from relay.scheduler.index.due import Due
from relay.scheduler.index.ordered import Ordered
from relay.scheduler.model import CallPhase
from relay.scheduler.state import State

_WAITING, _CLOSED = CallPhase.WAITING, CallPhase.CLOSED
_WIDEN = Due.WIDEN
_DEADLINES = {
    CallPhase.OFFERED: Due.OFFER,
    CallPhase.CALLING_BACK: Due.RING_BACK,
    CallPhase.TALKING: Due.CONNECT,
    CallPhase.HELD: Due.CONNECT,
}


def enqueue(state: State, call: Call) -> None:
    """The call waits where its search stands, with its timers set."""
    call.phase = _WAITING
    timers = state.timers
    if call.widen_ms != NEVER_MS:
        timers.set(call.widen_ms, _WIDEN, call.seq, call.id)
    if call.give_up_ms != NEVER_MS:
        timers.set(call.give_up_ms, Due.GIVE_UP, call.seq, call.id)
    if call.target_until_ms != NEVER_MS:
        timers.set(call.target_until_ms, Due.TARGET, call.seq, call.id)
    state.waiting_calls += 1
    count_caps(state, call, 1)
    index(state, call)


def dequeue(state: State, call: Call) -> None:
    """The call waits no longer."""
    unindex(state, call)
    state.waiting_calls -= 1
    count_caps(state, call, -1)


def index(state: State, call: Call) -> None:
    """Let seats find the call; a callback that rests is not found."""
    if call.retry_ms != NEVER_MS:
        return
    if not call.target:
        state.waiting.add(call, state.waiting.line_of(call))
        return
    call.indexed = True
    state.targeted.setdefault(call.target, Ordered()).add(call.virtual_ms, call.seq, call)


def unindex(state: State, call: Call) -> None:
    """Seats find the call no longer."""
    if not call.indexed:
        return
    if not call.target:
        state.waiting.remove(call)
        return
    aimed = state.targeted[call.target]
    aimed.remove(call.virtual_ms, call.seq)
    call.indexed = False
    if not aimed:
        del state.targeted[call.target]


def count_caps(state: State, call: Call, change: int) -> None:
    """Keep the counts of the queue caps; invitations do not count."""
    if state.cap_counts and not call.parent:
        for number in state.rules.caps(call.item, call.region):
            state.cap_counts[number] += change


def bar(state: State, call: Call, seat: str, until_ms: int) -> None:
    """The seat is not asked for this call before then; NEVER_MS: not again."""
    if call.barred is None:
        call.barred = {}
    call.barred[seat] = until_ms
    state.shunned.setdefault(seat, set()).add(call.id)
    state.timers.set(until_ms, Due.BACKOFF, call.seq, call.id, seat)


def unbar(state: State, call: Call, seat: str) -> None:
    """The seat may be asked again."""
    if call.barred is not None and call.barred.pop(seat, None) is not None:
        _forget_shunned(state, call, seat)
        if not call.barred:
            call.barred = None


def open_call(state: State, call: Call) -> None:
    """The call is known, to its kiosk and citizen too."""
    state.calls[call.id] = call
    if call.parent:
        return
    if call.citizen:
        state.citizens[call.citizen] = state.citizens.get(call.citizen, 0) + 1
    kiosk = state.kiosks.get(call.kiosk)
    if kiosk is None:
        kiosk = state.kiosks[call.kiosk] = Kiosk(call.kiosk)
        length_ms = state.settings.kiosk_lease_ms
        if length_ms:
            kiosk.lease_ms = state.clock_ms + length_ms
            state.timers.set(kiosk.lease_ms, Due.KIOSK_LEASE, 0, "", kiosk.id)
    kiosk.calls += (call.id,)


def leave_kiosk(state: State, call: Call) -> None:
    """The kiosk is free for another call, for this conversation is over."""
    if call.parent:
        return
    _take_from_kiosk(state, call)
    if call.citizen:
        left = state.citizens.get(call.citizen, 0) - 1
        if left > 0:
            state.citizens[call.citizen] = left
        else:
            state.citizens.pop(call.citizen, None)


def move_to_kiosk(state: State, call: Call, name: str) -> None:
    """The citizen is at another kiosk than before, which need not be one that sends signs of life."""
    if call.kiosk == name:
        return
    _take_from_kiosk(state, call)
    call.kiosk = name
    kiosk = state.kiosks.get(name)
    if kiosk is None:
        kiosk = state.kiosks[name] = Kiosk(name)
    kiosk.calls += (call.id,)


def _take_from_kiosk(state: State, call: Call) -> None:
    kiosk = state.kiosks.get(call.kiosk)
    if kiosk is not None and call.id in kiosk.calls:
        if len(kiosk.calls) == 1:
            del state.kiosks[call.kiosk]
        else:
            kiosk.calls = tuple([name for name in kiosk.calls if name != call.id])


def close_call(state: State, call: Call) -> None:
    """The call leaves the engine; its key is remembered for a while."""
    call.phase = _CLOSED
    del state.calls[call.id]
    if call.barred:
        for seat in call.barred:
            _forget_shunned(state, call, seat)
    if call.key:
        settings = state.settings
        state.keys.put(call.key, call.id, state.clock_ms + settings.key_window_ms)
        state.keys.forget(state.clock_ms, settings.max_keys)
    if call.parent:
        parent = state.calls.get(call.parent)
        if parent is not None and parent.talk is not None:
            parent.talk.invitations = tuple([name for name in parent.talk.invitations if name != call.id])


def _forget_shunned(state: State, call: Call, seat: str) -> None:
    shunned = state.shunned[seat]
    shunned.discard(call.id)
    if not shunned:
        del state.shunned[seat]


def restore_call(state: State, call: Call) -> None:
    """Rebuild what is derived from a call that a snapshot kept."""
    state.calls[call.id] = call
    ended = call.phase is CallPhase.WRAP_UP
    if call.citizen and not call.parent and not ended:
        state.citizens[call.citizen] = state.citizens.get(call.citizen, 0) + 1
    for seat, until_ms in (call.barred or {}).items():
        state.shunned.setdefault(seat, set()).add(call.id)
        state.timers.set(until_ms, Due.BACKOFF, call.seq, call.id, seat)
    if call.phase is _WAITING:
        enqueue(state, call)
        state.timers.set(call.retry_ms, Due.RETRY, call.seq, call.id)
    elif call.phase is CallPhase.OFFERED:
        state.offers[call.offer] = call
    kind = _DEADLINES.get(call.phase)
    if kind is not None:
        state.timers.set(call.deadline_ms, kind, call.seq, call.id)
