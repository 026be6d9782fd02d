"""What happens in a call, from its acceptance to the end of wrap-up."""

from __future__ import annotations

from relay.scheduler.commands import (
    ConfirmMedia,
    FailMedia,
    FinishWrapUp,
    HangUp,
    HoldCall,
    LeaveCall,
    ResumeCall,
    StopSupervising,
    Supervise,
    TransferCall,
)
from relay.scheduler.commands.command import Command
from relay.scheduler.draft import Draft
from relay.scheduler.entities import NEVER_MS, Call
from relay.scheduler.errors import (
    BadTarget,
    ConferenceFull,
    NotInPhase,
    NotYours,
    UnknownCall,
    UnknownDisposition,
)
from relay.scheduler.events import (
    CallConnected,
    CallEnded,
    CallHeld,
    CallResumed,
    CallTransferred,
    RolesChanged,
    WrapUpFinished,
)
from relay.scheduler.lifecycle import COMMAND_PHASES, QUEUED
from relay.scheduler.model import CallPhase, Participant, Party, Presence, Role, Target
from relay.scheduler.rules import Step

from .arrivals import require_region
from .releases import abandon, cancel_invitations, free_others, leave, others_of, requeue, wrap_until_ms

_CALLING_BACK, _WRAP_UP = CallPhase.CALLING_BACK, CallPhase.WRAP_UP
_KIOSK, _SEAT = Party.KIOSK, Party.SEAT
SUPERVISING = frozenset({Role.MONITOR, Role.WHISPER, Role.BARGE})


def hang_up(draft: Draft, command: HangUp) -> None:
    """HangUp."""
    state = draft.state
    call = state.calls.get(command.call)
    if call is None:
        number = command.call[1:]
        if command.call[:1] == "c" and number.isascii() and number.isdigit() and 0 < int(number) <= state.calls_made:
            return
        raise UnknownCall(f"no call was ever called {command.call!r}")
    if call.phase in QUEUED:
        resume_ms = state.settings.resume_window_ms
        kept = resume_ms and command.by is _KIOSK and not call.parent and not call.contact
        abandon(draft, call, command.by, command.reason, draft.at_ms + resume_ms if kept else NEVER_MS)
    elif call.phase is not _WRAP_UP:
        end(draft, call, command.by, command.reason)


def end(draft: Draft, call: Call, by: Party, reason: str) -> None:
    """The conversation is over."""
    cancel_invitations(draft, call, "parent_ended")
    talk_ms = draft.at_ms - call.talk.accepted_ms if call.talk is not None else 0
    until_ms = NEVER_MS if call.phase is _CALLING_BACK else wrap_until_ms(draft)
    draft.events.append(
        CallEnded(
            draft.at_ms,
            call.id,
            call.contact or call.kiosk,
            call.seat,
            by,
            reason,
            talk_ms,
            until_ms,
            others_of(call),
        )
    )
    free_others(draft, call)
    if until_ms == NEVER_MS:
        draft.free(call.seat)


def lose_citizen(draft: Draft, call: Call) -> None:
    """The kiosk fell silent: a waiting call may be resumed for a while, a conversation is over."""
    if call.phase in QUEUED:
        kept_ms = draft.state.settings.resume_window_ms
        abandon(draft, call, Party.KIOSK, "kiosk_lost", draft.at_ms + kept_ms if kept_ms else NEVER_MS)
    elif call.phase is not _WRAP_UP:
        end(draft, call, Party.KIOSK, "kiosk_lost")


def finish_wrap_up(draft: Draft, command: FinishWrapUp) -> None:
    """FinishWrapUp."""
    codes = draft.state.settings.dispositions
    if codes and command.disposition not in codes:
        raise UnknownDisposition(f"{command.disposition!r} is not one of {', '.join(codes)}")
    seat = draft.state.seat(command.seat)
    since = seat.wraps.get(command.call)
    if since is None:
        raise NotInPhase(f"the seat {seat.id!r} does not wrap up call {command.call}")
    draft.events.append(
        WrapUpFinished(draft.at_ms, command.call, seat.id, command.disposition, _SEAT, draft.at_ms - since[0])
    )
    draft.free(seat.id)


def confirm_media(draft: Draft, command: ConfirmMedia) -> None:
    """ConfirmMedia."""
    call = in_phase(draft, command.call, command)
    if call.talk is not None and not call.talk.connected:
        draft.events.append(CallConnected(draft.at_ms, call.id, draft.at_ms - call.talk.accepted_ms))


def fail_media(draft: Draft, command: FailMedia) -> None:
    """FailMedia."""
    lose_media(draft, in_phase(draft, command.call, command), command.reason)


def lose_media(draft: Draft, call: Call, reason: str) -> None:
    """The call returns to its place; its seat is free, but not for this call."""
    requeue(draft, call, reason, draft.at_ms + draft.state.settings.backoff_ms)
    draft.free(call.seat)


def hold(draft: Draft, command: HoldCall) -> None:
    """HoldCall."""
    call = responsible(draft, command.call, command.seat, command)
    participants = tuple(
        Participant(member.who, member.role, held=member.role is Role.CITIZEN) for member in call.participants()
    )
    draft.events.append(CallHeld(draft.at_ms, call.id, call.seat, participants, call.revision + 1))


