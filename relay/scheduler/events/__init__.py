"""What happened. One frozen struct each: the journal's content, the audit trail, and all that `evolve` is told.

Every event carries the values that follow from it (deadlines, keys, participants), so that `evolve` computes nothing
that settings or clocks could change, and why it was decided (rule, candidates, key). `at_ms` is the engine's time:
that of the command, or the due time of the timer. The events of one `decide` belong together: journal all or none.

Ids: `call` (`c1`), `offer` (`o1`), `appointment` (`a1`) count up in the order of creation.
`VERSION` changes when an old journal would be read differently; new fields get defaults instead.
"""

from .appointments import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentDue,
    AppointmentForgotten,
    AppointmentMissed,
    BookingClosed,
    BookingOpened,
)
from .callbacks import CallbackAnswered, CallbackFailed, CallbackRequested, CallbackRetried, CallbackStarted
from .calls import (
    CallAbandoned,
    CallDeflected,
    CallOffered,
    CallReprioritised,
    CallRequested,
    CallRequeued,
    KioskLeaseRenewed,
    KioskSilent,
    OfferDeclined,
    OfferTimedOut,
    OfferWithdrawn,
    SearchWidened,
)
from .conversation import (
    CallAccepted,
    CallConnected,
    CallEnded,
    CallHandedOver,
    CallHeld,
    CallResumed,
    CallTransferred,
    RolesChanged,
    SeatInvited,
    SeatJoined,
    SeatLeft,
    WrapUpFinished,
)
from .engine import Configured, ItemsDefined, ItemsRetired, Recovered, RegionsDefined
from .event import NEVER_MS, VERSION, Event
from .seats import (
    BackoffEnded,
    SeatDraining,
    SeatLeaseRenewed,
    SeatLoggedIn,
    SeatLoggedOut,
    SeatOnBreak,
    SeatPathMeasured,
    SeatReady,
    SeatReleased,
    SeatReserved,
    SeatUpdated,
    ShiftPoint,
)

__all__ = [
    "NEVER_MS",
    "VERSION",
    "AnyEvent",
    "AppointmentBooked",
    "AppointmentCancelled",
    "AppointmentCheckedIn",
    "AppointmentDue",
    "AppointmentForgotten",
    "AppointmentMissed",
    "BackoffEnded",
    "BookingClosed",
    "BookingOpened",
    "CallAbandoned",
    "CallAccepted",
    "CallConnected",
    "CallDeflected",
    "CallEnded",
    "CallHandedOver",
    "CallHeld",
    "CallOffered",
    "CallReprioritised",
    "CallRequested",
    "CallRequeued",
    "CallResumed",
    "CallTransferred",
    "CallbackAnswered",
    "CallbackFailed",
    "CallbackRequested",
    "CallbackRetried",
    "CallbackStarted",
    "Configured",
    "Event",
    "ItemsDefined",
    "ItemsRetired",
    "KioskLeaseRenewed",
    "KioskSilent",
    "OfferDeclined",
    "OfferTimedOut",
    "OfferWithdrawn",
    "Recovered",
    "RegionsDefined",
    "RolesChanged",
    "SearchWidened",
    "SeatDraining",
    "SeatInvited",
    "SeatJoined",
    "SeatLeaseRenewed",
    "SeatLeft",
    "SeatLoggedIn",
    "SeatLoggedOut",
    "SeatOnBreak",
    "SeatPathMeasured",
    "SeatReady",
    "SeatReleased",
    "SeatReserved",
    "SeatUpdated",
    "ShiftPoint",
    "WrapUpFinished",
]

AnyEvent = (
    CallRequested
    | SearchWidened
    | CallReprioritised
    | CallOffered
    | OfferDeclined
    | OfferTimedOut
    | OfferWithdrawn
    | CallAbandoned
    | CallDeflected
    | CallRequeued
    | KioskLeaseRenewed
    | KioskSilent
    | CallAccepted
    | CallConnected
    | CallHeld
    | CallResumed
    | CallTransferred
    | SeatInvited
    | SeatJoined
    | RolesChanged
    | CallHandedOver
    | SeatLeft
    | CallEnded
    | WrapUpFinished
    | CallbackRequested
    | CallbackStarted
    | CallbackAnswered
    | CallbackFailed
    | CallbackRetried
    | SeatLoggedIn
    | SeatUpdated
    | SeatReady
    | SeatOnBreak
    | SeatDraining
    | SeatLoggedOut
    | SeatLeaseRenewed
    | SeatPathMeasured
    | SeatReserved
    | SeatReleased
    | BackoffEnded
    | ShiftPoint
    | BookingOpened
    | BookingClosed
    | AppointmentBooked
    | AppointmentCancelled
    | AppointmentDue
    | AppointmentCheckedIn
    | AppointmentMissed
    | AppointmentForgotten
    | ItemsDefined
    | ItemsRetired
    | RegionsDefined
    | Configured
    | Recovered
)
"""For decoders: `msgspec.msgpack.Decoder(AnyEvent)`."""
