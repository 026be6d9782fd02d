"""The citizen left, the place stayed."""

from .event import Event


class CallbackRequested(Event, frozen=True):
    """The citizen left, the place stays."""

    call: str
    contact: str


class CallbackStarted(Event, frozen=True):
    """A seat took the callback; the citizen is rung until `deadline_ms`. Ends the offer."""

    call: str
    seat: str
    offer: str
    contact: str
    waited_ms: int
    attempt: int
    deadline_ms: int


class CallbackAnswered(Event, frozen=True):
    """The citizen is there: they talk."""

    call: str
    seat: str
    kiosk: str
    """Where the citizen is: the contact. The call belongs to this kiosk from now on."""
    revision: int
    left: str = ""
    """The kiosk to which it belonged, if that was another."""


class CallbackFailed(Event, frozen=True):
    """The citizen was not reached; the seat is free, the call waits in its place, not offered before `retry_ms`."""

    call: str
    seat: str
    reason: str
    attempt: int
    """Attempts so far that count."""
    retry_ms: int


class CallbackRetried(Event, frozen=True):
    """The pause after a failed callback is over: the call may be offered again."""

    call: str
