"""A citizen asks for a seat."""

from __future__ import annotations

from typing import NamedTuple

from relay.scheduler import regions
from relay.scheduler.commands import RequestCall
from relay.scheduler.draft import Choice, Draft
from relay.scheduler.entities import NEVER_MS, Kiosk
from relay.scheduler.errors import (
    CitizenLimit,
    KeyReused,
    KioskLimit,
    OutsideOpeningHours,
    QueueFull,
    ResumeExpired,
    UnknownRegion,
)
from relay.scheduler.events import CallRequested
from relay.scheduler.index.line import Line
from relay.scheduler.matching import find_seat, find_target
from relay.scheduler.model import COUNTRY, Presence, Purpose, ServiceItem
from relay.scheduler.rules import Step
from relay.scheduler.state import State


class Origin(NamedTuple):
    """Where a call comes from, when it is not just a citizen who came in."""

    purpose: Purpose = Purpose.CALL
    parent: str = ""
    appointment: str = ""
    target: str = ""
    """The only seat to ask."""
    reserved: str = ""
    """A seat that is kept for it."""
    barred: tuple[str, ...] = ()
    """Seats not to ask."""


WALK_IN = Origin()


def request(draft: Draft, command: RequestCall) -> None:
    """RequestCall."""
    state = draft.state
    known = state.keys.get(command.key, draft.at_ms)
    if known is not None:
        _require_same(state, command, known)
        return
    item = state.catalogue.item(command.item)
    require_region(state, command.region)
    head_start_ms = state.rules.head_start_ms(command.priority)
    if state.rules.timetable:
        require_open(state, command.item, command.region, draft.at_ms)
    require_room(state, command.kiosk, command.citizen)
    enqueued_ms = _resumed_ms(draft, command) if command.resume else draft.at_ms
    ask(draft, command, item, enqueued_ms, enqueued_ms - head_start_ms)


def ask(
    draft: Draft, wanted: RequestCall, item: ServiceItem, enqueued_ms: int, virtual_ms: int, origin: Origin = WALK_IN
) -> str:
    """Find a seat at once, or let the call wait; its id. Raises QueueFull when it would have to wait and may not."""
    state = draft.state
    call = draft.new_call()
    level = wanted.min_level or item.min_level
    plan = state.rules.plan(item.reach, wanted.region, level)
    step = plan[0]
    line = _line(state, wanted, step)
    sticky = "" if origin is not WALK_IN else sticky_seat(state, wanted.citizen, wanted.case, draft.at_ms)
    target, target_until_ms, overflow = origin.target, NEVER_MS, False
    if sticky and state.settings.sticky_wait_ms:
        target, target_until_ms = _wait_for(draft, line, sticky)
    choice = None if target_until_ms != NEVER_MS else _choice(draft, wanted, line, origin, sticky)
    if choice is None and not origin.parent:
        beyond = _beyond_cap(state, wanted, plan)
        if beyond is not step and not target:
            step, overflow = beyond, True
            choice = find_seat(draft, _line(state, wanted, step), wanted.region, None, sticky)
    after = plan.index(step) + 1
    widen_ms = draft.at_ms + plan[after].after_ms if after < len(plan) else NEVER_MS
    draft.events.append(
        CallRequested(
            draft.at_ms,
            call,
            wanted.key,
            wanted.kiosk,
            item.code,
            wanted.region,
            wanted.kind,
            wanted.language,
            wanted.media,
            wanted.priority,
            wanted.citizen,
            wanted.case,
            enqueued_ms,
            virtual_ms,
            level,
            step.ring,
            step.scope,
            step.level,
            widen_ms,
            choice is not None,
            _give_up_ms(draft, wanted, origin),
            sticky,
            target,
            target_until_ms,
            origin.purpose,
            origin.parent,
            origin.appointment,
            wanted.resume,
            overflow,
            origin.barred,
        )
    )
    if choice is not None:
        draft.offer(call, 1, enqueued_ms, virtual_ms, choice)
    return call


def require_region(state: State, code: str) -> None:
    """Raise UnknownRegion unless the division is known; a town is when its county is."""
    path = regions.chain(code)
    if state.regions and code != COUNTRY and state.regions.isdisjoint(path[:-1] if len(code) > 6 else (code,)):
        raise UnknownRegion(f"the division {code!r} is not among those defined")


def require_open(state: State, item: str, region: str, at_ms: int) -> None:
    """Raise OutsideOpeningHours, saying when it opens."""
    hours = state.rules.timetable.hours(item, region)
    if hours is not None and not hours.is_open(at_ms):
        opens_ms = hours.opens_ms(at_ms)
        raise OutsideOpeningHours("closed" if opens_ms is None else f"closed; opens {hours.local(opens_ms)}")


