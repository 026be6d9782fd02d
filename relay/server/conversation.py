"""Requests within a call, and about calling back: each becomes one command of the scheduler, which knows the rules."""

from relay.errors import Forbidden, NotFound
from relay.scheduler import commands, events
from relay.scheduler.model import Role, Target
from relay.server import messages
from relay.server.caller import Caller
from relay.server.phrasing import call_state
from relay.service.notices import CallChanged


async def transfer(caller: Caller, message: messages.Transfer) -> messages.ServerMessage:
    """Cold transfer."""
    target = _target(message.target)
    await caller.exchange.submit(commands.TransferCall(message.call, caller.name, target, message.reason))
    return messages.Ok(re=message.id)


async def invite(caller: Caller, message: messages.Invite) -> messages.ServerMessage:
    """Ask a colleague in."""
    command = commands.InviteSeat(message.call, caller.name, _target(message.target), message.purpose)
    happened = await caller.exchange.submit(command)
    invitation = next(event.invitation for event in happened if isinstance(event, events.SeatInvited))
    return messages.Invited(re=message.id, invitation=invitation)


async def merge(caller: Caller, message: messages.Merge) -> messages.ServerMessage:
    """Consult becomes conference."""
    await caller.exchange.submit(commands.MergeCall(message.call, caller.name))
    return messages.Ok(re=message.id)


async def hand_over(caller: Caller, message: messages.HandOver) -> messages.ServerMessage:
    """Warm transfer."""
    await caller.exchange.submit(commands.CompleteTransfer(message.call, caller.name, message.to or ""))
    return messages.Ok(re=message.id)


async def leave(caller: Caller, message: messages.Leave) -> messages.ServerMessage:
    """An invited seat goes."""
    await caller.exchange.submit(commands.LeaveCall(message.call, caller.name))
    return messages.Ok(re=message.id)


async def supervise(caller: Caller, message: messages.Supervise) -> messages.ServerMessage:
    """Listen, whisper or barge in."""
    await caller.exchange.submit(commands.Supervise(message.call, caller.name, Role(message.mode)))
    return messages.Ok(re=message.id)


async def stop_supervising(caller: Caller, message: messages.StopSupervising) -> messages.ServerMessage:
    """The supervisor goes."""
    await caller.exchange.submit(commands.StopSupervising(message.call, caller.name))
    return messages.Ok(re=message.id)


async def request_callback(caller: Caller, message: messages.RequestCallback) -> messages.ServerMessage:
    """The citizen leaves and keeps the place."""
    caller.own_call(message.call)
    await caller.exchange.submit(commands.RequestCallback(message.call, message.contact or caller.name))
    view = caller.exchange.records.call(message.call)
    if view is not None:
        caller.connection.send(call_state(CallChanged(view)))
    return messages.Ok(re=message.id)


async def answer_callback(caller: Caller, message: messages.AnswerCallback) -> messages.ServerMessage:
    """The citizen who was rung back is there, or is not."""
    call = caller.exchange.records.call(message.call)
    if call is None:
        raise NotFound(f"There is no call {message.call!r}, or it is over.")
    if call.contact != caller.name:
        raise Forbidden("This call rings elsewhere.")
    answered = commands.AnswerCallback(message.call)
    await caller.exchange.submit(answered if message.answered else commands.FailCallback(message.call, message.reason))
    return messages.Ok(re=message.id)


def _target(target: messages.Target) -> Target:
    return Target(target.seat or "", target.item or "", target.region or "")
