"""A second seat in a call: consult, conference, warm transfer."""

from __future__ import annotations

from relay.scheduler.commands import CompleteTransfer, InviteSeat, MergeCall, RequestCall
from relay.scheduler.draft import Draft
from relay.scheduler.errors import BadTarget, ConferenceFull
from relay.scheduler.events import SeatInvited
from relay.scheduler.model import Participant, Purpose, Role, ServiceItem

from .arrivals import Origin, ask
from .conversation import aim, change_roles, responsible, unheld
from .releases import hand_over, wrap_until_ms

_PURPOSES = {"consult": Purpose.CONSULT, "conference": Purpose.CONFERENCE}


def invite(draft: Draft, command: InviteSeat) -> None:
    """InviteSeat."""
    state = draft.state
    call = responsible(draft, command.call, command.seat, command)
    purpose = _PURPOSES.get(command.purpose)
    if purpose is None:
        raise BadTarget(f"an invitation is for a consult or a conference, not {command.purpose!r}")
    code, region, level, _ = aim(draft, call, command.target)
    invitations = call.talk.invitations if call.talk is not None else ()
    if command.target.seat and any(state.calls[name].target == command.target.seat for name in invitations):
        raise BadTarget(f"{command.target.seat!r} is invited to call {call.id} already")
    taking_part = call.participants()
    if len(taking_part) + len(invitations) >= state.settings.max_participants:
        raise ConferenceFull(f"{len(taking_part)} take part in call {call.id}, {len(invitations)} are invited")
    wanted = RequestCall(
        "",
        call.kiosk,
        code,
        region,
        call.kind,
        call.language,
        call.media,
        state.settings.invitation_priority,
        "",
        call.case,
        level,
    )
    item = state.catalogue.items.get(code) or ServiceItem(code, reach=state.reach(code))
    origin = Origin(
        purpose,
        call.id,
        target=command.target.seat,
        barred=tuple(member.who for member in taking_part if member.role is not Role.CITIZEN),
    )
    invitation = draft.next_call()
    draft.events.append(SeatInvited(draft.at_ms, call.id, call.seat, invitation, purpose))
    ask(draft, wanted, item, draft.at_ms, draft.at_ms - state.rules.head_start_ms(wanted.priority), origin)


def merge(draft: Draft, command: MergeCall) -> None:
    """MergeCall."""
    call = responsible(draft, command.call, command.seat, command)
    participants = tuple(
        Participant(member.who, Role.MEMBER if member.role is Role.CONSULTANT else member.role)
        for member in unheld(call)
    )
    if participants == call.participants():
        raise BadTarget(f"nobody is consulted in call {call.id}")
    change_roles(draft, call, participants, "merged", call.seat)


def complete_transfer(draft: Draft, command: CompleteTransfer) -> None:
    """CompleteTransfer."""
    call = responsible(draft, command.call, command.seat, command)
    others = call.talk.others if call.talk is not None else ()
    seats = [member.who for member in others if member.role in (Role.CONSULTANT, Role.MEMBER)]
    if command.to and command.to not in seats:
        raise BadTarget(f"{command.to!r} is not a further seat of call {call.id}")
    if not command.to and len(seats) != 1:
        raise BadTarget(f"call {call.id} has {len(seats)} further seats; name one")
    until_ms = wrap_until_ms(draft)
    hand_over(draft, call, command.to or seats[0], until_ms)
    if until_ms < 0:
        draft.free(call.seat)
