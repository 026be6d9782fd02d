"""What people and portals are shown of calls, seats and queues: frozen values, in seconds, with names instead of keys."""

from dataclasses import dataclass
from typing import Literal

CallStage = Literal["queued", "offered", "connected", "held", "wrap-up", "ended"]
SeatStage = Literal["offline", "ready", "offered", "in-call", "wrap-up", "break"]


@dataclass(frozen=True, slots=True)
class MemberView:
    """One party of a conversation; `who` is a kiosk where the role is `citizen`, else a seat or supervisor."""

    who: str
    role: str
    held: bool = False
    name: str = ""
    """For people."""
    place: int = 0
    """In whose slots somebody is told this hears it: 1 the first, 0 nowhere."""


@dataclass(frozen=True, slots=True)
class CallView:
    """One call that is not over."""

    call: str
    kiosk: str
    state: CallStage
    item: str
    kind: str
    region: str
    language: str
    priority: str
    waited_s: float
    """In the queue, until it was accepted."""
    position: int | None = None
    """1 is next; None when it does not wait."""
    expected_wait_s: float | None = None
    seat: str = ""
    """The responsible seat, or the one that rings."""
    offer: str = ""
    talk_s: float = 0.0
    purpose: str = "call"
    """`consult` or `conference`: an invitation to join the call `parent`."""
    parent: str = ""
    contact: str = ""
    """Where the citizen wants to be called back; empty: waits at the kiosk."""
    members: tuple[MemberView, ...] = ()


@dataclass(frozen=True, slots=True)
class SeatView:
    """One seat that is online, or was when last heard of."""

    seat: str
    name: str
    region: str
    state: SeatStage
    since_s: float = 0.0
    """How long it has been in this state."""
    call: str = ""
    until_s: float = 0.0
    """Wrap-up: seconds left before it is made ready again; 0: no limit."""


@dataclass(frozen=True, slots=True)
class QueueView:
    """The calls of one department."""

    group: str
    name_zh: str
    name_en: str
    waiting: int
    oldest_wait_s: float
    in_call: int = 0
    seats_ready: int = 0
    expected_wait_s: float | None = None
    service_level: float | None = None
    """Share of today's calls answered within the target, 0 to 1."""
