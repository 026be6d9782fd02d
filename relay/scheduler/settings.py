"""What an operator can set, as values: units in the names, defaults, and why. `from_mapping` reads a TOML table.

Settings travel as the event `Configured`, so that a replay decides by the rules that were in force.
"""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import msgspec

from .errors import BadSettings
from .model import ALL_ITEMS, COUNTRY, Reach, Value

STRATEGIES = ("nearest", "most_proficient", "least_flexible", "least_occupied", "best_path", "longest_idle")


class PriorityClass(Value, frozen=True):
    """A class of callers. `weight` points are worth `weight / ageing_per_minute` minutes of waiting."""

    name: str
    weight: float = 0.0


class Ring(Value, frozen=True):
    """A step of the search: `after_ms` of waiting, seats up to `reach` are asked, `relax_levels` less proficient."""

    after_ms: int
    reach: Reach
    relax_levels: int = 0


class QueueCap(Value, frozen=True):
    """At most `waiting` calls of this item subtree and region subtree wait at once.

    Beyond it, a call is refused (`QueueFull`), or, with `overflow_ring` >= 0, starts its search at that ring.
    """

    waiting: int
    item: str = ALL_ITEMS
    region: str = COUNTRY
    overflow_ring: int = -1


class OpenSpan(Value, frozen=True):
    """Open on these ISO weekdays (1 = Monday), from and to local time `HH:MM` (`24:00` is midnight)."""

    days: tuple[int, ...]
    start: str
    end: str


class Calendar(Value, frozen=True):
    """A week, with its exceptions; dates are ISO (`2026-10-01`).

    `workdays` are make-up working days (调休), on which the hours of a Monday hold whatever the weekday.
    """

    name: str
    spans: tuple[OpenSpan, ...]
    time_zone: str = "Asia/Shanghai"
    holidays: tuple[str, ...] = ()
    workdays: tuple[str, ...] = ()


class HoursRule(Value, frozen=True):
    """Which calendar holds for an item subtree in a region subtree; the longest item, then region, decides."""

    calendar: str
    item: str = ALL_ITEMS
    region: str = COUNTRY


class AppointmentRules(Value, frozen=True):
    """How booking and check-in work; defaults follow published rules of Chinese service halls."""

    early_ms: int = 30 * 60_000
    """Check-in is possible this long before the slot; the wait counts from the slot."""
    late_ms: int = 15 * 60_000
    """Grace after the slot's start; then the appointment is missed."""
    late_walk_in: bool = True
    """After the grace: served as a walk-in of normal priority (else refused, TooLate)."""
    late_limit_ms: int = 4 * 3_600_000
    """How long after the slot a late check-in is still possible at all."""
    min_lead_ms: int = 0
    """Latest booking before the slot."""
    max_lead_ms: int = 5 * 86_400_000
    """Earliest booking before the slot."""
    cancel_lead_ms: int = 0
    """Cancelling later than this before the slot is refused."""
    per_citizen: int = 1
    """Open appointments of one citizen."""
    no_show_limit: int = 3
    """Missed appointments within `no_show_window_ms` after which booking is refused; 0: never."""
    no_show_window_ms: int = 90 * 86_400_000
    lookahead_ms: int = 120_000
    """So long before the slot (or the check-in, if later) a seat that falls idle may be kept for it."""
    lookahead_reach: Reach = Reach.PROVINCE
    """How far from the citizen a seat may sit that is kept."""
    lookahead_share: float = 0.1
    """At most this share of the ready seats that can serve the appointment is kept idle; 0: none is."""


DEFAULT_PRIORITIES = (
    PriorityClass("normal", 0.0),
    PriorityClass("elderly", 2.0),
    PriorityClass("disabled", 2.0),
    PriorityClass("appointment", 5.0),
    PriorityClass("urgent", 10.0),
)
DEFAULT_RINGS = (
    Ring(0, Reach.COUNTY),
    Ring(5_000, Reach.CITY),
    Ring(10_000, Reach.PROVINCE),
    Ring(20_000, Reach.COUNTRY, relax_levels=1),
)