def resume(draft: Draft, command: ResumeCall) -> None:
    """ResumeCall."""
    call = responsible(draft, command.call, command.seat, command)
    draft.events.append(CallResumed(draft.at_ms, call.id, call.seat, unheld(call), call.revision + 1))


def transfer(draft: Draft, command: TransferCall) -> None:
    """TransferCall."""
    call = responsible(draft, command.call, command.seat, command)
    item, region, level, plan = aim(draft, call, command.target)
    step = plan[0]
    cancel_invitations(draft, call, "transferred")
    free_others(draft, call)
    until_ms, pause_ms = wrap_until_ms(draft), draft.state.settings.transfer_backoff_ms
    draft.events.append(
        CallTransferred(
            draft.at_ms,
            call.id,
            call.contact or call.kiosk,
            call.seat,
            item,
            region,
            level,
            step.ring,
            step.scope,
            step.level,
            draft.at_ms + plan[1].after_ms if len(plan) > 1 else NEVER_MS,
            command.target.seat,
            command.reason,
            until_ms,
            call.revision + 1,
            others_of(call),
            draft.at_ms + pause_ms if pause_ms else NEVER_MS,
        )
    )
    line = draft.state.waiting.line(item, step.scope, call.kind, call.language, call.media, step.level)
    draft.transfer(call, line=line, region=region, target=command.target.seat)
    if until_ms == NEVER_MS:
        draft.free(call.seat)


def leave_call(draft: Draft, command: LeaveCall) -> None:
    """LeaveCall."""
    call = in_phase(draft, command.call, command)
    seat = draft.state.seat(command.seat)
    if call.id not in seat.calls or call.seat == seat.id:
        raise NotYours(f"the seat {seat.id!r} is not a further participant of call {call.id}")
    leave(draft, call, seat.id, "left")
    draft.free(seat.id)


def supervise(draft: Draft, command: Supervise) -> None:
    """Supervise."""
    call = in_phase(draft, command.call, command)
    if command.mode not in SUPERVISING:
        raise BadTarget(f"{command.mode} is no way of supervising: monitor, whisper, barge")
    members = call.participants()
    if any(member.who == command.supervisor and member.role not in SUPERVISING for member in members):
        raise BadTarget(f"{command.supervisor!r} takes part in call {call.id} already")
    kept = tuple(member for member in members if member.who != command.supervisor)
    if len(kept) >= draft.state.settings.max_participants:
        raise ConferenceFull(f"{len(kept)} take part in call {call.id}")
    participants = (*kept, Participant(command.supervisor, command.mode))
    if set(participants) != set(members):
        change_roles(draft, call, participants, command.mode, command.supervisor)


def stop_supervising(draft: Draft, command: StopSupervising) -> None:
    """StopSupervising."""
    call = in_phase(draft, command.call, command)
    members = call.participants()
    kept = tuple(m for m in members if m.who != command.supervisor or m.role not in SUPERVISING)
    if len(kept) != len(members):
        change_roles(draft, call, kept, "left", command.supervisor)


def change_roles(draft: Draft, call: Call, participants: tuple[Participant, ...], reason: str, who: str) -> None:
    """Who takes part, and how, is another from now on."""
    draft.events.append(RolesChanged(draft.at_ms, call.id, participants, reason, who, call.revision + 1))


def unheld(call: Call) -> tuple[Participant, ...]:
    """The participants, nobody on hold."""
    return tuple(Participant(member.who, member.role) for member in call.participants())


def in_phase(draft: Draft, name: str, command: Command) -> Call:
    """The call, in a phase in which the command makes sense. Raises UnknownCall, NotInPhase."""
    call = draft.state.call(name)
    if call.phase not in COMMAND_PHASES[type(command)]:
        raise NotInPhase(f"{type(command).__name__}: call {call.id} is {call.phase}")
    if call.parent:
        raise NotInPhase(f"{type(command).__name__}: {call.id} is an invitation to call {call.parent}")
    return call


def responsible(draft: Draft, name: str, seat: str, command: Command) -> Call:
    """As `in_phase`, for what only the responsible seat may do. Raises NotYours too."""
    call = in_phase(draft, name, command)
    if call.seat != seat:
        raise NotYours(f"call {call.id} is not steered by {seat!r}")
    return call


def aim(draft: Draft, call: Call, target: Target) -> tuple[str, str, int, tuple[Step, ...]]:
    """Item, region, level and search plan of a target. Raises BadTarget, UnknownSeat, UnknownItem, UnknownRegion."""
    state = draft.state
    if not (target.seat or target.item or target.region):
        raise BadTarget
    if target.seat:
        if state.seat(target.seat).presence is Presence.DRAINING:
            raise BadTarget(f"{target.seat!r} takes no more calls")
        if any(member.who == target.seat for member in call.participants()):
            raise BadTarget(f"{target.seat!r} takes part in call {call.id} already")
    region = target.region or call.region
    require_region(state, region)
    code = target.item or call.item
    item = state.catalogue.item(code) if target.item else state.catalogue.items.get(code)
    level = max(1, item.min_level if item is not None and target.item else call.min_level)
    return code, region, level, state.rules.plan(state.reach(code), region, level)
