"""A call, its place in the queue, its offers."""

from relay.scheduler.model import Kind, Media, Party, Purpose

from .event import NEVER_MS, Event


class CallRequested(Event, frozen=True):
    """A call exists. It waits, unless `direct`: then the CallOffered of the same decision follows.

    `virtual_ms` is its key: enqueue time less the head start of its class (priority.py); the lowest is served first.
    `scope`, `level` are what the ring asks for; `widen_ms` when the next ring is due.
    """

    call: str
    key: str
    kiosk: str
    item: str
    region: str
    kind: Kind
    language: str
    media: tuple[Media, ...]
    priority: str
    citizen: str
    case: str
    enqueued_ms: int
    virtual_ms: int
    min_level: int
    ring: int
    scope: str
    level: int
    widen_ms: int
    direct: bool
    give_up_ms: int = NEVER_MS
    """When it is deflected if it still waits: longest wait, or closing time."""
    sticky: str = ""
    """The seat preferred for it."""
    target: str = ""
    """The only seat asked, until `target_until_ms` (NEVER_MS: for good)."""
    target_until_ms: int = NEVER_MS
    purpose: Purpose = Purpose.CALL
    parent: str = ""
    """The call an invitation belongs to."""
    appointment: str = ""
    resumed: str = ""
    overflow: bool = False
    """It started at a wider ring, for its queue is over its cap."""
    barred: tuple[str, ...] = ()
    """Seats that are not asked at all."""


class SearchWidened(Event, frozen=True):
    """The next ring of seats is asked for this call too; also the end of waiting for one seat (`target`)."""

    call: str
    ring: int
    scope: str
    level: int
    widen_ms: int
    target: str = ""


class CallReprioritised(Event, frozen=True):
    """The call has another class, and thus another key; its waiting time is kept."""

    call: str
    priority: str
    virtual_ms: int


class CallOffered(Event, frozen=True):
    """A seat rings for the call.

    Why: `rule` names what chose (`head_of_queue`: the seat fell free and this call's key was lowest; `sticky`,
    `target`, `reserved`, or the policy that singled the seat out), among `eligible` seats, the first of them in
    `considered`; or among `waiting` calls.
    """

    call: str
    seat: str
    offer: str
    deadline_ms: int
    attempt: int
    waited_ms: int
    virtual_ms: int
    rule: str
    eligible: int = 1
    considered: tuple[str, ...] = ()
    waiting: int = 0


class OfferDeclined(Event, frozen=True):
    """The seat said no; the call waits in its place, this seat is not asked again before `backoff_ms`."""

    call: str
    seat: str
    offer: str
    reason: str
    backoff_ms: int


class OfferTimedOut(Event, frozen=True):
    """The seat did not answer; the call waits in its place. `unanswered` counts misses in a row."""

    call: str
    seat: str
    offer: str
    backoff_ms: int
    unanswered: int


class OfferWithdrawn(Event, frozen=True):
    """The engine took the offer back (`reason`: abandoned, seat_lost, break, logout, …); the call waits in its place."""

    call: str
    seat: str
    offer: str
    reason: str
    backoff_ms: int = NEVER_MS


class CallAbandoned(Event, frozen=True):
    """The call ended before a seat took it."""

    call: str
    kiosk: str
    by: Party
    reason: str
    waited_ms: int
    ringing: bool
    """A seat was ringing at the time."""
    resume_until_ms: int = NEVER_MS
    """Its place is kept so long."""


class CallDeflected(Event, frozen=True):
    """The engine gave the waiting call up (`reason`: max_wait, closed, item_retired)."""

    call: str
    kiosk: str
    reason: str
    waited_ms: int


class CallRequeued(Event, frozen=True):
    """The conversation was lost (`reason`: seat_lost, media, logout); the call waits again, with the age it has."""

    call: str
    kiosk: str
    seat: str
    reason: str
    revision: int
    others: tuple[str, ...] = ()
    """Further seats that were in the conversation; all are released."""
    backoff_ms: int = NEVER_MS
    """The seat is not asked again before; NEVER_MS: at any time."""


class KioskLeaseRenewed(Event, frozen=True):
    """The kiosk is alive."""

    kiosk: str
    lease_ms: int
    """Until when its calls live without another sign."""


class KioskSilent(Event, frozen=True):
    """The kiosk's lease is over; its calls were let go before this, except callbacks."""

    kiosk: str