class SchedulerSettings(Value, frozen=True):
    """Everything that decides, besides the catalogue. 0 switches a limit or timer off where its line says so."""

    # Offers
    ring_timeout_ms: int = 20_000
    """A seat rings so long; long enough to finish a sentence, short enough for the 15 to 20 s goals of the field."""
    backoff_ms: int = 30_000
    """A seat that declined or missed a call is not offered the same one again for so long (no ringing loops)."""
    transfer_backoff_ms: int = 120_000
    """A seat that passed a call on by cold transfer is not offered it again for so long, unless the next transfer
    brings it back; then rather this seat than nobody. 0: never again, unless the next transfer brings it back."""
    unanswered_limit: int = 3
    """Missed offers in a row after which the seat is on break: nobody sits there. 0: never."""
    connect_timeout_ms: int = 0
    """An accepted call not confirmed by ConfirmMedia for so long returns to the queue. 0: no confirmation needed."""

    # Wrap-up
    wrap_up: bool = True
    """False: a seat is free as soon as its call ends."""
    wrap_up_limit_ms: int = 60_000
    """Then the seat is made ready again. 0: no limit."""
    dispositions: tuple[str, ...] = ()
    """Codes that FinishWrapUp accepts; empty: any."""

    # Leases
    seat_lease_ms: int = 15_000
    """A seat unheard of for so long is offline, a closed browser does not miss calls. 0: no lease (simulation)."""
    kiosk_lease_ms: int = 45_000
    """The same for a kiosk with a call; longer, for it sits on 5G. 0: no lease."""

    # Order
    ageing_per_minute: float = 1.0
    """Points a call gains per minute of waiting; the same for all, so two calls never swap (priority.py)."""
    priorities: tuple[PriorityClass, ...] = DEFAULT_PRIORITIES
    default_priority: str = "normal"
    appointment_priority: str = "appointment"
    """Class of a call whose appointment is due."""
    invitation_priority: str = "urgent"
    """Class of a consult or conference invitation: two people wait for the answer."""

    # Search
    rings: tuple[Ring, ...] = DEFAULT_RINGS
    strategy: tuple[str, ...] = ("nearest", "least_flexible", "longest_idle")
    """Each policy narrows the candidates of the one before; `longest_idle` breaks the last tie in any case."""
    sticky_window_ms: int = 30 * 60_000
    """The seat that served this citizen or case so recently is preferred. 0: no preference."""
    sticky_wait_ms: int = 0
    """A call waits so long for its sticky seat while that one is busy; idle seats may wait beside it meanwhile."""

    # Limits
    max_waiting: int = 200_000
    queue_caps: tuple[QueueCap, ...] = ()
    kiosk_calls: int = 1
    """Open calls of one kiosk, callbacks not counted while the citizen is elsewhere. 0: any number."""
    kiosk_callbacks: int = 10
    """Callbacks that were asked for at one kiosk and are open. 0: any number."""
    citizen_calls: int = 1
    """Open calls of one citizen. 0: any number."""
    max_seats: int = 100_000
    max_participants: int = 8
    """Of one conversation, the citizen included."""
    max_wait_ms: int = 0
    """A call waiting so long is deflected. 0: never."""
    resume_window_ms: int = 120_000
    """A call lost by its kiosk may be resumed in its place for so long. 0: never."""
    key_window_ms: int = 86_400_000
    """Idempotency keys of closed calls are remembered for so long ..."""
    max_keys: int = 1_000_000
    """... and at most so many."""

    # Opening hours
    calendars: tuple[Calendar, ...] = ()
    hours: tuple[HoursRule, ...] = ()
    """Where no rule applies it is always open."""
    deflect_at_close: bool = False
    """Calls that still wait at closing time are deflected (else they are served)."""

    # Callbacks
    callbacks: bool = True
    callback_ring_ms: int = 30_000
    callback_attempts: int = 2
    callback_retry_ms: int = 60_000
    """After an unanswered callback the call keeps its place, but is not offered for so long."""

    appointments: AppointmentRules = AppointmentRules()

    clock_slack_ms: int = 2_000
    """A clock that stepped back by no more is taken as standing still; by more, commands are refused."""

    def __post_init__(self) -> None:
        check(self)


def from_mapping(table: Mapping[str, Any]) -> SchedulerSettings:
    """Settings from a decoded TOML (or JSON) table. Raises BadSettings naming the field."""
    try:
        return msgspec.convert(table, SchedulerSettings, strict=False)
    except msgspec.ValidationError as error:
        raise BadSettings(str(error)) from None


def check(settings: SchedulerSettings) -> None:
    """Raise BadSettings for values that contradict each other."""
    for field in settings.__struct_fields__:
        value = getattr(settings, field)
        if isinstance(value, int | float) and value < 0:
            raise BadSettings(f"{field} is negative")
    if settings.ring_timeout_ms == 0:
        raise BadSettings("ring_timeout_ms must be positive")
    if settings.ageing_per_minute <= 0:
        raise BadSettings("ageing_per_minute must be positive; for strict order give the class a very large weight")
    _check_priorities(settings)
    _check_rings(settings.rings)
    _check_names(settings)
    if not 0 <= settings.appointments.lookahead_share <= 1:
        raise BadSettings("lookahead_share is a share, 0 to 1")


def _check_priorities(settings: SchedulerSettings) -> None:
    names = [priority.name for priority in settings.priorities]
    if len(set(names)) != len(names):
        raise BadSettings("two priority classes have the same name")
    for name in (settings.default_priority, settings.appointment_priority, settings.invitation_priority):
        if name not in names:
            raise BadSettings(f"priority class {name!r} is used but not defined")


def _check_rings(rings: tuple[Ring, ...]) -> None:
    if not rings or rings[0].after_ms != 0:
        raise BadSettings("the first ring must start at 0 ms")
    order = list(Reach)
    for narrow, wide in pairwise(rings):
        if wide.after_ms <= narrow.after_ms:
            raise BadSettings("rings must follow each other in time")
        if order.index(wide.reach) < order.index(narrow.reach) or wide.relax_levels < narrow.relax_levels:
            raise BadSettings("a later ring must not be narrower than an earlier one")


def _check_names(settings: SchedulerSettings) -> None:
    unknown = set(settings.strategy) - set(STRATEGIES)
    if unknown:
        raise BadSettings(f"no such strategy: {', '.join(sorted(unknown))}; there are {', '.join(STRATEGIES)}")
    calendars = {calendar.name for calendar in settings.calendars}
    for rule in settings.hours:
        if rule.calendar not in calendars:
            raise BadSettings(f"opening hours name the calendar {rule.calendar!r}, which is not defined")
    for cap in settings.queue_caps:
        if cap.overflow_ring >= len(settings.rings):
            raise BadSettings(f"overflow_ring {cap.overflow_ring} is not one of the {len(settings.rings)} rings")
