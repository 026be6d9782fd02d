"""What the service tells a participant; how it is put on a wire is the server's business."""

from dataclasses import dataclass

from relay.service.views import CallView, SeatView


@dataclass(frozen=True, slots=True)
class CallChanged:
    """The call of a kiosk, or one a seat is in, is now as `call` says."""

    call: CallView
    party: str = ""
    """Who is at the other side, for people."""
    active: tuple[str, ...] = ()
    """Sources the other side is sending."""
    reason: str = ""
    recorded: bool = False
    """It is being recorded."""


@dataclass(frozen=True, slots=True)
class CallOver:
    """The call is over: `hangup`, `abandoned`, `kiosk-lost`, `seat-lost`, `refused` …"""

    call: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ringing:
    """A call is offered to a seat until `expires_in_s` from now."""

    offer: str
    call: CallView
    party: str
    expires_in_s: float


@dataclass(frozen=True, slots=True)
class RingingBack:
    """A seat is there for a citizen who asked to be called back."""

    call: CallView
    expires_in_s: float


@dataclass(frozen=True, slots=True)
class RingingOver:
    """The offer is over at this seat (`accepted`, `declined`, `timeout`, `withdrawn`)."""

    offer: str
    outcome: str


@dataclass(frozen=True, slots=True)
class SpeakerTurned:
    """Of those whom somebody hears, the one of this place has the word."""

    call: str
    place: int


@dataclass(frozen=True, slots=True)
class SeatChanged:
    """The seat is now as `seat` says."""

    seat: SeatView
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SourceSwitched:
    """The other side started or stopped sending a source."""

    call: str
    source: str
    active: bool


@dataclass(frozen=True, slots=True)
class MediaLost:
    """The media of a participant is gone by no fault of its own; a fresh offer is answered at once."""

    reason: str
    """`worker-lost` or `worker-replaced`."""


@dataclass(frozen=True, slots=True)
class EncodingsChosen:
    """Which encodings of a simulcast source the participant should send."""

    source: str
    rids: tuple[str, ...]


Notice = (
    CallChanged
    | CallOver
    | Ringing
    | RingingBack
    | RingingOver
    | SeatChanged
    | SourceSwitched
    | MediaLost
    | EncodingsChosen
    | SpeakerTurned
)