def require_room(state: State, kiosk: str, citizen: str) -> None:
    """Raise KioskLimit, CitizenLimit or QueueFull."""
    settings = state.settings
    at_kiosk = state.kiosks.get(kiosk)
    if at_kiosk is not None and settings.kiosk_calls and len(at_kiosk.calls) >= settings.kiosk_calls:
        there = len(at_kiosk.calls) - callbacks_at(state, at_kiosk)
        if there >= settings.kiosk_calls:
            raise KioskLimit(f"the kiosk {kiosk!r} has {there} open calls")
    if citizen and settings.citizen_calls and state.citizens.get(citizen, 0) >= settings.citizen_calls:
        raise CitizenLimit(f"this citizen has {state.citizens[citizen]} open calls")
    if state.waiting_calls >= settings.max_waiting:
        raise QueueFull(f"{state.waiting_calls} calls wait already")


def callbacks_at(state: State, kiosk: Kiosk) -> int:
    """How many of the kiosk's calls are callbacks, whose citizens are elsewhere."""
    return len([name for name in kiosk.calls if state.calls[name].contact])


def sticky_seat(state: State, citizen: str, case: str, at_ms: int) -> str:
    """The seat that served this case, else this citizen, lately; empty when there was none."""
    if not state.settings.sticky_window_ms:
        return ""
    seat = state.sticky.get(f"case:{case}", at_ms) if case else None
    if seat is None and citizen:
        seat = state.sticky.get(f"citizen:{citizen}", at_ms)
    return seat or ""


def _require_same(state: State, command: RequestCall, known: str) -> None:
    """A key names one request; a closed call is not compared any more."""
    call = state.calls.get(known)
    if call is None:
        return
    same = (call.kiosk, call.item, call.kind, call.citizen) == (
        command.kiosk,
        command.item,
        command.kind,
        command.citizen,
    )
    if not same and not call.revision:
        raise KeyReused(f"the key {command.key!r} names another request, call {known}")


def _resumed_ms(draft: Draft, command: RequestCall) -> int:
    lost = draft.state.lost.get(command.resume, draft.at_ms)
    if lost is None or not (lost[0] == command.kiosk or (lost[1] and lost[1] == command.citizen)):
        raise ResumeExpired
    enqueued_ms: int = lost[2]
    return enqueued_ms


def _line(state: State, wanted: RequestCall, step: Step) -> Line:
    return state.waiting.line(wanted.item, step.scope, wanted.kind, wanted.language, wanted.media, step.level)


def _choice(draft: Draft, wanted: RequestCall, line: Line, origin: Origin, sticky: str) -> Choice | None:
    if origin.reserved:
        return Choice(draft.state.seats[origin.reserved], "reserved", 1, (origin.reserved,))
    if origin.target:
        return find_target(draft, origin.target)
    barred = dict.fromkeys(origin.barred, NEVER_MS) if origin.barred else None
    return find_seat(draft, line, wanted.region, barred, sticky)


def _beyond_cap(state: State, wanted: RequestCall, plan: tuple[Step, ...]) -> Step:
    """The first step of a call that must wait: a wider one when its queue overflows. Raises QueueFull."""
    step = plan[0]
    for number in state.rules.caps(wanted.item, wanted.region):
        cap = state.settings.queue_caps[number]
        if state.cap_counts[number] < cap.waiting:
            continue
        if cap.overflow_ring < 0:
            raise QueueFull(f"{state.cap_counts[number]} calls for {cap.item} in {cap.region} wait already")
        wider = [later for later in plan if later.ring <= cap.overflow_ring]
        if wider and wider[-1].ring > step.ring:
            step = wider[-1]
    return step


def _wait_for(draft: Draft, line: Line, sticky: str) -> tuple[str, int]:
    """Whether, and until when, the call waits for its sticky seat alone: one that is busy, and will be back."""
    state = draft.state
    seat = state.seats.get(sticky)
    if seat is None or seat.available or seat.presence is not Presence.READY:
        return "", NEVER_MS
    if not state.supply.eligible(line).has(seat.index):
        return "", NEVER_MS
    return sticky, draft.at_ms + state.settings.sticky_wait_ms


def _give_up_ms(draft: Draft, wanted: RequestCall, origin: Origin) -> int:
    settings = draft.state.settings
    if origin.parent or not (settings.max_wait_ms or settings.deflect_at_close):
        return NEVER_MS
    limits = [draft.at_ms + settings.max_wait_ms] if settings.max_wait_ms else []
    if settings.deflect_at_close:
        hours = draft.state.rules.timetable.hours(wanted.item, wanted.region)
        if hours is not None:
            limits.append(max(draft.at_ms + 1, hours.closes_ms(draft.at_ms)))
    return min(limits, default=NEVER_MS)
