"""Errors as problem details (RFC 9457): the one mapping from the classes of `relay.errors` to what a client sees."""

import logging
from collections.abc import Iterator

import msgspec

from relay.errors import RelayError

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)


class Problem(msgspec.Struct, kw_only=True, omit_defaults=True):
    """RFC 9457 problem details, with a hint on what to do about it."""

    type: str
    title: str
    status: int
    detail: str = ""
    hint: str = ""
    retry_after_s: int = 0
    """As the header `Retry-After` says; 0: not said."""


def problem_type(slug: str) -> str:
    """The `type` URI of a problem."""
    return f"urn:relay:problem:{slug}"


def problem_of(error: Exception) -> Problem:
    """What a client is told about an error. One that is not ours is logged, and told nothing of."""
    if not isinstance(error, RelayError):
        _log.exception("unexpected error", exc_info=error)
        return problem_of(RelayError())
    kind = type(error)
    title, detail = _title(kind), str(error)
    return Problem(
        type=problem_type(kind.problem),
        title=title,
        status=kind.status,
        detail="" if detail == kind.__doc__ else detail,
        hint=kind.hint,
        retry_after_s=kind.retry_after_s,
    )


def problem_classes(family: type[RelayError] = RelayError) -> Iterator[type[RelayError]]:
    """The family and everything derived from it, parents first."""
    yield family
    for derived in family.__subclasses__():
        yield from problem_classes(derived)


def _title(kind: type[RelayError]) -> str:
    return (kind.__doc__ or kind.__name__).partition("\n")[0].strip()
