"""Bookings come, fall due and go."""

from __future__ import annotations

from relay.scheduler import events
from relay.scheduler.booking import KEY_PREFIX, hold_line
from relay.scheduler.entities import NEVER_MS, Appointment, Call, Window
from relay.scheduler.index.due import Due
from relay.scheduler.model import AppointmentPhase
from relay.scheduler.state import State


def opened(state: State, event: events.BookingOpened) -> None:
    """BookingOpened."""
    given = event.window
    window = state.windows.get(given.window)
    if window is None:
        window = state.windows[given.window] = Window(given.window)
    window.item = given.item
    window.region = given.region
    window.start_ms = given.start_ms
    window.end_ms = given.end_ms
    window.slot_ms = given.slot_ms
    window.capacity = given.capacity
    window.open = True


def closed(state: State, event: events.BookingClosed) -> None:
    """BookingClosed."""
    state.windows[event.window].open = False


def booked(state: State, event: events.AppointmentBooked) -> None:
    """AppointmentBooked."""
    state.appointments_made += 1
    appointment = Appointment(event.appointment, state.appointments_made)
    appointment.key = event.key
    appointment.window = event.window
    appointment.slot_ms = event.slot_ms
    appointment.item = event.item
    appointment.region = event.region
    appointment.citizen = event.citizen
    appointment.kind = event.kind
    appointment.language = event.language
    appointment.media = event.media
    appointment.case = event.case
    appointment.lookahead_ms = event.lookahead_ms
    appointment.missed_ms = event.missed_ms
    appointment.forget_ms = event.forget_ms
    state.appointments[appointment.id] = appointment
    taken = state.windows[event.window].taken
    taken[event.slot_ms] = taken.get(event.slot_ms, 0) + 1
    state.keys.hold(KEY_PREFIX + event.key, appointment.id)
    if event.citizen:
        state.booked[event.citizen] = state.booked.get(event.citizen, 0) + 1
    _set_timers(state, appointment)


def _set_timers(state: State, appointment: Appointment) -> None:
    """All that may become due; what does not matter any more is dead by itself."""
    state.timers.set(appointment.lookahead_ms, Due.LOOKAHEAD, appointment.seq, appointment.id)
    state.timers.set(appointment.missed_ms, Due.MISSED, appointment.seq, appointment.id)
    state.timers.set(appointment.forget_ms, Due.FORGET, appointment.seq, appointment.id)


def cancelled(state: State, event: events.AppointmentCancelled) -> None:
    """AppointmentCancelled."""
    appointment = state.appointments[event.appointment]
    _leave(state, appointment, AppointmentPhase.CANCELLED)
    window = state.windows.get(appointment.window)
    if window is not None:
        left = window.taken.get(appointment.slot_ms, 0) - 1
        if left > 0:
            window.taken[appointment.slot_ms] = left
        else:
            window.taken.pop(appointment.slot_ms, None)


def due(state: State, event: events.AppointmentDue) -> None:
    """AppointmentDue."""
    appointment = state.appointments[event.appointment]
    appointment.due = True
    want_seat(state, appointment)


def want_seat(state: State, appointment: Appointment) -> None:
    """A seat that falls idle may be kept for it: its stand-in waits among the holds."""
    if appointment.phase is not AppointmentPhase.BOOKED or not appointment.due:
        return
    hold = Call(appointment.id, appointment.seq)
    line = hold_line(state, appointment)
    hold.item = appointment.item
    hold.scope = line.scope
    hold.kind = appointment.kind
    hold.language = appointment.language
    hold.media = appointment.media
    hold.level = line.facet.level
    hold.virtual_ms = appointment.slot_ms - state.rules.head_starts_ms[state.settings.appointment_priority]
    appointment.hold = hold
    state.holds.add(hold, line)


def checked_in(state: State, event: events.AppointmentCheckedIn) -> None:
    """AppointmentCheckedIn."""
    appointment = state.appointments[event.appointment]
    appointment.call = event.call
    _leave(state, appointment, AppointmentPhase.CHECKED_IN)


def missed(state: State, event: events.AppointmentMissed) -> None:
    """AppointmentMissed."""
    _leave(state, state.appointments[event.appointment], AppointmentPhase.MISSED)
    if event.citizen:
        rules = state.settings.appointments
        before = state.no_shows.get(event.citizen, state.clock_ms) or ()
        kept = (*before, event.at_ms)[-max(1, rules.no_show_limit) :]
        state.no_shows.put(event.citizen, kept, state.clock_ms + rules.no_show_window_ms)
        state.no_shows.forget(state.clock_ms, state.settings.max_keys)


def forgotten(state: State, event: events.AppointmentForgotten) -> None:
    """AppointmentForgotten."""
    appointment = state.appointments.pop(event.appointment)
    key = KEY_PREFIX + appointment.key
    state.keys.put(key, appointment.id, state.clock_ms + state.settings.key_window_ms)
    window = state.windows.get(appointment.window)
    if window is not None:
        window.taken.pop(appointment.slot_ms, None)
        if window.end_ms < state.clock_ms and not window.taken:
            del state.windows[window.id]


def _leave(state: State, appointment: Appointment, phase: AppointmentPhase) -> None:
    """No longer to come: it is checked in, missed or cancelled."""
    if appointment.phase is AppointmentPhase.BOOKED and appointment.citizen:
        left = state.booked[appointment.citizen] - 1
        if left:
            state.booked[appointment.citizen] = left
        else:
            del state.booked[appointment.citizen]
    appointment.phase = phase
    appointment.lookahead_ms = NEVER_MS
    if appointment.hold is not None:
        state.holds.remove(appointment.hold)
        appointment.hold = None


def restore_appointment(state: State, appointment: Appointment) -> None:
    """Rebuild what is derived from an appointment that a snapshot kept."""
    state.appointments[appointment.id] = appointment
    _set_timers(state, appointment)
    if appointment.phase is AppointmentPhase.BOOKED and appointment.citizen:
        state.booked[appointment.citizen] = state.booked.get(appointment.citizen, 0) + 1
    if not appointment.seat:
        want_seat(state, appointment)
