"""A citizen asks, waits, gives up, is called back."""

from relay.scheduler.model import Kind, Media, Party

from .command import Command


class RequestCall(Command, frozen=True):
    """A citizen at a kiosk asks for a seat. → CallRequested [, CallOffered]

    Repeating it with the same `key` is one call: no events, `view.find_call(state, key)` names it.
    Raises UnknownItem, UnknownRegion, UnknownPriority, QueueFull, OutsideOpeningHours, KioskLimit, CitizenLimit,
    KeyReused (same key, other content), ResumeExpired.
    """

    key: str
    """Idempotency key, chosen by the caller, unique per request."""
    kiosk: str
    item: str
    region: str
    kind: Kind = Kind.CONSULT
    language: str = "zh"
    media: tuple[Media, ...] = (Media.AUDIO, Media.VIDEO)
    priority: str = "normal"
    """A class of `SchedulerSettings.priorities`."""
    citizen: str = ""
    """Pseudonym of the citizen, for the sticky seat and limits; empty: unknown."""
    case: str = ""
    """The matter this belongs to, for the sticky seat."""
    min_level: int = 0
    """Least proficiency; 0: that of the item."""
    resume: str = ""
    """A call of this kiosk or citizen that was lost shortly ago: its place in the queue is taken up again."""


class HangUp(Command, frozen=True):
    """Somebody ends the call, whatever its phase. → CallAbandoned | CallEnded

    Idempotent: a call that is over already gives no events. Wins over an offer that rings (OfferWithdrawn comes first).
    """

    call: str
    by: Party = Party.KIOSK
    reason: str = ""


class Reprioritise(Command, frozen=True):
    """Move a waiting call to another priority class, keeping its waiting time. → CallReprioritised"""

    call: str
    priority: str


class KioskSeen(Command, frozen=True):
    """Heartbeat of a kiosk: renews the lease of its calls (`kiosk_lease_ms`). → KioskLeaseRenewed, or nothing."""

    kiosk: str


class RequestCallback(Command, frozen=True):
    """The citizen leaves, the place in the queue stays; a seat that accepts rings the citizen back. → CallbackRequested

    The kiosk is free for other citizens. Raises UnknownCall, CallbackRefused (none configured, or an invitation),
    KioskLimit (`kiosk_callbacks`).
    """

    call: str
    contact: str
    """Where to ring: a kiosk, or whatever address the portal understands."""


class AnswerCallback(Command, frozen=True):
    """The citizen answered the callback: from now on it is a call of the kiosk that rang. → CallbackAnswered"""

    call: str


class FailCallback(Command, frozen=True):
    """The citizen did not answer. → CallbackFailed: requeued, or abandoned after `callback_attempts`.

    With the reason `busy` (somebody else is at the kiosk) the attempt does not count.
    """

    call: str
    reason: str = ""
