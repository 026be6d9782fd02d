"""Booking, cancelling, checking in."""

from relay.scheduler.model import BookingWindow, Kind, Media

from .command import Command


class OpenBooking(Command, frozen=True):
    """Offer slots for booking, or change the capacity of a window. → BookingOpened

    Raises BadWindow, UnknownItem, UnknownRegion.
    """

    window: BookingWindow


class CloseBooking(Command, frozen=True):
    """No further bookings in this window; those that exist stay. → BookingClosed"""

    window: str


class BookAppointment(Command, frozen=True):
    """Book one slot. Repeating it with the same `key` is one appointment. → AppointmentBooked

    Raises AppointmentWindowFull, NoSuchSlot, SlotInPast, TooEarlyToBook, CitizenLimit, NoShowLimit, KeyReused.
    """

    key: str
    window: str
    slot_ms: int
    """Start of the slot."""
    item: str
    region: str
    citizen: str
    kind: Kind = Kind.HANDLE
    language: str = "zh"
    media: tuple[Media, ...] = (Media.AUDIO, Media.VIDEO)
    case: str = ""


class CancelAppointment(Command, frozen=True):
    """Free the slot. Raises TooLateToCancel. → AppointmentCancelled"""

    appointment: str
    reason: str = ""


class CheckIn(Command, frozen=True):
    """The citizen of an appointment is at a kiosk (the token is verified: `checkin.verify`). Idempotent.

    → AppointmentCheckedIn, CallRequested [, CallOffered]. Raises TooEarly, TooLate, UnknownAppointment.
    """

    appointment: str
    kiosk: str
