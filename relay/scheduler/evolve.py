"""`evolve`: the only function that changes a state. It never decides; replaying events gives the same state again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import events
from .evolution import appointments, calls, conversation, engine, seats
from .state import State


def evolve(state: State, event: events.Event) -> None:
    """Let `event` have happened."""
    state.clock_ms = event.at_ms
    _EVOLVE[type(event)](state, event)


_EVOLVE: dict[type[events.Event], Callable[[State, Any], None]] = {
    events.CallRequested: calls.requested,
    events.SearchWidened: calls.widened,
    events.CallReprioritised: calls.reprioritised,
    events.CallOffered: calls.offered,
    events.OfferDeclined: calls.declined,
    events.OfferTimedOut: calls.timed_out,
    events.OfferWithdrawn: calls.withdrawn,
    events.CallAbandoned: calls.abandoned,
    events.CallDeflected: calls.deflected,
    events.CallRequeued: calls.requeued,
    events.KioskLeaseRenewed: calls.kiosk_seen,
    events.KioskSilent: calls.kiosk_silent,
    events.BackoffEnded: calls.backoff_ended,
    events.CallAccepted: conversation.accepted,
    events.CallConnected: conversation.connected,
    events.CallHeld: conversation.held,
    events.CallResumed: conversation.resumed,
    events.CallTransferred: conversation.transferred,
    events.SeatInvited: conversation.invited,
    events.SeatJoined: conversation.joined,
    events.RolesChanged: conversation.roles_changed,
    events.CallHandedOver: conversation.handed_over,
    events.SeatLeft: conversation.left,
    events.CallEnded: conversation.ended,
    events.WrapUpFinished: conversation.wrap_up_finished,
    events.CallbackRequested: conversation.callback_requested,
    events.CallbackStarted: conversation.callback_started,
    events.CallbackAnswered: conversation.callback_answered,
    events.CallbackFailed: conversation.callback_failed,
    events.CallbackRetried: conversation.callback_retried,
    events.SeatLoggedIn: seats.logged_in,
    events.SeatUpdated: seats.updated,
    events.SeatReady: seats.ready,
    events.SeatOnBreak: seats.on_break,
    events.SeatDraining: seats.draining,
    events.SeatLoggedOut: seats.logged_out,
    events.SeatLeaseRenewed: seats.seen,
    events.SeatPathMeasured: seats.path_measured,
    events.SeatReserved: seats.reserved,
    events.SeatReleased: seats.released,
    events.ShiftPoint: seats.shift_point,
    events.BookingOpened: appointments.opened,
    events.BookingClosed: appointments.closed,
    events.AppointmentBooked: appointments.booked,
    events.AppointmentCancelled: appointments.cancelled,
    events.AppointmentDue: appointments.due,
    events.AppointmentCheckedIn: appointments.checked_in,
    events.AppointmentMissed: appointments.missed,
    events.AppointmentForgotten: appointments.forgotten,
    events.ItemsDefined: engine.items_defined,
    events.ItemsRetired: engine.items_retired,
    events.RegionsDefined: engine.regions_defined,
    events.Configured: engine.configured,
    events.Recovered: engine.recovered,
}
