"""The answer to a ringing offer."""

from .command import Command


class AcceptOffer(Command, frozen=True):
    """The seat takes the call. → CallAccepted | CallbackStarted | SeatJoined

    Repeating it by the same seat gives no events. Raises OfferExpired (timed out, withdrawn, declined), NotYours.
    """

    offer: str
    seat: str


class DeclineOffer(Command, frozen=True):
    """The seat does not take the call, which goes on waiting in its place. → OfferDeclined [, CallOffered]

    Raises OfferExpired, NotYours.
    """

    offer: str
    seat: str
    reason: str = ""


class WithdrawOffer(Command, frozen=True):
    """Take a ringing offer back (a supervisor's or portal's hand). → OfferWithdrawn [, CallOffered]"""

    offer: str
    reason: str = ""
