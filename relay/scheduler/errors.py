"""Why a command is refused. The docstring is the default message, `hint` says what the caller can do."""

from relay.errors import Conflict, Forbidden, LimitReached, Misuse, NotFound, Refusal, Unavailable


class BadSettings(Misuse):
    """The scheduler's settings contradict themselves."""

    problem = "bad-settings"
    hint = "Correct the named field."


class ClockWentBackwards(Unavailable):
    """The command is older than what has been decided already; the clock was set back."""

    problem = "clock-went-backwards"
    hint = "Feed a clock that never goes back (clock.now_s, not wall time), or raise clock_slack_ms."


class UnknownCall(NotFound):
    """No such call, or it is closed."""

    problem = "unknown-call"
    hint = "Closed calls leave the engine; look them up in the event stream."


class UnknownSeat(NotFound):
    """No such seat is online."""

    problem = "unknown-seat"
    hint = "LogIn comes first."


class UnknownOffer(NotFound):
    """No such offer was ever made."""

    problem = "unknown-offer"
    hint = "Answer with the offer id that the Ring effect carried."


class UnknownAppointment(NotFound):
    """No such appointment."""

    problem = "unknown-appointment"
    hint = "Past appointments leave the engine a day after their slot."


class UnknownWindow(NotFound):
    """No such booking window."""

    problem = "unknown-window"
    hint = "OpenBooking comes first."


class UnknownItem(NotFound):
    """The service item is not in the catalogue."""

    problem = "unknown-item"
    hint = "DefineItems comes first; codes are dotted paths."


class UnknownRegion(NotFound):
    """The region is not a known GB/T 2260 division."""

    problem = "unknown-region"
    hint = "Six digits, plus three for a town and three for a village; DefineRegions lists what is known."


class UnknownPriority(NotFound):
    """No such priority class."""

    problem = "unknown-priority"
    hint = "The classes are set in `priorities`."


class UnknownDisposition(Refusal):
    """No such disposition code."""

    problem = "unknown-disposition"
    hint = "The codes are set in `dispositions`."


class NotInPhase(Conflict):
    """The call or seat is in another phase than the command needs."""

    problem = "not-in-phase"
    hint = "Fetch its detail and offer the user what its phase allows."


class NotYours(Forbidden):
    """The offer or call belongs to another seat."""

    problem = "not-yours"
    hint = "Only the seat that rings may answer, only the responsible seat may steer the call."


class OfferExpired(Conflict):
    """The offer is over: it timed out, was declined, or was withdrawn; the call went on in its place."""

    problem = "offer-expired"
    hint = "Stop ringing; the next offer comes by itself."


class SeatBusy(Conflict):
    """The seat is in a call."""

    problem = "seat-busy"
    hint = "Drain, or log out with force: then its calls return to their places in the queue."


class KeyReused(Conflict):
    """The idempotency key was used before, for another request."""

    problem = "key-reused"
    hint = "One fresh key per request; repeat a request unchanged."


class BadTarget(Refusal):
    """The target of a transfer or invitation cannot be asked."""

    problem = "bad-target"
    hint = "Name another seat, or an item or region."


class BadProfile(Refusal):
    """The seat's profile cannot serve anything."""

    problem = "bad-profile"
    hint = "At least one skill, one region, one language, one kind; levels 0 to 10; capacity 1 to 64."


class QueueFull(LimitReached):
    """The queue has reached its cap."""

    problem = "queue-full"
    hint = "Offer the citizen an appointment or a callback later."


class KioskLimit(LimitReached):
    """This kiosk has as many open calls as it may have."""

    problem = "kiosk-limit"
    hint = "End the open call first."


class CitizenLimit(LimitReached):
    """This citizen has as many open calls or appointments as allowed."""

    problem = "citizen-limit"
    hint = "End or cancel the open one first."


class SeatLimit(LimitReached):
    """As many seats are online as the settings allow."""

    problem = "seat-limit"
    hint = "Raise max_seats."


class ConferenceFull(LimitReached):
    """The conversation has as many participants as it may have."""

    problem = "conference-full"
    hint = "Raise max_participants."


class OutsideOpeningHours(Unavailable):
    """Closed at this time."""

    problem = "outside-opening-hours"
    hint = "The message says when it opens; offer an appointment."


class CallbackRefused(Refusal):
    """This call cannot become a callback."""

    problem = "callback-refused"
    hint = "Callbacks need `callbacks = true` and a citizen's call that waits."


class ResumeExpired(Refusal):
    """The lost call's place is no longer kept, or was not this kiosk's or citizen's."""

    problem = "resume-expired"
    hint = "Request without `resume`."


class BadWindow(Refusal):
    """The booking window makes no sense."""

    problem = "bad-window"
    hint = "start_ms < end_ms, slot_ms > 0, capacity >= 0, at most 10,000 slots."


class NoSuchSlot(NotFound):
    """The window has no slot that starts then, or does not cover item or region."""

    problem = "no-such-slot"
    hint = "Slots start at start_ms + n * slot_ms."


class SlotInPast(Refusal):
    """The slot has begun, or begins too soon to book."""

    problem = "slot-in-past"
    hint = "Choose a later slot, or come as a walk-in."


class TooEarlyToBook(Refusal):
    """The slot lies too far ahead."""

    problem = "too-early-to-book"
    hint = "See appointments.max_lead_ms."


class AppointmentWindowFull(LimitReached):
    """All places of this slot are booked."""

    problem = "appointment-window-full"
    hint = "Choose another slot."


class NoShowLimit(LimitReached):
    """This citizen has missed too many appointments lately."""

    problem = "no-show-limit"
    hint = "Walk-ins stay possible."


class TooLateToCancel(Refusal):
    """The slot is too near to cancel."""

    problem = "too-late-to-cancel"
    hint = "See appointments.cancel_lead_ms."


class TooEarly(Refusal):
    """It is too early to check in."""

    problem = "too-early"
    hint = "The message says when check-in opens."


class TooLate(Refusal):
    """The appointment is over."""

    problem = "too-late"
    hint = "Request a call as a walk-in."


class BadToken(Forbidden):
    """The check-in token is not genuine."""

    problem = "bad-token"
    hint = "Scan the QR code of the booking again."


class BadCode(Refusal):
    """This cannot be the code of a service item."""

    problem = "bad-code"
    hint = "Dotted segments, none empty, no *, at most 8 of them and 128 characters."
