"""What each signalling request does: one small function per message, and who may send it."""

from collections.abc import Awaitable, Callable
from dataclasses import fields
from typing import Any

from relay.errors import Conflict, Forbidden
from relay.scheduler import commands
from relay.scheduler.model import Kind, Party
from relay.server import conversation, messages
from relay.server.caller import Caller
from relay.server.phrasing import call_state
from relay.service.call_quality import SlotReport
from relay.service.notices import CallChanged
from relay.service.participants import Desk
from relay.service.profiles import highest_priority, seat_profile
from relay.service.shell.exchange import CallOver
from relay.service.views import CallView
from relay.sfu.session.events import PeerOffer

Reply = messages.ServerMessage
Handler = Callable[[Caller, Any], Awaitable[Reply]]


async def carry_out(caller: Caller, message: messages.ClientMessage) -> Reply:
    """Do what a message asks; its reply. Raises `Forbidden` for another desk's message, and any typed error."""
    row = _HANDLERS.get(type(message))
    if row is None:
        raise Conflict("The hello was said already.")
    desks, handler = row
    if caller.participant.who.desk not in desks:
        raise Forbidden(f"A {caller.participant.who.desk} may not send this.")
    return await handler(caller, message)


async def _offer(caller: Caller, message: messages.Offer) -> Reply:
    offer = PeerOffer(message.sdp, dict(message.sources), dict(message.slots))
    return messages.Answer(re=message.id, sdp=await caller.exchange.answer(caller.participant, offer))


async def _request_call(caller: Caller, message: messages.RequestCall) -> Reply:
    if message.appointment is not None:
        return call_state(CallChanged(await _check_in(caller, message.appointment)), re=message.id)
    call = await caller.exchange.request_call(
        commands.RequestCall(
            key=f"{caller.name}/{message.idempotency_key}",
            kiosk=caller.name,
            item=message.item,
            region=message.region or caller.participant.region,
            kind=Kind(message.kind),
            language=message.language,
            priority=highest_priority(message.priority, caller.exchange.scheduler.state.settings),
            citizen=message.citizen or "",
            case=message.case or "",
            resume=message.resume or "",
        )
    )
    return call_state(CallChanged(call), re=message.id)


async def _check_in(caller: Caller, token: str) -> CallView:
    """The call of a booked citizen who shows the token of the booking here."""
    appointment = caller.checkin.verify(token)
    await caller.exchange.submit(commands.CheckIn(appointment=appointment, kiosk=caller.name))
    call = caller.exchange.records.call(caller.exchange.scheduler.state.appointments[appointment].call)
    if call is None:
        raise CallOver(f"The call of the appointment {appointment!r} is over.")
    return call


async def _hang_up(caller: Caller, message: messages.HangUp) -> Reply:
    if caller.exchange.records.call(message.call) is not None:
        caller.own_call(message.call)
        by = Party.KIOSK if caller.participant.who.desk is Desk.KIOSK else Party.SEAT
        await caller.exchange.submit(commands.HangUp(call=message.call, by=by, reason=message.reason or "hangup"))
    return messages.Ok(re=message.id)


async def _set_presence(caller: Caller, message: messages.SetPresence) -> Reply:
    await _PRESENCE[message.state](caller)
    return messages.Ok(re=message.id)


async def _ready(caller: Caller) -> None:
    if caller.exchange.records.seat(caller.name).state == "offline":
        await _log_in(caller)
    await caller.exchange.submit(commands.SetReady(seat=caller.name))


async def _break(caller: Caller) -> None:
    if caller.exchange.records.seat(caller.name).state == "offline":
        await _log_in(caller)
    else:
        await caller.exchange.submit(commands.TakeBreak(seat=caller.name))


async def _offline(caller: Caller) -> None:
    if caller.exchange.records.seat(caller.name).state != "offline":
        await caller.exchange.submit(commands.LogOut(seat=caller.name))


async def _log_in(caller: Caller) -> None:
    identity = caller.identity
    listed = caller.exchange.directory.seat(caller.name)
    profile = seat_profile(listed, identity.name, identity.region, identity.skills, identity.languages)
    await caller.exchange.log_in(caller.participant, profile)


_PRESENCE: dict[str, Callable[[Caller], Awaitable[None]]] = {"ready": _ready, "break": _break, "offline": _offline}


