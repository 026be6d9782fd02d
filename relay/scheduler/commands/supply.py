"""A seat comes, is ready, pauses, goes."""

from relay.scheduler.model import SeatProfile, Shift

from .command import Command


class LogIn(Command, frozen=True):
    """A seat comes online, on break unless `ready`. → SeatLoggedIn [, SeatReady [, CallOffered]]

    A seat that is online already (a reloaded page) keeps its calls and takes the new profile and shift: → SeatUpdated.
    Raises UnknownItem, UnknownRegion, BadProfile, SeatLimit.
    """

    seat: str
    profile: SeatProfile
    shift: Shift | None = None
    ready: bool = False


class UpdateSeat(Command, frozen=True):
    """Change what a seat that is online can serve. → SeatUpdated [, CallOffered]"""

    seat: str
    profile: SeatProfile


class SetReady(Command, frozen=True):
    """The seat wants calls. Idempotent. Ends wrap-up of nothing. → SeatReady [, CallOffered]"""

    seat: str


class TakeBreak(Command, frozen=True):
    """No new offers; a ringing one goes back to its place, calls go on. → [OfferWithdrawn,] SeatOnBreak"""

    seat: str
    reason: str = "break"


class Drain(Command, frozen=True):
    """Finish what is there, take nothing new, then go offline. → SeatDraining | SeatLoggedOut"""

    seat: str
    reason: str = "shift_end"


class LogOut(Command, frozen=True):
    """The seat goes offline. → SeatLoggedOut

    Raises SeatBusy when it is in a call, unless `force`: then its calls return to their places in the queue.
    """

    seat: str
    force: bool = False
    reason: str = "logout"


class SeatSeen(Command, frozen=True):
    """Heartbeat of a seat: renews its lease (`seat_lease_ms`). → SeatLeaseRenewed, or nothing when renewed just now."""

    seat: str


class ReportPath(Command, frozen=True):
    """What the media side measured of a seat's connection. → SeatPathMeasured when it changes a decision, or nothing.

    A seat whose media is not ready gets no offers: a call cannot be connected there.
    """

    seat: str
    media_ready: bool = True
    rtt_ms: int = -1
    """Round trip between relay and seat; -1: unknown."""
