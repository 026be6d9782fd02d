"""What is said within a call once it is answered, or about calling back: transfer, consult, conference, supervision."""

from typing import Literal

import msgspec

from relay.server.messages.replies import Reply
from relay.server.messages.requests import Request
from relay.server.messages.vocabulary import Name, ShortText


class Target(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Where a transfer or invitation goes: one seat, or whoever serves this item in this region.

    What is left out is that of the call; with `seat`, only that seat is asked.
    """

    seat: Name | None = None
    item: Name | None = None
    region: Name | None = None


class Transfer(Request, kw_only=True, tag="call.transfer"):
    """Seat: cold transfer. The call waits for the target with the age it has; this seat wraps up. Reply: `ok`."""

    call: Name
    target: Target
    reason: ShortText = ""


class Invite(Request, kw_only=True, tag="call.invite"):
    """Seat: ask a colleague into the call. Reply: `invited`; `call.hangup` on the invitation takes it back.

    In a `consult` the citizen does not hear the colleague; hold the call so that neither hears the citizen.
    """

    call: Name
    target: Target
    purpose: Literal["consult", "conference"] = "consult"


class Merge(Request, kw_only=True, tag="call.merge"):
    """Seat: the consulted colleagues join the conversation, and a hold ends. Reply: `ok`."""

    call: Name


class HandOver(Request, kw_only=True, tag="call.hand-over"):
    """Seat: warm transfer. The colleague (`to`, or the only one) becomes responsible; this seat wraps up. Reply: `ok`."""

    call: Name
    to: Name | None = None


class Leave(Request, kw_only=True, tag="call.leave"):
    """Seat: leave a conversation one was invited to. Reply: `ok`."""

    call: Name


class Supervise(Request, kw_only=True, tag="call.supervise"):
    """Supervisor: listen (`monitor`), speak to the caseworker (`whisper`) or to all (`barge`); repeat to change.

    Reply: `ok`. Media needs an `offer` with slots before; what comes out of them is as `call.state` says.
    """

    call: Name
    mode: Literal["monitor", "whisper", "barge"] = "monitor"


class StopSupervising(Request, kw_only=True, tag="call.unsupervise"):
    """Supervisor: leave the call. Reply: `ok`."""

    call: Name


class RequestCallback(Request, kw_only=True, tag="callback.request"):
    """Kiosk: the citizen leaves, the place in the queue stays; this kiosk (or `contact`) is rung later. Reply: `ok`."""

    call: Name
    contact: Name | None = None


class AnswerCallback(Request, kw_only=True, tag="callback.answer"):
    """Kiosk: the citizen of a `callback.ring` is there, or is not. Reply: `ok`."""

    call: Name
    answered: bool
    reason: ShortText = ""


class Invited(Reply, kw_only=True, tag="invited"):
    """The invitation is on its way; it is a call of its own, with offers of its own."""

    invitation: str


class RingingBack(Reply, kw_only=True, tag="callback.ring"):
    """Kiosk: a seat is there for the citizen who asked to be called back; answer in time."""

    call: str
    item: str
    expires_in_ms: int