async def _accept(caller: Caller, message: messages.AcceptOffer) -> Reply:
    await caller.exchange.submit(commands.AcceptOffer(offer=message.offer, seat=caller.name))
    return messages.Ok(re=message.id)


async def _decline(caller: Caller, message: messages.DeclineOffer) -> Reply:
    await caller.exchange.submit(commands.DeclineOffer(offer=message.offer, seat=caller.name, reason=message.reason))
    return messages.Ok(re=message.id)


async def _hold(caller: Caller, message: messages.Hold) -> Reply:
    command = commands.HoldCall if message.held else commands.ResumeCall
    await caller.exchange.submit(command(call=message.call, seat=caller.name))
    return messages.Ok(re=message.id)


async def _finish_wrap_up(caller: Caller, message: messages.FinishWrapUp) -> Reply:
    await caller.exchange.submit(
        commands.FinishWrapUp(call=message.call, seat=caller.name, disposition=message.disposition)
    )
    return messages.Ok(re=message.id)


async def _set_source(caller: Caller, message: messages.SetSource) -> Reply:
    await caller.exchange.switch_source(caller.participant, message.source, active=message.active)
    return messages.Ok(re=message.id)


async def _first_frame(caller: Caller, message: messages.FirstFrame) -> Reply:
    caller.own_call(message.call)
    caller.exchange.observations.note_first_frame(message.slot, message.elapsed_ms / 1000)
    return messages.Ok(re=message.id)


async def _report_media(caller: Caller, message: messages.ReportMedia) -> Reply:
    caller.own_call(message.call)
    if caller.exchange.conversations.members(message.call):
        reports = [SlotReport(*(getattr(each, name) for name in _REPORTED)) for each in message.slots]
        book = caller.exchange.observations.calls
        book.take_report(message.call, caller.participant.who, reports, caller.clock.now_s())
    return messages.Ok(re=message.id)


async def _heartbeat(caller: Caller, message: messages.Heartbeat) -> Reply:
    await caller.exchange.heard(caller.participant)
    return messages.Ok(re=message.id)


async def _watch(caller: Caller, message: messages.Watch) -> Reply:
    caller.wallboards.add(caller.connection)
    return messages.Ok(re=message.id)


_REPORTED = tuple(field.name for field in fields(SlotReport))


async def _directory(caller: Caller, message: messages.GetDirectory) -> Reply:
    return caller.connection.phrasebook.directory(caller.exchange.house.seats(), re=message.id)


_KIOSK, _SEAT, _SUPERVISOR = frozenset({Desk.KIOSK}), frozenset({Desk.SEAT}), frozenset({Desk.SUPERVISOR})
_HANDLERS: dict[type[messages.ClientMessage], tuple[frozenset[Desk], Handler]] = {
    messages.Offer: (frozenset(Desk), _offer),
    messages.RequestCall: (_KIOSK, _request_call),
    messages.HangUp: (_KIOSK | _SEAT, _hang_up),
    messages.SetPresence: (_SEAT, _set_presence),
    messages.AcceptOffer: (_SEAT, _accept),
    messages.DeclineOffer: (_SEAT, _decline),
    messages.Hold: (_SEAT, _hold),
    messages.FinishWrapUp: (_SEAT, _finish_wrap_up),
    messages.SetSource: (frozenset(Desk), _set_source),
    messages.FirstFrame: (frozenset(Desk), _first_frame),
    messages.ReportMedia: (frozenset(Desk), _report_media),
    messages.Heartbeat: (frozenset(Desk), _heartbeat),
    messages.Watch: (_SUPERVISOR, _watch),
    messages.GetDirectory: (_SEAT | _SUPERVISOR, _directory),
    messages.Transfer: (_SEAT, conversation.transfer),
    messages.Invite: (_SEAT, conversation.invite),
    messages.Merge: (_SEAT, conversation.merge),
    messages.HandOver: (_SEAT, conversation.hand_over),
    messages.Leave: (_SEAT, conversation.leave),
    messages.Supervise: (_SUPERVISOR, conversation.supervise),
    messages.StopSupervising: (_SUPERVISOR, conversation.stop_supervising),
    messages.RequestCallback: (_KIOSK, conversation.request_callback),
    messages.AnswerCallback: (_KIOSK, conversation.answer_callback),
}
