"""Booked slots and what became of them."""

from relay.scheduler.model import BookingWindow, Kind, Media, Punctuality

from .event import Event


class BookingOpened(Event, frozen=True):
    """Slots can be booked."""

    window: BookingWindow


class BookingClosed(Event, frozen=True):
    """No further bookings here."""

    window: str


class AppointmentBooked(Event, frozen=True):
    """One place of a slot is taken."""

    appointment: str
    key: str
    window: str
    slot_ms: int
    item: str
    region: str
    citizen: str
    kind: Kind
    language: str
    media: tuple[Media, ...]
    case: str
    lookahead_ms: int
    """When a seat begins to be kept for it."""
    missed_ms: int
    """When it counts as missed."""
    forget_ms: int
    """When even a late check-in is no longer possible."""


class AppointmentCancelled(Event, frozen=True):
    """The place is free again."""

    appointment: str
    reason: str


class AppointmentDue(Event, frozen=True):
    """From now on, a seat that falls idle may be kept for this appointment."""

    appointment: str


class AppointmentCheckedIn(Event, frozen=True):
    """The citizen is at a kiosk; the CallRequested of the same decision is the call."""

    appointment: str
    call: str
    kiosk: str
    punctuality: Punctuality


class AppointmentMissed(Event, frozen=True):
    """Nobody came within the grace."""

    appointment: str
    citizen: str


class AppointmentForgotten(Event, frozen=True):
    """A late check-in is no longer possible; the appointment leaves the engine."""

    appointment: str
