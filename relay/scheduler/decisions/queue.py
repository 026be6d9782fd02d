"""What happens to a call while it waits: hang-ups are in `conversation`, offers in `offers`."""

from __future__ import annotations

from relay.scheduler.commands import AnswerCallback, FailCallback, KioskSeen, Reprioritise, RequestCallback
from relay.scheduler.commands.command import Command
from relay.scheduler.draft import Draft
from relay.scheduler.entities import NEVER_MS, Call
from relay.scheduler.errors import CallbackRefused, KioskLimit, NotInPhase
from relay.scheduler.events import (
    CallAbandoned,
    CallbackAnswered,
    CallbackFailed,
    CallbackRequested,
    CallDeflected,
    CallReprioritised,
    KioskLeaseRenewed,
    SearchWidened,
)
from relay.scheduler.lifecycle import COMMAND_PHASES
from relay.scheduler.model import CallPhase, Party

from .arrivals import callbacks_at

BUSY = "busy"
"""Reason of a failed callback that found somebody else at the kiosk."""
_RENEW_AFTER = 4
"""As for seats: a heartbeat is recorded when a quarter of the lease is used up."""


def reprioritise(draft: Draft, command: Reprioritise) -> None:
    """Reprioritise: the order changes, not who can serve, so nobody is matched anew."""
    call = _in_phase(draft, command.call, command)
    virtual_ms = call.enqueued_ms - draft.state.rules.head_start_ms(command.priority)
    if command.priority != call.priority:
        draft.events.append(CallReprioritised(draft.at_ms, call.id, command.priority, virtual_ms))


def seen(draft: Draft, command: KioskSeen) -> None:
    """KioskSeen."""
    kiosk = draft.state.kiosks.get(command.kiosk)
    length_ms = draft.state.settings.kiosk_lease_ms
    if kiosk is None or not length_ms:
        return
    until_ms = draft.at_ms + length_ms
    if until_ms - kiosk.lease_ms >= length_ms // _RENEW_AFTER:
        draft.events.append(KioskLeaseRenewed(draft.at_ms, kiosk.id, until_ms))


def widen(draft: Draft, call: Call) -> None:
    """The next ring is due."""
    state = draft.state
    plan = state.rules.plan(state.reach(call.item), call.region, call.min_level)
    step, after = plan[-1], None
    for later in reversed(plan):
        if later.ring <= call.ring:
            break
        step, after = later, step if later is not step else None
    widen_ms = call.search_ms + after.after_ms if after is not None else NEVER_MS
    draft.events.append(SearchWidened(draft.at_ms, call.id, step.ring, step.scope, step.level, widen_ms, call.target))
    if not call.target and call.indexed:
        line = state.waiting.line(call.item, step.scope, call.kind, call.language, call.media, step.level)
        draft.widen(call, line)


def give_up(draft: Draft, call: Call) -> None:
    """The longest wait is over, or the door closes."""
    settings = draft.state.settings
    waited_ms = max(0, draft.at_ms - call.enqueued_ms)
    reason = "max_wait" if settings.max_wait_ms and waited_ms >= settings.max_wait_ms else "closed"
    draft.events.append(CallDeflected(draft.at_ms, call.id, call.kiosk, reason, waited_ms))


def request_callback(draft: Draft, command: RequestCallback) -> None:
    """RequestCallback."""
    call = _in_phase(draft, command.call, command)
    if not draft.state.settings.callbacks or call.parent or not command.contact:
        raise CallbackRefused
    limit, kiosk = draft.state.settings.kiosk_callbacks, draft.state.kiosks.get(call.kiosk)
    if limit and not call.contact and kiosk is not None and callbacks_at(draft.state, kiosk) >= limit:
        raise KioskLimit(f"the kiosk {call.kiosk!r} has {limit} open callbacks")
    if call.contact != command.contact:
        draft.events.append(CallbackRequested(draft.at_ms, call.id, command.contact))


def answer_callback(draft: Draft, command: AnswerCallback) -> None:
    """AnswerCallback."""
    call = _in_phase(draft, command.call, command)
    if draft.at_ms >= call.deadline_ms:
        raise NotInPhase(f"the callback of call {call.id} timed out")
    left = call.kiosk if call.kiosk != call.contact else ""
    draft.events.append(CallbackAnswered(draft.at_ms, call.id, call.seat, call.contact, call.revision + 1, left))


def fail_callback(draft: Draft, command: FailCallback) -> None:
    """FailCallback."""
    unanswered(draft, _in_phase(draft, command.call, command), command.reason or "failed")


def unanswered(draft: Draft, call: Call, reason: str) -> None:
    """The citizen was not reached: a pause and another attempt, or the end. A busy booth is not the citizen's doing."""
    settings = draft.state.settings
    attempts = call.callbacks - (reason == BUSY)
    again = attempts < settings.callback_attempts
    retry_ms = draft.at_ms + settings.callback_retry_ms if again else NEVER_MS
    draft.events.append(CallbackFailed(draft.at_ms, call.id, call.seat, reason, attempts, retry_ms))
    draft.free(call.seat)
    if not again:
        waited_ms = max(0, draft.at_ms - call.enqueued_ms)
        draft.events.append(
            CallAbandoned(
                draft.at_ms, call.id, call.kiosk, Party.KIOSK, "callback_unanswered", waited_ms, ringing=False
            )
        )


def _in_phase(draft: Draft, name: str, command: Command) -> Call:
    call = draft.state.call(name)
    phases: frozenset[CallPhase] = COMMAND_PHASES[type(command)]
    if call.phase not in phases:
        raise NotInPhase(f"{type(command).__name__}: call {call.id} is {call.phase}")
    return call
