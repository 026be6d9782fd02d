"""What the seats of a call do in it."""

from relay.scheduler.model import Role, Target

from .command import Command


class ConfirmMedia(Command, frozen=True):
    """Media flows between the participants: the call is connected, not only accepted. → CallConnected, or nothing.

    With `connect_timeout_ms` set, a call that is not confirmed in time returns to its place in the queue.
    """

    call: str


class FailMedia(Command, frozen=True):
    """The path to the seat is dead while kiosk and seat live: the call returns to its place. → CallRequeued"""

    call: str
    reason: str = "media"


class HoldCall(Command, frozen=True):
    """The citizen waits, seeing and hearing nothing of the seats. → CallHeld"""

    call: str
    seat: str


class ResumeCall(Command, frozen=True):
    """End of hold. → CallResumed"""

    call: str
    seat: str


class TransferCall(Command, frozen=True):
    """Cold transfer: the call waits again, for `target`, with the age it has; this seat wraps up. → CallTransferred

    This seat is not asked for it before `transfer_backoff_ms`; seats that declined it or passed it on earlier are.
    Raises UnknownItem, UnknownRegion, UnknownSeat, BadTarget, NotYours.
    """

    call: str
    seat: str
    target: Target
    reason: str = ""


class InviteSeat(Command, frozen=True):
    """Ask a second seat into the call; with CONSULT the citizen is not heard by it and may be held. → SeatInvited

    The invitation is a call of its own (`purpose`, `parent`) with its own offers; HangUp on it cancels it. A consult
    followed by CompleteTransfer is a warm transfer. Raises as TransferCall, and ConferenceFull.
    """

    call: str
    seat: str
    target: Target
    purpose: str = "consult"
    """`consult` or `conference`."""


class MergeCall(Command, frozen=True):
    """The consulted seats become members of a conference, and the hold ends. → RolesChanged"""

    call: str
    seat: str


class CompleteTransfer(Command, frozen=True):
    """Warm transfer: `to` (or the only other seat) becomes responsible, this seat wraps up. → CallHandedOver"""

    call: str
    seat: str
    to: str = ""


class LeaveCall(Command, frozen=True):
    """A seat that is not responsible leaves the conversation. → SeatLeft"""

    call: str
    seat: str


class Supervise(Command, frozen=True):
    """Listen to a call (monitor), speak to its agent (whisper) or to all (barge); repeat to change. → RolesChanged"""

    call: str
    supervisor: str
    mode: Role = Role.MONITOR


class StopSupervising(Command, frozen=True):
    """The supervisor leaves. → RolesChanged"""

    call: str
    supervisor: str


class FinishWrapUp(Command, frozen=True):
    """The seat is done with its notes. → WrapUpFinished [, CallOffered]

    Raises UnknownDisposition when the settings list codes and this is none.
    """

    call: str
    seat: str
    disposition: str = ""
