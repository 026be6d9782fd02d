"""Who is there to serve."""

from relay.scheduler.model import SeatProfile, Shift

from .event import NEVER_MS, Event


class SeatLoggedIn(Event, frozen=True):
    """The seat is online, on break (`reason` login) until SeatReady."""

    seat: str
    profile: SeatProfile
    shift: Shift | None
    lease_ms: int
    shift_ms: int = NEVER_MS
    """Due time of the shift's first point: a break begins or ends, the shift ends."""


class SeatUpdated(Event, frozen=True):
    """The seat serves something else from now on."""

    seat: str
    profile: SeatProfile
    shift: Shift | None
    lease_ms: int
    shift_ms: int = NEVER_MS
    """Due time of the shift's first point: a break begins or ends, the shift ends."""


class SeatReady(Event, frozen=True):
    """The seat wants calls."""

    seat: str


class SeatOnBreak(Event, frozen=True):
    """No new offers (`reason`: the seat's own word, `unanswered`, `planned`)."""

    seat: str
    reason: str


class SeatDraining(Event, frozen=True):
    """The seat finishes what it has, then goes offline."""

    seat: str
    reason: str


class SeatLoggedOut(Event, frozen=True):
    """The seat is offline (`reason`: logout, shift_end, lease_expired, …). Its calls were let go before this."""

    seat: str
    reason: str


class SeatLeaseRenewed(Event, frozen=True):
    """The seat is alive, and believed to be so until `lease_ms`."""

    seat: str
    lease_ms: int


class SeatPathMeasured(Event, frozen=True):
    """The seat's path has another quality class, or its media came or went."""

    seat: str
    media_ready: bool
    rtt_ms: int


class SeatReserved(Event, frozen=True):
    """The idle seat is kept for an appointment that is due, `reserved` of `allowed` such seats, until `until_ms`."""

    seat: str
    appointment: str
    until_ms: int
    reserved: int
    allowed: int


class SeatReleased(Event, frozen=True):
    """The seat is no longer kept (`reason`: checked_in, missed, cancelled, served_elsewhere, not_available)."""

    seat: str
    appointment: str
    reason: str


class BackoffEnded(Event, frozen=True):
    """The seat may be offered this call again."""

    call: str
    seat: str


class ShiftPoint(Event, frozen=True):
    """A planned break begins or is over, or the shift ends (`what`: break_begins, break_over, shift_end)."""

    seat: str
    what: str
    next_ms: int
    """Due time of the shift's next such point; NEVER_MS: none."""
