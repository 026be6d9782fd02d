"""Citizens with appointments: they book before the day begins, and most of them come, early or late."""

from collections.abc import Iterator

from relay.errors import Refusal
from relay.scheduler import commands as ask
from relay.scheduler import events
from relay.scheduler.model import ALL_ITEMS, COUNTRY, BookingWindow
from relay.scheduler.simulate.demand import People, Visit
from relay.scheduler.simulate.laws import Chance, Choice
from relay.scheduler.simulate.scenario import Scenario
from relay.scheduler.simulate.world import World

_WINDOW = "day"


def book(world: World, scenario: Scenario, people: People, chance: Chance) -> Iterator[tuple[int, Visit]]:
    """Book the whole day in the engine, now; returns who will come when, in order of time."""
    rules, slot_ms = scenario.bookings, scenario.bookings.slot_minutes * 60_000
    slots = scenario.duration_ms // slot_ms
    count = round(rules.per_hour * scenario.hours)
    if not count or not slots:
        return iter(())
    start_ms = world.now_ms
    window = BookingWindow(_WINDOW, ALL_ITEMS, COUNTRY, start_ms, start_ms + slots * slot_ms, slot_ms, count)
    world.submit(ask.OpenBooking(window))
    hall = Choice([place.calls_per_hour for place in scenario.places])
    visits: list[tuple[int, Visit]] = []
    for n in range(count):
        regions = scenario.places[hall.draw(chance)].regions
        visit = people.visit(f"booked.{n}", regions[int(chance.random() * len(regions))], chance)
        slot = start_ms + int(chance.random() * slots) * slot_ms
        offset_ms = rules.early.draw_ms(chance)
        late, comes = chance.random() < rules.late_share, chance.random() >= rules.no_show
        visit.citizen = f"citizen-{n}"
        visit.appointment = _booked(world, visit, slot)
        if visit.appointment and comes:
            visits.append((max(start_ms, slot + offset_ms if late else slot - offset_ms), visit))
    return iter(sorted(visits, key=lambda coming: coming[0]))


def _booked(world: World, visit: Visit, slot_ms: int) -> str:
    """The appointment's id; empty when it was refused (the first slot may begin too soon)."""
    outcome = world.submit(
        ask.BookAppointment(
            key=visit.key,
            window=_WINDOW,
            slot_ms=slot_ms,
            item=visit.item,
            region=visit.region,
            citizen=visit.citizen,
            kind=visit.kind,
            language=visit.language,
        )
    )
    if isinstance(outcome, Refusal):
        return ""
    return next((event.appointment for event in outcome if isinstance(event, events.AppointmentBooked)), "")
