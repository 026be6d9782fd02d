"""What an HTTP operation is: one row of the table from which routes, checks and the OpenAPI document are made."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from relay.errors import Malformed, RelayError
from relay.server.auth import Identity, Role

Method = Literal["GET", "POST", "PUT", "DELETE"]
Place = Literal["path", "query", "header"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One named value outside the body."""

    name: str
    place: Place
    shape: Any
    """A type that msgspec can convert text to."""
    meaning: str
    required: bool = True
    default: Any = None


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """A request that passed every check of its operation."""

    caller: Identity | None
    """None only where the operation asks for no role."""
    values: Mapping[str, Any]
    """Parameters by name, converted."""
    body: Any = None


@dataclass(frozen=True, slots=True)
class ApiReply:
    """A reply whose status is not the operation's own."""

    content: Any
    status: int


Handler = Callable[[Any, ApiRequest], Awaitable[Any]]
"""Takes what the server is made of and the request; returns the reply's content, or an `ApiReply`."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    method: Method
    path: str
    summary: str
    handler: Handler
    reply: Any
    """Type of the content; None for an empty reply."""
    roles: tuple[Role, ...] = (Role.PORTAL,)
    """Who may; empty: everybody, without a token."""
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    status: int = 200
    refusals: tuple[type[RelayError], ...] = ()
    """What it can be refused for, besides its token and its shape."""

    @property
    def name(self) -> str:
        """The `operationId`."""
        return str(getattr(self.handler, "__name__", self.path))


def convert_parameters(parameters: tuple[Parameter, ...], texts: Mapping[Place, Mapping[str, str]]) -> dict[str, Any]:
    """The values of an operation's parameters; raises `Malformed` naming the one that is missing or wrong."""
    return {parameter.name: _convert(parameter, texts[parameter.place]) for parameter in parameters}


def _convert(parameter: Parameter, texts: Mapping[str, str]) -> Any:
    text = texts.get(parameter.name)
    if text is None:
        if parameter.required:
            raise Malformed(f"the {parameter.place} parameter {parameter.name} is missing")
        return parameter.default
    try:
        return msgspec.convert(text, parameter.shape, strict=False)
    except msgspec.ValidationError as error:
        raise Malformed(f"{parameter.name}: {error}") from error
