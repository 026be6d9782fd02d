"""Booking, and what becomes of a booking on its day."""

from __future__ import annotations

from relay.scheduler import catalogue, regions
from relay.scheduler.booking import KEY_PREFIX, hold_line
from relay.scheduler.commands import (
    BookAppointment,
    CancelAppointment,
    CheckIn,
    CloseBooking,
    OpenBooking,
    RequestCall,
)
from relay.scheduler.draft import Draft
from relay.scheduler.entities import NEVER_MS, Appointment, Window
from relay.scheduler.errors import (
    AppointmentWindowFull,
    BadWindow,
    CitizenLimit,
    KeyReused,
    NoShowLimit,
    NoSuchSlot,
    NotInPhase,
    SlotInPast,
    TooEarly,
    TooEarlyToBook,
    TooLate,
    TooLateToCancel,
    UnknownAppointment,
    UnknownWindow,
)
from relay.scheduler.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentCheckedIn,
    AppointmentDue,
    AppointmentForgotten,
    AppointmentMissed,
    BookingClosed,
    BookingOpened,
    SeatReleased,
    SeatReserved,
)
from relay.scheduler.matching import find_seat, keepable
from relay.scheduler.model import AppointmentPhase, Punctuality, ServiceItem
from relay.scheduler.settings import AppointmentRules
from relay.scheduler.state import State

from .arrivals import WALK_IN, Origin, ask, require_region, require_room

MAX_SLOTS = 10_000
"""Of one window."""


def open_booking(draft: Draft, command: OpenBooking) -> None:
    """OpenBooking."""
    window = command.window
    draft.state.catalogue.require_node(window.item)
    require_region(draft.state, window.region)
    length_ms = window.end_ms - window.start_ms
    if window.slot_ms <= 0 or window.capacity < 0 or not 0 < length_ms <= MAX_SLOTS * window.slot_ms:
        raise BadWindow
    draft.events.append(BookingOpened(draft.at_ms, window))


def close_booking(draft: Draft, command: CloseBooking) -> None:
    """CloseBooking."""
    if _window(draft.state, command.window).open:
        draft.events.append(BookingClosed(draft.at_ms, command.window))


def book(draft: Draft, command: BookAppointment) -> None:
    """BookAppointment."""
    state = draft.state
    known = state.keys.get(KEY_PREFIX + command.key, draft.at_ms)
    if known is not None:
        booked = state.appointments.get(known)
        if booked is not None and (booked.citizen, booked.slot_ms) != (command.citizen, command.slot_ms):
            raise KeyReused(f"the key {command.key!r} names another booking, {known}")
        return
    rules = state.settings.appointments
    state.catalogue.item(command.item)
    require_region(state, command.region)
    _require_slot(draft, _window(state, command.window), command, rules)
    _require_good_standing(draft, command.citizen, rules)
    draft.events.append(
        AppointmentBooked(
            draft.at_ms,
            draft.new_appointment(),
            command.key,
            command.window,
            command.slot_ms,
            command.item,
            command.region,
            command.citizen,
            command.kind,
            command.language,
            command.media,
            command.case,
            max(draft.at_ms, command.slot_ms - rules.lookahead_ms) if rules.lookahead_share else NEVER_MS,
            command.slot_ms + rules.late_ms,
            command.slot_ms + max(rules.late_ms, rules.late_limit_ms) + 1,
        )
    )


def cancel(draft: Draft, command: CancelAppointment) -> None:
    """CancelAppointment."""
    appointment = _appointment(draft.state, command.appointment)
    if appointment.phase is AppointmentPhase.CANCELLED:
        return
    if appointment.phase is not AppointmentPhase.BOOKED:
        raise NotInPhase(f"appointment {appointment.id} is {appointment.phase}")
    if draft.at_ms > appointment.slot_ms - draft.state.settings.appointments.cancel_lead_ms:
        raise TooLateToCancel
    release(draft, appointment, "cancelled")
    draft.events.append(AppointmentCancelled(draft.at_ms, appointment.id, command.reason))


