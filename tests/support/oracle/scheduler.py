"""The scheduler's naive twin: believes nothing but the events, looks at everything, and says what is wrong.

Deliberately slow and simple: lists, string prefixes, full scans. It knows the rules (who can serve what, who is first),
not the engine's indexes.
"""

from dataclasses import dataclass, field
from typing import Any

from relay.scheduler import events
from relay.scheduler.model import Presence, SeatProfile
from relay.scheduler.settings import SchedulerSettings

NEVER = -1


@dataclass(eq=False)
class Ticket:
    id: str
    number: int
    item: str
    region: str
    scope: str
    level: int
    kind: str
    language: str
    media: tuple[str, ...]
    virtual_ms: int
    target: str
    sticky: str
    parent: str
    place: str = "waiting"
    seat: str = ""
    offer: str = ""
    deadline_ms: int = NEVER
    resting: bool = False
    barred: set[str] = field(default_factory=set)
    members: set[str] = field(default_factory=set)

    @property
    def key(self) -> tuple[int, int]:
        return self.virtual_ms, self.number


@dataclass(eq=False)
class Place:
    id: str
    profile: SeatProfile
    ready: bool = False
    draining: bool = False
    media_ready: bool = True
    rtt_ms: int = -1
    offer: str = ""
    calls: set[str] = field(default_factory=set)
    wraps: set[str] = field(default_factory=set)
    reserved: str = ""
    idle: int = 0
    before: int = 0
    """What it held when its capacity was made smaller; it keeps that."""

    @property
    def free(self) -> bool:
        room = len(self.calls) + len(self.wraps) < self.profile.capacity
        return self.ready and self.media_ready and not self.offer and not self.reserved and room


def region_path(code: str) -> list[str]:
    """The division and what encloses it, by cutting digits."""
    path = ["000000"]
    for part in (code[:2] + "0000", code[:4] + "00", code[:6], code[:9], code):
        if part != path[-1] and len(part) in (6, 9, 12):
            path.append(part)
    return path


def level_in(profile: SeatProfile, item: str) -> int:
    """The level of the most specific skill that covers the item."""
    best, level = -1, 0
    for skill in profile.skills:
        covers = skill.item in ("*", item) or item.startswith(skill.item + ".")
        length = 0 if skill.item == "*" else len(skill.item)
        if covers and length > best:
            best, level = length, skill.level
    return level


def can_serve(profile: SeatProfile, ticket: Ticket) -> bool:
    if level_in(profile, ticket.item) < max(1, ticket.level):
        return False
    around = region_path(ticket.scope)
    if not any(served in around or ticket.scope in region_path(served) for served in profile.regions):
        return False
    return (
        ticket.kind in profile.kinds
        and ticket.language in profile.languages
        and all(media in profile.media for media in ticket.media)
    )


