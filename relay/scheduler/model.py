"""The values that commands and events are made of: frozen, comparable, without behaviour.

Codes: a *service item* is a dotted path (`hrss.pension.transfer`); every leading part of it names a subtree, `*` all
items. A *region* is a GB/T 2260 division code (six digits: province, city, county), a town adds three digits, a
village three more; `000000` is the whole country.

Times are integer milliseconds since the Unix epoch, durations integer milliseconds.
"""

from enum import StrEnum

import msgspec

ALL_ITEMS = "*"
COUNTRY = "000000"
MAX_LEVEL = 10


class Value(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What all values share: immutable, hashable, encoded by field name."""


class Kind(StrEnum):
    """What the citizen wants of the seat."""

    CONSULT = "consult"
    """Ask a question."""
    GUIDE = "guide"
    """Be guided through a form or a machine."""
    HANDLE = "handle"
    """Have the matter handled to its end."""


class Media(StrEnum):
    """A source that a call needs and a seat can receive and answer."""

    AUDIO = "audio"
    VIDEO = "video"
    DOCUMENT = "document"
    SCREEN = "screen"


class Reach(StrEnum):
    """How far from the citizen's own division a call may be served, nearest first."""

    TOWN = "town"
    COUNTY = "county"
    CITY = "city"
    PROVINCE = "province"
    COUNTRY = "country"


class Purpose(StrEnum):
    """Why a seat's attention is asked for."""

    CALL = "call"
    """A citizen asks for a seat."""
    CONSULT = "consult"
    """A seat in a call asks a colleague, unheard by the citizen."""
    CONFERENCE = "conference"
    """A seat in a call brings a colleague in, heard by all."""


class Role(StrEnum):
    """What a participant of a conversation hears, and who hears it."""

    CITIZEN = "citizen"
    AGENT = "agent"
    """The seat responsible for the call; exactly one."""
    CONSULTANT = "consultant"
    """Hears all, heard by the agent only."""
    MEMBER = "member"
    """A second seat of a conference: hears all, heard by all."""
    MONITOR = "monitor"
    """A supervisor: hears all, heard by nobody."""
    WHISPER = "whisper"
    """A supervisor: hears all, heard by the agent only."""
    BARGE = "barge"
    """A supervisor: hears all, heard by all."""


class Party(StrEnum):
    """Who ended or refused something."""

    KIOSK = "kiosk"
    SEAT = "seat"
    SUPERVISOR = "supervisor"
    PORTAL = "portal"
    ENGINE = "engine"


class Participant(Value, frozen=True):
    """One member of a conversation; `who` is a kiosk for the citizen, else a seat (supervisors have a seat id too)."""

    who: str
    role: Role
    held: bool = False
    """Neither hears nor is heard, sees the waiting picture."""


class ServiceItem(Value, frozen=True):
    """One thing that can be asked for.

    `reach` bounds how far ring expansion may go: an item that only the own city may handle has `city`, one of the
    nationwide list (跨省通办) has `country`. `min_level` is the proficiency it needs before relaxation.
    """

    code: str
    name: str = ""
    reach: Reach = Reach.COUNTRY
    min_level: int = 1


class Skill(Value, frozen=True):
    """Proficiency in an item or in everything beneath it; a more specific skill of the same seat overrides it.

    `level` is 1 (learning) to 10 (expert); 0 takes the item out of a subtree which the seat has otherwise.
    """

    item: str
    level: int = 5


class SeatProfile(Value, frozen=True):
    """What a seat can serve.

    `regions` are the divisions it serves, each with all beneath; the first one is where it sits (for "nearest").
    `capacity` is the number of calls it may be in at once, wrap-up included.
    """

    skills: tuple[Skill, ...]
    regions: tuple[str, ...]
    languages: tuple[str, ...] = ("zh",)
    kinds: tuple[Kind, ...] = (Kind.CONSULT, Kind.GUIDE, Kind.HANDLE)
    media: tuple[Media, ...] = (Media.AUDIO, Media.VIDEO, Media.DOCUMENT, Media.SCREEN)
    capacity: int = 1
    name: str = ""


class Break(Value, frozen=True):
    """A planned break; the seat gets no offers in it, and says itself when it is back."""

    start_ms: int
    end_ms: int


class Shift(Value, frozen=True):
    """Working time of one login: at `end_ms` the seat drains (finishes what it has, then goes offline)."""

    start_ms: int
    end_ms: int
    breaks: tuple[Break, ...] = ()


class Target(Value, frozen=True):
    """Where a transfer or an invitation goes: one seat, or whoever serves this item in this region.

    An empty `item` or `region` means that of the call. With `seat` set, only that seat is asked.
    """

    seat: str = ""
    item: str = ""
    region: str = ""


class BookingWindow(Value, frozen=True):
    """Bookable capacity: `capacity` appointments in each slot, for one item subtree in one region subtree."""

    window: str
    """Identity, chosen by the portal."""
    item: str
    region: str
    start_ms: int
    end_ms: int
    slot_ms: int
    capacity: int


class AppointmentPhase(StrEnum):
    """The life of an appointment."""

    BOOKED = "booked"
    CHECKED_IN = "checked_in"
    """The citizen is here; a call exists."""
    MISSED = "missed"
    CANCELLED = "cancelled"


class Punctuality(StrEnum):
    """How a check-in lies to its slot."""

    EARLY = "early"
    ON_TIME = "on_time"
    LATE = "late"
    """After the grace: served as a walk-in, or refused, as the settings say."""


class CallPhase(StrEnum):
    """The life of a call (see `lifecycle.CALL_TRANSITIONS`)."""

    WAITING = "waiting"
    OFFERED = "offered"
    """One seat rings."""
    CALLING_BACK = "calling_back"
    """A seat has accepted a callback; the citizen is being rung."""
    TALKING = "talking"
    HELD = "held"
    WRAP_UP = "wrap_up"
    """The conversation is over; the seat finishes its notes."""
    CLOSED = "closed"


class Presence(StrEnum):
    """Whether a seat wants calls: the first axis of its state."""

    OFFLINE = "offline"
    READY = "ready"
    BREAK = "break"
    DRAINING = "draining"
    """Finishes what it has, then goes offline."""


class SeatPhase(StrEnum):
    """What a seat shows: presence and activity in one word (see `lifecycle.seat_phase`)."""

    OFFLINE = "offline"
    READY = "ready"
    RESERVED = "reserved"
    """Idle, kept for an appointment that is due."""
    OFFERED = "offered"
    IN_CALL = "in_call"
    WRAP_UP = "wrap_up"
    BREAK = "break"
