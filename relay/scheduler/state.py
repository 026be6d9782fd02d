"""All the engine knows. Read by `decide` and the views, changed by `evolve` alone."""

from __future__ import annotations

from .catalogue import Catalogue
from .entities import Appointment, Call, Kiosk, Seat, Window
from .errors import UnknownCall, UnknownSeat
from .index.facets import Facets
from .index.ordered import Ordered
from .index.profile import Profile
from .index.supply import Supply
from .index.timers import Timers
from .index.waiting import WaitingIndex
from .model import Reach, SeatProfile
from .recent import Recent
from .rules import Rules
from .settings import SchedulerSettings


class State:
    """Entities (kept by snapshots), and the indexes over them (rebuilt)."""

    __slots__ = (
        "appointments", "appointments_made", "booked", "calls", "calls_made", "cap_counts", "catalogue", "citizens",
        "clock_ms", "closed_offers", "facets", "holds", "keys", "kiosks", "lost", "no_shows", "offers", "offers_made",
        "profiles", "regions", "releases", "rules", "seats", "settings", "shunned", "sticky", "supply", "targeted",
        "timers", "waiting", "waiting_calls", "windows",
    )  # fmt: skip

    def __init__(self, settings: SchedulerSettings | None = None) -> None:
        # Kept
        self.settings = settings or SchedulerSettings()
        self.clock_ms = 0
        """Time of the last event."""
        self.calls_made = 0
        self.offers_made = 0
        self.appointments_made = 0
        self.releases = 0
        """Counts releases of seats, to order them by idle time."""
        self.catalogue = Catalogue()
        self.regions: set[str] = set()
        """Divisions that were defined; empty: every well-formed code is known."""
        self.calls: dict[str, Call] = {}
        self.seats: dict[str, Seat] = {}
        self.kiosks: dict[str, Kiosk] = {}
        self.windows: dict[str, Window] = {}
        self.appointments: dict[str, Appointment] = {}
        self.keys: Recent = Recent()
        """Idempotency keys → call or appointment id."""
        self.sticky: Recent = Recent()
        """Who served a citizen or case last."""
        self.lost: Recent = Recent()
        """Calls that may be resumed → kiosk, citizen, enqueued_ms."""
        self.no_shows: Recent = Recent()
        """When a citizen missed appointments."""
        self.closed_offers: Recent = Recent()
        """Offers that ended without acceptance → how."""
        # Derived
        self.rules = Rules(self.settings)
        self.offers: dict[str, Call] = {}
        self.citizens: dict[str, int] = {}
        """Open calls of a citizen."""
        self.booked: dict[str, int] = {}
        """Open appointments of a citizen."""
        self.shunned: dict[str, set[str]] = {}
        """Calls a seat is barred from, by seat."""
        self.targeted: dict[str, Ordered] = {}
        """Calls that wait for one seat only, by seat."""
        self.waiting_calls = 0
        self.cap_counts = [0] * len(self.settings.queue_caps)
        self.facets = Facets()
        self.profiles: dict[SeatProfile, Profile] = {}
        self.waiting = WaitingIndex(self.facets)
        self.holds = WaitingIndex(self.facets)
        """Appointments that want a seat kept."""
        self.supply = Supply()
        self.timers = Timers(self)

    def next_wake_ms(self) -> int | None:
        """When the engine next wants a `Tick`; None: not before something else happens."""
        timer = self.timers.first()
        return None if timer is None else timer[0]

    def resolve(self, value: SeatProfile) -> Profile:
        """The profile in the terms of the indexes, which learn to distinguish what it names."""
        profile = self.profiles.get(value)
        if profile is None:
            abilities = len(self.facets)
            profile = self.profiles[value] = Profile(value, self.catalogue, self.facets)
            new_ability = len(self.facets) > abilities
            self.waiting.add_profile(profile, new_ability=new_ability)
            self.holds.add_profile(profile, new_ability=new_ability)
        return profile

    def reach(self, item: str) -> Reach:
        """How far calls for an item may go; a retired one anywhere."""
        found = self.catalogue.items.get(item)
        return found.reach if found is not None else Reach.COUNTRY

    def call(self, call: str) -> Call:
        """Raises UnknownCall."""
        found = self.calls.get(call)
        if found is None:
            raise UnknownCall(f"no open call is called {call!r}")
        return found

    def seat(self, seat: str) -> Seat:
        """Raises UnknownSeat."""
        found = self.seats.get(seat)
        if found is None:
            raise UnknownSeat(f"no seat {seat!r} is online")
        return found
