"""The things whose life the engine follows. Changed by `evolve` alone; read by everybody.

`FIELDS` of a class are what a snapshot keeps, in order; what is not among them is derived and rebuilt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .model import (
    AppointmentPhase,
    CallPhase,
    Kind,
    Media,
    Participant,
    Presence,
    Purpose,
    Role,
    Shift,
)

if TYPE_CHECKING:
    from .index.profile import Profile

NEVER_MS = -1


class Conversation:
    """What a call has besides, from its acceptance on."""

    FIELDS: ClassVar[tuple[str, ...]] = ("accepted_ms", "connected", "held", "others", "invitations")
    __slots__ = FIELDS

    def __init__(self, accepted_ms: int) -> None:
        self.accepted_ms = accepted_ms
        self.connected = False
        self.held = False
        self.others: tuple[Participant, ...] = ()
        """Everybody but the citizen and the responsible seat."""
        self.invitations: tuple[str, ...] = ()
        """Open invitations, calls of their own."""


class Call:
    """One ticket: a citizen's call, or an invitation to join one."""

    FIELDS: ClassVar[tuple[str, ...]] = (
        "id", "seq", "key", "kiosk", "item", "region", "kind", "language", "media", "priority", "citizen", "case",
        "purpose", "parent", "appointment", "enqueued_ms", "virtual_ms", "search_ms", "min_level", "ring", "scope",
        "level", "widen_ms", "give_up_ms", "sticky", "target", "target_until_ms", "phase", "seat", "offer",
        "offered_ms", "deadline_ms", "attempts", "revision", "contact", "callbacks", "retry_ms", "barred", "talk",
        "wrapping",
    )  # fmt: skip
    __slots__ = (*FIELDS, "indexed", "line_number")

    def __init__(self, call: str, seq: int) -> None:  # noqa: PLR0915  one field a line
        self.id = call
        self.seq = seq
        self.key = ""
        self.kiosk = ""
        self.item = ""
        self.region = ""
        self.kind = Kind.CONSULT
        self.language = ""
        self.media: tuple[Media, ...] = ()
        self.priority = ""
        self.citizen = ""
        self.case = ""
        self.purpose = Purpose.CALL
        self.parent = ""
        """The call to which this is an invitation."""
        self.appointment = ""
        self.enqueued_ms = 0
        """From when its waiting counts."""
        self.virtual_ms = 0
        """Its key."""
        self.search_ms = 0
        """From when the rings count."""
        self.min_level = 0
        self.ring = 0
        self.scope = ""
        self.level = 0
        self.widen_ms = NEVER_MS
        self.give_up_ms = NEVER_MS
        self.sticky = ""
        self.target = ""
        self.target_until_ms = NEVER_MS
        self.phase = CallPhase.WAITING
        self.seat = ""
        """The seat that rings, or is responsible."""
        self.offer = ""
        self.offered_ms = 0
        self.deadline_ms = NEVER_MS
        """Of the offer, the callback, or the media's coming up."""
        self.attempts = 0
        self.revision = 0
        self.contact = ""
        """Where to ring back; empty: the citizen waits at the kiosk."""
        self.callbacks = 0
        self.retry_ms = NEVER_MS
        """A failed callback rests until then."""
        self.barred: dict[str, int] | None = None
        """Seats not to be asked before the time; NEVER_MS: not again."""
        self.talk: Conversation | None = None
        self.wrapping = 0
        """Seats that wrap it up."""
        self.indexed = False
        """Whether seats find it: in a line, or in the queue of its target."""
        self.line_number = 0
        """Of its line. A number, no reference: calls are in no cycle, so that Python's collector can leave them alone."""

    def restore(self, row: list[Any]) -> None:
        """Take over what a snapshot kept: the values of `FIELDS` but `talk`, in their order."""
        # fmt: off
        (
            self.id, self.seq, self.key, self.kiosk, self.item, self.region, self.kind, self.language,
            self.media, self.priority, self.citizen, self.case, self.purpose, self.parent, self.appointment,
            self.enqueued_ms, self.virtual_ms, self.search_ms, self.min_level, self.ring, self.scope,
            self.level, self.widen_ms, self.give_up_ms, self.sticky, self.target, self.target_until_ms,
            self.phase, self.seat, self.offer, self.offered_ms, self.deadline_ms, self.attempts, self.revision,
            self.contact, self.callbacks, self.retry_ms, self.barred, self.wrapping,
        ) = row
        # fmt: on

    def participants(self) -> tuple[Participant, ...]:
        """Everybody in the conversation."""
        talk = self.talk
        if talk is None:
            return ()
        citizen = Participant(self.contact or self.kiosk, Role.CITIZEN, held=talk.held)
        return (citizen, Participant(self.seat, Role.AGENT), *talk.others)


