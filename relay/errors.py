"""The families of errors. A class docstring is its default message; `problem` names its RFC 9457 type.

- `Malformed`: bytes from the network break their format. Counted and dropped, or answered with 400.
- `Misuse`: the calling code broke the contract. A bug of the caller; the hint says what to do instead.
- `Refusal`: a well-formed request that cannot be granted now or for this identity.
- `InvariantError`: a bug of ours. Ends the one call or peer it happened in, and is counted.
"""

from typing import ClassVar


class RelayError(Exception):
    """Something went wrong in relay."""

    problem: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    hint: ClassVar[str] = ""
    retry_after_s: ClassVar[int] = 0
    """When to ask again (RFC 9110 §10.2.3); 0: not said."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class Malformed(RelayError):
    """The input does not have the shape that its format requires.

    `what` names the broken rule, `offset` the byte (or line) where it was noticed.
    """

    problem = "malformed"
    status = 400

    def __init__(self, what: str, offset: int | None = None) -> None:
        self.what = what
        self.offset = offset
        super().__init__(what if offset is None else f"{what} (at {offset})")


class Misuse(RelayError):
    """An interface was used against its contract."""

    problem = "misuse"
    status = 500


class Refusal(RelayError):
    """The request was understood, and is refused."""

    problem = "refused"
    status = 409


class Unauthorised(Refusal):
    """The token is missing, expired, or not valid for this."""

    problem = "unauthorised"
    status = 401
    hint = "Ask the portal for a fresh token for this identity."


class Forbidden(Refusal):
    """This identity may not do this."""

    problem = "forbidden"
    status = 403


class NotFound(Refusal):
    """No such thing."""

    problem = "not-found"
    status = 404


class Conflict(Refusal):
    """The thing is in another state than the request requires."""

    problem = "conflict"
    status = 409


class LimitReached(Refusal):
    """A configured bound is reached."""

    problem = "limit-reached"
    status = 429
    hint = "Retry later, or raise the bound in the settings."


class Unavailable(Refusal):
    """The service cannot take this now."""

    problem = "unavailable"
    status = 503
    hint = "Retry in a few seconds."


class AtCapacity(Unavailable):
    """The media plane is near its measured limit, and keeps what is left for the calls it carries."""

    problem = "at-capacity"
    hint = "Ask again after `Retry-After`, send new calls to another node, or give this one more media workers."
    retry_after_s = 10


class InvariantError(RelayError):
    """A rule that can never break was broken: a bug in relay."""

    problem = "invariant"
    status = 500
