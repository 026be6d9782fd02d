"""From the acceptance to the end of wrap-up."""

from relay.scheduler.model import Participant, Party, Purpose, Role

from .event import NEVER_MS, Event


class CallAccepted(Event, frozen=True):
    """The seat took the call: kiosk and seat talk. Ends the offer."""

    call: str
    seat: str
    offer: str
    kiosk: str
    waited_ms: int
    revision: int
    """Counts the changes of the conversation's participants."""
    connect_ms: int = NEVER_MS
    """Until when ConfirmMedia must come."""


class CallConnected(Event, frozen=True):
    """Media flows; `setup_ms` after the acceptance."""

    call: str
    setup_ms: int


class CallHeld(Event, frozen=True):
    """The citizen is on hold."""

    call: str
    seat: str
    participants: tuple[Participant, ...]
    revision: int


class CallResumed(Event, frozen=True):
    """The hold is over."""

    call: str
    seat: str
    participants: tuple[Participant, ...]
    revision: int


class CallTransferred(Event, frozen=True):
    """Cold transfer: the call waits again for item, region or seat; the seat that had it wraps up.

    Seats that did not take it before, or passed it on, may be asked again: this is another question.
    """

    call: str
    kiosk: str
    seat: str
    item: str
    region: str
    min_level: int
    ring: int
    scope: str
    level: int
    widen_ms: int
    target: str
    reason: str
    wrap_until_ms: int
    revision: int
    others: tuple[str, ...] = ()
    backoff_ms: int = NEVER_MS
    """This seat is not asked again before; NEVER_MS: not before another transfer."""


class SeatInvited(Event, frozen=True):
    """A seat asked for a colleague: the invitation is the call whose CallRequested comes with this."""

    call: str
    seat: str
    invitation: str
    purpose: Purpose


class SeatJoined(Event, frozen=True):
    """An invited seat took the invitation and is in the conversation. Ends the invitation and its offer."""

    call: str
    seat: str
    offer: str
    invitation: str
    role: Role
    waited_ms: int
    participants: tuple[Participant, ...]
    revision: int


class RolesChanged(Event, frozen=True):
    """Who is in the conversation, and how, has changed: consult became conference, a supervisor came, changed, went."""

    call: str
    participants: tuple[Participant, ...]
    reason: str
    who: str
    revision: int


class CallHandedOver(Event, frozen=True):
    """Warm transfer: `to` is responsible now; `seat` left and wraps up."""

    call: str
    seat: str
    to: str
    wrap_until_ms: int
    participants: tuple[Participant, ...]
    revision: int


class SeatLeft(Event, frozen=True):
    """A seat that was not responsible left the conversation (`reason`: left, seat_lost, logout)."""

    call: str
    seat: str
    reason: str
    participants: tuple[Participant, ...]
    revision: int


class CallEnded(Event, frozen=True):
    """The conversation is over.

    `wrap_until_ms`: the responsible seat's wrap-up; NEVER_MS: none (free at once), 0: without limit.
    """

    call: str
    kiosk: str
    seat: str
    by: Party
    reason: str
    talk_ms: int
    wrap_until_ms: int
    others: tuple[str, ...] = ()
    """Further seats, free at once."""


class WrapUpFinished(Event, frozen=True):
    """The seat's notes are done, or (`by` engine) the limit was reached. The last one closes the call."""

    call: str
    seat: str
    disposition: str
    by: Party
    wrap_up_ms: int