class Audit:
    """Follows the events of one engine; every surprise is an AssertionError that names it."""

    def __init__(self, settings: SchedulerSettings) -> None:
        self.settings = settings
        self.tickets: dict[str, Ticket] = {}
        self.places: dict[str, Place] = {}
        self.closed: set[str] = set()
        self.offers: dict[str, str] = {}
        self.ended_offers: set[str] = set()
        self.clock_ms = 0
        self.requested = 0
        self.idle_count = 0
        self._free_before: dict[str, int] = {}
        """Seats free when the decision was made, and their place in the idle order then."""

    def observe(self, decision: tuple[Any, ...]) -> None:
        """One decision's events, in order."""
        self._free_before = {place.id: place.idle for place in self.places.values() if place.free}
        for event in decision:
            assert event.at_ms >= self.clock_ms, "events go back in time"
            self.clock_ms = event.at_ms
            getattr(self, f"on_{type(event).__name__}", self._ignore)(event)

    def check(self) -> None:
        """What must hold between decisions."""
        for ticket in self.tickets.values():
            rung = [place.id for place in self.places.values() if place.offer and self.offers[place.offer] == ticket.id]
            assert len(rung) == (ticket.place == "offered"), f"{ticket.id} rings at {rung}"
            if ticket.place == "talking":
                assert ticket.id in self.places[ticket.seat].calls
        for place in self.places.values():
            used = len(place.calls) + len(place.wraps)
            used += bool(place.offer)
            assert used <= max(place.profile.capacity, place.before), f"{place.id} holds {used} calls, wrap-ups, offers"
            place.before = min(place.before, used)
            for call in place.calls:
                assert place.id in self.tickets[call].members
        self.check_work_conservation()

    def check_work_conservation(self) -> None:
        for place in self.places.values():
            if not place.free:
                continue
            for ticket in self.waiting():
                assert not self.would_ring(place, ticket), f"{place.id} idles beside {ticket.id}"

    def waiting(self) -> list[Ticket]:
        found = [ticket for ticket in self.tickets.values() if ticket.place == "waiting" and not ticket.resting]
        return sorted(found, key=lambda ticket: ticket.key)

    def would_ring(self, place: Place, ticket: Ticket) -> bool:
        if ticket.target:
            return ticket.target == place.id
        return place.id not in ticket.barred and can_serve(place.profile, ticket)

    def on_Configured(self, event: events.Configured) -> None:
        self.settings = event.settings

    # Calls

    def on_CallRequested(self, event: events.CallRequested) -> None:
        assert event.call not in self.tickets
        assert event.call not in self.closed
        self.requested += 1
        assert event.call == f"c{self.requested}"
        ticket = Ticket(
            event.call,
            self.requested,
            event.item,
            event.region,
            event.scope,
            event.level,
            event.kind,
            event.language,
            event.media,
            event.virtual_ms,
            event.target,
            event.sticky,
            event.parent,
            barred=set(event.barred),
        )
        self.tickets[event.call] = ticket

    def on_SearchWidened(self, event: events.SearchWidened) -> None:
        ticket = self.tickets[event.call]
        assert ticket.place == "waiting"
        ticket.scope, ticket.level, ticket.target = event.scope, event.level, event.target

    def on_CallReprioritised(self, event: events.CallReprioritised) -> None:
        self.tickets[event.call].virtual_ms = event.virtual_ms

    def on_CallOffered(self, event: events.CallOffered) -> None:
        ticket, place = self.tickets[event.call], self.places[event.seat]
        assert ticket.place == "waiting", f"{event.call} is offered while {ticket.place}"
        assert place.free, f"{event.seat} is rung while it is not free"
        assert self.would_ring(place, ticket) or event.rule == "reserved"
        assert event.offer not in self.offers
        assert event.offer not in self.ended_offers
        assert event.deadline_ms == event.at_ms + self.settings.ring_timeout_ms
        if event.rule in ("head_of_queue", "target"):
            self._check_first(ticket, place)
        elif event.rule not in ("reserved", "sticky", "backoff_ended"):
            self._check_choice(ticket, place, event)
        elif event.rule == "sticky":
            assert ticket.sticky == place.id
        ticket.place, ticket.seat, ticket.offer, ticket.deadline_ms = (
            "offered",
            place.id,
            event.offer,
            event.deadline_ms,
        )
        place.offer = event.offer
        self.offers[event.offer] = ticket.id

    def _check_first(self, ticket: Ticket, place: Place) -> None:
        """Within what a seat can serve, order is by key."""
        for other in self.waiting():
            if other is not ticket and self.would_ring(place, other):
                assert ticket.key < other.key, f"{place.id} got {ticket.id} although {other.id} came first"

    def _check_choice(self, ticket: Ticket, place: Place, event: events.CallOffered) -> None:
        """The seat is one that the strategy prefers among those that were free, and still are."""
        free = [self.places[name] for name in self._free_before if name in self.places]
        candidates = [other for other in free if other.free and self.would_ring(other, ticket)]
        for policy in (*self.settings.strategy, "longest_idle"):
            rank = getattr(self, f"rank_{policy}")
            best = min(rank(other, ticket) for other in candidates)
            candidates = [other for other in candidates if rank(other, ticket) == best]
            assert place in candidates, f"{place.id} is not preferred by {policy} for {ticket.id} ({event.rule})"

    def rank_longest_idle(self, place: Place, ticket: Ticket) -> int:
        return self._free_before[place.id]

    def rank_nearest(self, place: Place, ticket: Ticket) -> int:
        home = region_path(place.profile.regions[0])
        return -max(len(region_path(code)) for code in region_path(ticket.region) if code in home)

    def rank_most_proficient(self, place: Place, ticket: Ticket) -> int:
        return -level_in(place.profile, ticket.item)

    def rank_best_path(self, place: Place, ticket: Ticket) -> int:
        if place.rtt_ms < 0:
            return 4
        return sum(place.rtt_ms >= bound for bound in (25, 50, 75, 100, 150, 200, 300, 500))

    def _end_offer(self, event: Any) -> Ticket:
        """An offer ends once, and only while it rings."""
        assert event.offer not in self.ended_offers
        ticket = self.tickets[self.offers.pop(event.offer)]
        assert ticket.place == "offered"
        assert ticket.seat == event.seat
        self.ended_offers.add(event.offer)
        self.places[event.seat].offer = ""
        return ticket

    def _return(self, event: Any) -> Ticket:
        ticket = self._end_offer(event)
        ticket.place, ticket.seat = "waiting", ""
        if event.backoff_ms != NEVER:
            ticket.barred.add(event.seat)
        return ticket

    def on_OfferDeclined(self, event: events.OfferDeclined) -> None:
        self._return(event)

    def on_OfferTimedOut(self, event: events.OfferTimedOut) -> None:
        ticket = self.tickets[event.call]
        assert event.at_ms >= ticket.deadline_ms
        self._return(event)

    def on_OfferWithdrawn(self, event: events.OfferWithdrawn) -> None:
        self._return(event)

    def on_BackoffEnded(self, event: events.BackoffEnded) -> None:
        self.tickets[event.call].barred.discard(event.seat)

    def _close(self, call: str) -> None:
        assert call not in self.closed
        self.closed.add(call)
        del self.tickets[call]

    def on_CallAbandoned(self, event: events.CallAbandoned) -> None:
        ticket = self.tickets[event.call]
        assert ticket.place == "waiting"
        ticket.place = "wrap_up"
        self._close_if_done(ticket)

    def on_CallDeflected(self, event: events.CallDeflected) -> None:
        ticket = self.tickets[event.call]
        assert ticket.place == "waiting"
        ticket.place = "wrap_up"
        self._close_if_done(ticket)

    # Conversations

    def _enter(self, ticket: Ticket, seat: str) -> None:
        self.places[seat].calls.add(ticket.id)
        ticket.members.add(seat)

    def _leave(self, ticket: Ticket, seat: str, wrap_until_ms: int = NEVER) -> None:
        if seat not in ticket.members:
            return
        ticket.members.discard(seat)
        place = self.places[seat]
        place.calls.discard(ticket.id)
        if wrap_until_ms == NEVER:
            self._rest(place)
        else:
            place.wraps.add(ticket.id)

    def _rest(self, place: Place) -> None:
        self.idle_count += 1
        place.idle = self.idle_count

    def on_CallAccepted(self, event: events.CallAccepted) -> None:
        assert event.at_ms < self.tickets[event.call].deadline_ms, "accepted after the time-out"
        ticket = self._end_offer(event)
        ticket.place, ticket.target = "talking", ""
        self._enter(ticket, event.seat)

    def on_SeatJoined(self, event: events.SeatJoined) -> None:
        invitation = self._end_offer(event)
        assert invitation.id == event.invitation
        self._close(event.invitation)
        assert event.seat not in self.tickets[event.call].members, "the seat is in the call already"
        self._enter(self.tickets[event.call], event.seat)
        for other in self.tickets.values():
            if other.parent == event.call:
                other.barred.add(event.seat)

    def on_SeatLeft(self, event: events.SeatLeft) -> None:
        self._leave(self.tickets[event.call], event.seat)

    def on_CallHandedOver(self, event: events.CallHandedOver) -> None:
        ticket = self.tickets[event.call]
        assert ticket.seat == event.seat
        self._leave(ticket, event.seat, event.wrap_until_ms)
        ticket.seat = event.to

    def on_CallTransferred(self, event: events.CallTransferred) -> None:
        ticket = self.tickets[event.call]
        for seat in event.others:
            self._leave(ticket, seat)
        self._leave(ticket, event.seat, event.wrap_until_ms)
        ticket.place, ticket.seat, ticket.sticky = "waiting", "", ""
        ticket.item, ticket.region, ticket.scope = event.item, event.region, event.scope
        ticket.level, ticket.target = event.level, event.target
        ticket.barred = {event.seat}

    def on_CallRequeued(self, event: events.CallRequeued) -> None:
        ticket = self.tickets[event.call]
        for seat in (event.seat, *event.others):
            self._leave(ticket, seat)
        ticket.place, ticket.seat = "waiting", ""
        if event.backoff_ms != NEVER:
            ticket.barred.add(event.seat)

    def on_CallEnded(self, event: events.CallEnded) -> None:
        ticket = self.tickets[event.call]
        assert ticket.place in ("talking", "calling_back")
        for seat in event.others:
            self._leave(ticket, seat)
        self._leave(ticket, event.seat, event.wrap_until_ms)
        ticket.place = "wrap_up"
        self._close_if_done(ticket)

    def on_WrapUpFinished(self, event: events.WrapUpFinished) -> None:
        place = self.places[event.seat]
        place.wraps.remove(event.call)
        self._rest(place)
        self._close_if_done(self.tickets[event.call])

    def _close_if_done(self, ticket: Ticket) -> None:
        if ticket.place == "wrap_up" and not any(ticket.id in place.wraps for place in self.places.values()):
            self._close(ticket.id)

    def on_CallbackStarted(self, event: events.CallbackStarted) -> None:
        ticket = self._end_offer(event)
        ticket.place, ticket.target = "calling_back", ""
        self._enter(ticket, event.seat)

    def on_CallbackAnswered(self, event: events.CallbackAnswered) -> None:
        self.tickets[event.call].place = "talking"

    def on_CallbackFailed(self, event: events.CallbackFailed) -> None:
        ticket = self.tickets[event.call]
        self._leave(ticket, event.seat)
        ticket.place, ticket.seat, ticket.resting = "waiting", "", event.retry_ms != NEVER

    def on_CallbackRetried(self, event: events.CallbackRetried) -> None:
        self.tickets[event.call].resting = False

    # Seats

    def on_SeatLoggedIn(self, event: events.SeatLoggedIn) -> None:
        assert event.seat not in self.places
        self.places[event.seat] = Place(event.seat, event.profile)
        self._rest(self.places[event.seat])

    def on_SeatUpdated(self, event: events.SeatUpdated) -> None:
        place = self.places[event.seat]
        place.profile = event.profile
        place.before = len(place.calls) + len(place.wraps) + bool(place.offer)

    def on_SeatReady(self, event: events.SeatReady) -> None:
        place = self.places[event.seat]
        place.ready, place.draining = True, False
        self._rest(place)

    def on_SeatOnBreak(self, event: events.SeatOnBreak) -> None:
        self.places[event.seat].ready = False

    def on_SeatDraining(self, event: events.SeatDraining) -> None:
        place = self.places[event.seat]
        place.ready, place.draining = False, True

    def on_SeatLoggedOut(self, event: events.SeatLoggedOut) -> None:
        place = self.places.pop(event.seat)
        assert not place.offer, "logged out while ringing"
        assert not place.calls, "logged out in a call"
        assert not place.wraps, "logged out in wrap-up"
        assert not place.reserved, "logged out while reserved"
        assert all(ticket.target != event.seat for ticket in self.waiting()), "somebody waits for nobody"

    def on_SeatPathMeasured(self, event: events.SeatPathMeasured) -> None:
        place = self.places[event.seat]
        place.media_ready, place.rtt_ms = event.media_ready, event.rtt_ms

    def on_SeatReserved(self, event: events.SeatReserved) -> None:
        place = self.places[event.seat]
        assert place.free
        assert event.reserved <= event.allowed
        place.reserved = event.appointment

    def on_SeatReleased(self, event: events.SeatReleased) -> None:
        place = self.places[event.seat]
        assert place.reserved == event.appointment
        place.reserved = ""

    def _ignore(self, event: Any) -> None:
        """Concerns nothing that is audited."""


def presence_of(place: Place) -> Presence:
    """As the engine would say it."""
    if place.ready:
        return Presence.READY
    return Presence.DRAINING if place.draining else Presence.BREAK
