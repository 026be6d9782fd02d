"""Booking appointments over REST: windows, slots, bookings; the booking's token is what the QR code holds."""

from typing import Annotated

import msgspec
from msgspec import Meta

from relay.errors import Conflict, LimitReached, NotFound, Refusal
from relay.scheduler import commands, events, view
from relay.scheduler.booking import KEY_PREFIX
from relay.scheduler.entities import Appointment as Booking
from relay.scheduler.model import BookingWindow, Kind
from relay.server.auth import Role
from relay.server.context import Context
from relay.server.messages import CallKind, Name, ShortText
from relay.server.operations import ApiRequest, Operation, Parameter


class Book(msgspec.Struct, kw_only=True):
    """One place in a slot."""

    window: Name
    slot_ms: int
    """Start of the slot, milliseconds since the Unix epoch."""
    item: Name
    region: Name
    citizen: Name
    """Pseudonym of the citizen."""
    kind: CallKind = "handle"
    language: Name = "zh"
    case: Name | None = None


class Appointment(msgspec.Struct, kw_only=True):
    """A booked place."""

    appointment: str
    window: str
    slot_ms: int
    item: str
    region: str
    citizen: str
    state: str
    """`booked`, `checked_in`, `missed` or `cancelled`."""
    token: str
    """For the QR code: a kiosk that shows it asks for the call of this appointment."""


class OpenWindow(msgspec.Struct, kw_only=True):
    """Bookable capacity, for one item or subtree in one region; putting it again changes it."""

    item: Name
    region: Name
    start_ms: int
    end_ms: int
    slot_ms: Annotated[int, Meta(gt=0)]
    """Length of a slot."""
    capacity: Annotated[int, Meta(ge=0)]
    """Appointments per slot."""


async def put_window(context: Context, request: ApiRequest) -> None:
    """Open a booking window, or change its capacity."""
    body: OpenWindow = request.body
    window = BookingWindow(
        request.values["window"], body.item, body.region, body.start_ms, body.end_ms, body.slot_ms, body.capacity
    )
    await context.exchange.submit(commands.OpenBooking(window))


async def close_window(context: Context, request: ApiRequest) -> None:
    """No further bookings; those that exist stay."""
    await context.exchange.submit(commands.CloseBooking(request.values["window"]))


async def list_slots(context: Context, request: ApiRequest) -> tuple[view.Slot, ...]:
    """What can still be booked."""
    scheduler = context.exchange.scheduler
    return view.slots(scheduler.state, request.values["window"], scheduler.now_ms())


async def book(context: Context, request: ApiRequest) -> Appointment:
    """Book one place; the same key twice is one booking."""
    body: Book = request.body
    key = request.values["idempotency-key"]
    happened = await context.exchange.submit(
        commands.BookAppointment(
            key=key,
            window=body.window,
            slot_ms=body.slot_ms,
            item=body.item,
            region=body.region,
            citizen=body.citizen,
            kind=Kind(body.kind),
            language=body.language,
            case=body.case or "",
        )
    )
    booked = next((event.appointment for event in happened if isinstance(event, events.AppointmentBooked)), None)
    return _shown(context, booked or _known(context, key))


async def list_appointments(context: Context, request: ApiRequest) -> list[Appointment]:
    """Appointments of a citizen that are still to come."""
    found = view.appointments_of(context.exchange.scheduler.state, request.values["citizen"])
    return [_appointment(context, booking) for booking in found]


async def cancel_appointment(context: Context, request: ApiRequest) -> None:
    """Free the place."""
    command = commands.CancelAppointment(request.values["appointment"], request.values["reason"])
    await context.exchange.submit(command)


def _known(context: Context, key: str) -> str:
    """The booking that this key made before."""
    scheduler = context.exchange.scheduler
    return scheduler.state.keys.get(KEY_PREFIX + key, scheduler.now_ms()) or ""


def _shown(context: Context, appointment: str) -> Appointment:
    booking = context.exchange.scheduler.state.appointments.get(appointment)
    if booking is None:
        raise NotFound("This booking is long over.")
    return _appointment(context, booking)


def _appointment(context: Context, booking: Booking) -> Appointment:
    return Appointment(
        appointment=booking.id,
        window=booking.window,
        slot_ms=booking.slot_ms,
        item=booking.item,
        region=booking.region,
        citizen=booking.citizen,
        state=booking.phase,
        token=context.checkin.sign(booking.id, booking.slot_ms),
    )


_WINDOW = Parameter("window", "path", Name, "The window; its name is the portal's choice.")
_APPOINTMENT = Parameter("appointment", "path", Name, "The appointment.")
_CITIZEN = Parameter("citizen", "query", Name, "Pseudonym of the citizen.")
_REASON = Parameter("reason", "query", ShortText, "Kept in the record.", required=False, default="")
_KEY = Parameter("idempotency-key", "header", Name, "Chosen by the portal; the same key twice is one booking.")
_PORTAL = (Role.PORTAL,)

APPOINTMENT_OPERATIONS = (
    Operation(
        "PUT", "/api/booking-windows/{window}", "Open or change a booking window", put_window, None, _PORTAL,
        (_WINDOW,), OpenWindow, 204, (NotFound, Refusal),
    ),
    Operation(
        "DELETE", "/api/booking-windows/{window}", "Take no further bookings", close_window, None, _PORTAL,
        (_WINDOW,), status=204, refusals=(NotFound,),
    ),
    Operation(
        "GET", "/api/booking-windows/{window}/slots", "Slots that can be booked", list_slots, list[view.Slot], _PORTAL,
        (_WINDOW,), refusals=(NotFound,),
    ),
    Operation(
        "POST", "/api/appointments", "Book an appointment", book, Appointment, _PORTAL, (_KEY,), Book, 201,
        (NotFound, Conflict, LimitReached),
    ),
    Operation(
        "GET", "/api/appointments", "A citizen's appointments", list_appointments, list[Appointment], _PORTAL,
        (_CITIZEN,),
    ),
    Operation(
        "DELETE", "/api/appointments/{appointment}", "Cancel an appointment", cancel_appointment, None, _PORTAL,
        (_APPOINTMENT, _REASON), status=204, refusals=(NotFound, Conflict),
    ),
)  # fmt: skip
