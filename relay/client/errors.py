"""What a client is told: the refusals of `relay.errors`, as raised in the relay itself."""

from collections.abc import Iterator

from relay.errors import Refusal, RelayError
from relay.server.messages import Failed


class Disconnected(RelayError):
    """The signalling connection is over."""

    problem = "disconnected"
    status = 503
    hint = "Connect again and negotiate; the relay keeps a call for a few seconds."


def refusal_of(failed: Failed) -> RelayError:
    """The exception that the relay described: its class when it is one of ours, `Refusal` otherwise."""
    slug = failed.problem.rpartition(":")[2]
    kind = next((each for each in _descendants(RelayError) if each.problem == slug), Refusal)
    return kind(": ".join(filter(None, (failed.title, failed.detail))))


def _descendants(family: type[RelayError]) -> Iterator[type[RelayError]]:
    """Most general first, so that a slug which is inherited names the class that introduced it."""
    yield family
    for derived in family.__subclasses__():
        yield from _descendants(derived)