def check_in(draft: Draft, command: CheckIn) -> None:
    """CheckIn."""
    state = draft.state
    appointment = _appointment(state, command.appointment)
    if appointment.phase is AppointmentPhase.CHECKED_IN:
        return
    punctuality = _punctuality(draft, appointment)
    require_room(state, command.kiosk, appointment.citizen)
    late = punctuality is Punctuality.LATE
    settings = state.settings
    wanted = RequestCall(
        f"{KEY_PREFIX}{appointment.id}",
        command.kiosk,
        appointment.item,
        appointment.region,
        appointment.kind,
        appointment.language,
        appointment.media,
        settings.default_priority if late else settings.appointment_priority,
        appointment.citizen,
        appointment.case,
    )
    item = state.catalogue.items.get(appointment.item) or ServiceItem(appointment.item)
    enqueued_ms = max(draft.at_ms, appointment.slot_ms)
    seat = appointment.seat
    release(draft, appointment, "checked_in", refill=False)
    draft.events.append(
        AppointmentCheckedIn(draft.at_ms, appointment.id, draft.next_call(), command.kiosk, punctuality)
    )
    origin = Origin(appointment=appointment.id, reserved=seat) if not late else WALK_IN
    ask(draft, wanted, item, enqueued_ms, enqueued_ms - state.rules.head_start_ms(wanted.priority), origin)


def due(draft: Draft, appointment: Appointment) -> None:
    """Look-ahead begins: an idle seat is kept if the share allows, else one that falls idle later."""
    draft.events.append(AppointmentDue(draft.at_ms, appointment.id))
    state = draft.state
    line = hold_line(state, appointment)
    kept, allowed = keepable(state, line)
    choice = find_seat(draft, line, appointment.region) if kept < allowed else None
    if choice is not None:
        draft.events.append(
            SeatReserved(draft.at_ms, choice.seat.id, appointment.id, appointment.missed_ms, kept + 1, allowed)
        )


def missed(draft: Draft, appointment: Appointment) -> None:
    """Nobody came."""
    release(draft, appointment, "missed")
    draft.events.append(AppointmentMissed(draft.at_ms, appointment.id, appointment.citizen))


def forget(draft: Draft, appointment: Appointment) -> None:
    """Too late for anything."""
    draft.events.append(AppointmentForgotten(draft.at_ms, appointment.id))


def release(draft: Draft, appointment: Appointment, reason: str, *, refill: bool = True) -> None:
    """The seat kept for it, if any, is free for others."""
    if appointment.seat:
        draft.events.append(SeatReleased(draft.at_ms, appointment.seat, appointment.id, reason))
        if refill:
            draft.unkeep(appointment.seat)


def _require_slot(draft: Draft, window: Window, command: BookAppointment, rules: AppointmentRules) -> None:
    offset_ms = command.slot_ms - window.start_ms
    inside = window.start_ms <= command.slot_ms and command.slot_ms + window.slot_ms <= window.end_ms
    covered = catalogue.beneath(window.item, command.item) and regions.encloses(window.region, command.region)
    if not (window.open and inside and offset_ms % window.slot_ms == 0 and covered):
        raise NoSuchSlot
    lead_ms = command.slot_ms - draft.at_ms
    if lead_ms <= rules.min_lead_ms:
        raise SlotInPast
    if lead_ms > rules.max_lead_ms:
        raise TooEarlyToBook
    taken = window.taken.get(command.slot_ms, 0)
    if taken >= window.capacity:
        raise AppointmentWindowFull(f"all {taken} places of this slot are booked")


def _require_good_standing(draft: Draft, citizen: str, rules: AppointmentRules) -> None:
    state = draft.state
    if citizen and rules.per_citizen and state.booked.get(citizen, 0) >= rules.per_citizen:
        raise CitizenLimit(f"this citizen has {state.booked[citizen]} open appointments")
    if citizen and rules.no_show_limit:
        missed_ms = state.no_shows.get(citizen, draft.at_ms) or ()
        lately = sum(1 for at_ms in missed_ms if at_ms > draft.at_ms - rules.no_show_window_ms)
        if lately >= rules.no_show_limit:
            raise NoShowLimit(f"this citizen has missed {lately} appointments lately")


def _punctuality(draft: Draft, appointment: Appointment) -> Punctuality:
    rules = draft.state.settings.appointments
    early_ms = appointment.slot_ms - draft.at_ms
    if early_ms > rules.early_ms:
        raise TooEarly(f"check-in opens in {early_ms - rules.early_ms} ms")
    if appointment.phase is AppointmentPhase.BOOKED:
        return Punctuality.EARLY if early_ms > 0 else Punctuality.ON_TIME
    if appointment.phase is AppointmentPhase.MISSED and rules.late_walk_in:
        return Punctuality.LATE
    raise TooLate(f"appointment {appointment.id} is {appointment.phase}")


def _window(state: State, window: str) -> Window:
    found = state.windows.get(window)
    if found is None:
        raise UnknownWindow(f"no booking window is called {window!r}")
    return found


def _appointment(state: State, appointment: str) -> Appointment:
    found = state.appointments.get(appointment)
    if found is None:
        raise UnknownAppointment(f"no appointment is called {appointment!r}")
    return found
