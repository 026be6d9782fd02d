"""The life of a call and of a seat as tables: what may be asked in which phase, and where an event leads.

`COMMAND_PHASES` is the law that `decide` refuses by. `CALL_TRANSITIONS` is the map of what `evolve` does; the property
tests walk random histories and find every step in it, and the diagram in the documentation is drawn from it.
"""

from . import commands, events
from .model import CallPhase, Presence, SeatPhase

WAITING, OFFERED, CALLING_BACK = CallPhase.WAITING, CallPhase.OFFERED, CallPhase.CALLING_BACK
TALKING, HELD = CallPhase.TALKING, CallPhase.HELD
WRAP_UP, CLOSED = CallPhase.WRAP_UP, CallPhase.CLOSED

QUEUED = frozenset({WAITING, OFFERED})
"""No seat has it yet."""
CONNECTED = frozenset({TALKING, HELD})
"""In conversation."""
LIVE = QUEUED | CONNECTED | {CALLING_BACK}
"""Not over."""

COMMAND_PHASES: dict[type[commands.Command], frozenset[CallPhase]] = {
    commands.Reprioritise: QUEUED,
    commands.RequestCallback: QUEUED,
    commands.AnswerCallback: frozenset({CALLING_BACK}),
    commands.FailCallback: frozenset({CALLING_BACK}),
    commands.ConfirmMedia: CONNECTED,
    commands.FailMedia: CONNECTED,
    commands.HoldCall: frozenset({TALKING}),
    commands.ResumeCall: frozenset({HELD}),
    commands.TransferCall: CONNECTED,
    commands.InviteSeat: CONNECTED,
    commands.MergeCall: CONNECTED,
    commands.CompleteTransfer: CONNECTED,
    commands.LeaveCall: CONNECTED,
    commands.Supervise: CONNECTED,
    commands.StopSupervising: CONNECTED,
}
"""Phases in which a command about a call makes sense; HangUp and FinishWrapUp have rules of their own."""

CALL_TRANSITIONS: dict[tuple[CallPhase, type[events.Event]], CallPhase] = {
    (WAITING, events.SearchWidened): WAITING,
    (WAITING, events.CallReprioritised): WAITING,
    (OFFERED, events.CallReprioritised): OFFERED,
    (WAITING, events.CallOffered): OFFERED,
    (OFFERED, events.OfferDeclined): WAITING,
    (OFFERED, events.OfferTimedOut): WAITING,
    (OFFERED, events.OfferWithdrawn): WAITING,
    (WAITING, events.BackoffEnded): WAITING,
    (OFFERED, events.BackoffEnded): OFFERED,
    (WAITING, events.CallAbandoned): CLOSED,
    (WAITING, events.CallDeflected): CLOSED,
    (OFFERED, events.CallAccepted): TALKING,
    (OFFERED, events.SeatJoined): CLOSED,
    (WAITING, events.CallbackRequested): WAITING,
    (OFFERED, events.CallbackRequested): OFFERED,
    (OFFERED, events.CallbackStarted): CALLING_BACK,
    (CALLING_BACK, events.CallbackAnswered): TALKING,
    (CALLING_BACK, events.CallbackFailed): WAITING,
    (CALLING_BACK, events.CallRequeued): WAITING,
    (CALLING_BACK, events.CallEnded): CLOSED,
    (WAITING, events.CallbackRetried): WAITING,
    (TALKING, events.CallConnected): TALKING,
    (HELD, events.CallConnected): HELD,
    (TALKING, events.CallHeld): HELD,
    (HELD, events.CallResumed): TALKING,
    (TALKING, events.SeatInvited): TALKING,
    (HELD, events.SeatInvited): HELD,
    (TALKING, events.RolesChanged): TALKING,
    (HELD, events.RolesChanged): HELD,
    (TALKING, events.SeatLeft): TALKING,
    (HELD, events.SeatLeft): HELD,
    (TALKING, events.CallHandedOver): TALKING,
    (HELD, events.CallHandedOver): TALKING,
    (TALKING, events.CallTransferred): WAITING,
    (HELD, events.CallTransferred): WAITING,
    (TALKING, events.CallRequeued): WAITING,
    (HELD, events.CallRequeued): WAITING,
    (TALKING, events.CallEnded): WRAP_UP,
    (HELD, events.CallEnded): WRAP_UP,
    (WRAP_UP, events.WrapUpFinished): CLOSED,
}
"""Where an event takes the call it names. A call that nobody wraps up is not in WRAP_UP but CLOSED; one that was abandoned
after a transfer, while the seat that transferred it still wraps it up, is not CLOSED but in WRAP_UP."""

PRESENCE_TRANSITIONS: dict[tuple[Presence, type[events.Event]], Presence] = {
    (Presence.OFFLINE, events.SeatLoggedIn): Presence.BREAK,
    (Presence.BREAK, events.SeatReady): Presence.READY,
    (Presence.DRAINING, events.SeatReady): Presence.READY,
    (Presence.READY, events.SeatOnBreak): Presence.BREAK,
    (Presence.DRAINING, events.SeatOnBreak): Presence.BREAK,
    (Presence.READY, events.SeatDraining): Presence.DRAINING,
    (Presence.BREAK, events.SeatDraining): Presence.DRAINING,
    (Presence.READY, events.SeatLoggedOut): Presence.OFFLINE,
    (Presence.BREAK, events.SeatLoggedOut): Presence.OFFLINE,
    (Presence.DRAINING, events.SeatLoggedOut): Presence.OFFLINE,
}
"""Where an event takes a seat's presence. A break during a call holds from its end on."""


def seat_phase(presence: Presence, *, offers: int, calls: int, wrap_ups: int, reserved: bool) -> SeatPhase:
    """One word for what a seat is doing: activity first, then presence."""
    if presence is Presence.OFFLINE:
        return SeatPhase.OFFLINE
    if offers:
        return SeatPhase.OFFERED
    if calls:
        return SeatPhase.IN_CALL
    if wrap_ups:
        return SeatPhase.WRAP_UP
    if presence is Presence.READY:
        return SeatPhase.RESERVED if reserved else SeatPhase.READY
    return SeatPhase.BREAK