class Seat:
    """One caseworker's place while it is online."""

    FIELDS: ClassVar[tuple[str, ...]] = (
        "id", "index", "shift", "presence", "reason", "login_ms", "lease_ms", "shift_ms", "offer", "ringing", "calls",
        "wraps", "reserved", "unanswered", "idle_ms", "idle_seq", "busy_ms", "busy_from_ms", "occupancy",
        "media_ready", "rtt_ms",
    )  # fmt: skip
    __slots__ = (*FIELDS, "available", "idle_place", "profile")

    def __init__(self, seat: str, index: int, profile: Profile, login_ms: int) -> None:
        self.id = seat
        self.index = index
        """Its number in the supply index."""
        self.profile = profile
        self.shift: Shift | None = None
        self.presence = Presence.BREAK
        self.reason = "login"
        """Why it is on break, or drains."""
        self.login_ms = login_ms
        self.lease_ms = NEVER_MS
        self.shift_ms = NEVER_MS
        """Next point of the shift: a break begins or ends, the shift ends."""
        self.offer = ""
        self.ringing = ""
        """The call that is offered."""
        self.calls: dict[str, Role] = {}
        """Conversations it is in."""
        self.wraps: dict[str, tuple[int, int]] = {}
        """Calls it wraps up: since when, until when (0: no limit)."""
        self.reserved = ""
        """The appointment it is kept for."""
        self.unanswered = 0
        self.idle_ms = login_ms
        self.idle_seq = 0
        """Order of the last release: the lowest has been idle longest."""
        self.busy_ms = 0
        self.busy_from_ms = NEVER_MS
        self.occupancy = 0
        """Busy share since login, in tenths, as of the last release."""
        self.media_ready = True
        self.rtt_ms = -1
        self.available = False
        """Whether it may be offered a call now."""
        self.idle_place = 0
        """Its `idle_seq` in the idle order while it is available."""

    @property
    def load(self) -> int:
        """Calls and wrap-ups that count against its capacity."""
        return len(self.calls) + len(self.wraps)


class Kiosk:
    """A booth with open calls."""

    FIELDS: ClassVar[tuple[str, ...]] = ("id", "lease_ms", "calls")
    __slots__ = FIELDS

    def __init__(self, kiosk: str) -> None:
        self.id = kiosk
        self.lease_ms = NEVER_MS
        self.calls: tuple[str, ...] = ()


class Window:
    """Bookable slots, and how many places of each are taken."""

    FIELDS: ClassVar[tuple[str, ...]] = (
        "id",
        "item",
        "region",
        "start_ms",
        "end_ms",
        "slot_ms",
        "capacity",
        "open",
        "taken",
    )
    __slots__ = FIELDS

    def __init__(self, window: str) -> None:
        self.id = window
        self.item = ""
        self.region = ""
        self.start_ms = 0
        self.end_ms = 0
        self.slot_ms = 0
        self.capacity = 0
        self.open = True
        self.taken: dict[int, int] = {}


class Appointment:
    """A booked place in a slot."""

    FIELDS: ClassVar[tuple[str, ...]] = (
        "id", "seq", "key", "window", "slot_ms", "item", "region", "citizen", "kind", "language", "media", "case",
        "phase", "due", "lookahead_ms", "missed_ms", "forget_ms", "seat", "call",
    )  # fmt: skip
    __slots__ = (*FIELDS, "hold")

    def __init__(self, appointment: str, seq: int) -> None:
        self.id = appointment
        self.seq = seq
        self.key = ""
        self.window = ""
        self.slot_ms = 0
        self.item = ""
        self.region = ""
        self.citizen = ""
        self.kind = Kind.HANDLE
        self.language = ""
        self.media: tuple[Media, ...] = ()
        self.case = ""
        self.phase = AppointmentPhase.BOOKED
        self.due = False
        """Look-ahead has begun: a seat may be kept."""
        self.lookahead_ms = NEVER_MS
        self.missed_ms = NEVER_MS
        self.forget_ms = NEVER_MS
        self.seat = ""
        """The seat kept for it."""
        self.call = ""
        self.hold: Call | None = None
        """While a seat is wanted: its stand-in in the index of holds."""
