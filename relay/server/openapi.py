"""The OpenAPI 3.1 document and the signalling JSON Schema, generated from the tables and types that do the work."""

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any

import msgspec

from relay.errors import LimitReached, Malformed, RelayError, Unauthorised
from relay.server import messages
from relay.server.operations import Operation, Parameter
from relay.server.problem import MEDIA_TYPE, Problem

_STREAMS: dict[str, dict[str, Any]] = {
    "/api/events": {
        "get": {
            "operationId": "events",
            "summary": "What happens, as Server-Sent Events",
            "description": "Roles: portal, supervisor. `event` is the type of the event, `data` its fields as JSON.",
            "security": [{"token": []}],
            "parameters": [
                {
                    "name": name,
                    "in": place,
                    "required": False,
                    "description": "The `id` of the last event that was read: what followed it comes first.",
                    "schema": {"type": "string"},
                }
                for name, place in (("after", "query"), ("Last-Event-ID", "header"))
            ],
            "responses": {
                "200": {"description": "A stream without end.", "content": {"text/event-stream": {}}},
                "410": {
                    "description": "position-gone: what followed is no longer kept.",
                    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                },
            },
        }
    },
    "/metrics": {
        "get": {
            "operationId": "metrics",
            "summary": "Prometheus metrics",
            "responses": {"200": {"description": "All metrics.", "content": {"text/plain": {}}}},
        }
    },
}
"""What is not JSON."""
_COMPONENTS = "#/components/schemas/{name}"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def openapi_document(operations: Sequence[Operation]) -> dict[str, Any]:
    """The OpenAPI description of a table of operations."""
    schemas = _Schemas(operations)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _describe(operation, schemas)
    paths |= _STREAMS
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "relay",
            "version": version("relay"),
            "description": "Calls, queues and seats of a remote public-service network.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def signalling_schema() -> dict[str, Any]:
    """JSON Schema of the WebSocket's messages: a document is a message of a client or of the server."""
    unions = (messages.ClientMessage, messages.ServerMessage)
    (client, server), definitions = msgspec.json.schema_components(unions, ref_template="#/$defs/{name}")
    return {
        "$schema": _DIALECT,
        "title": "relay signalling",
        "description": messages.__doc__,
        "anyOf": [{"$ref": "#/$defs/ClientMessage"}, {"$ref": "#/$defs/ServerMessage"}],
        "$defs": definitions | {"ClientMessage": client, "ServerMessage": server},
    }


class _Schemas:
    """JSON Schemas of every type that the operations mention, each once."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        types: list[Any] = [Problem]
        for operation in operations:
            types += [shape for shape in (operation.body, operation.reply) if shape is not None]
            types += [parameter.shape for parameter in operation.parameters]
        schemas, self.components = msgspec.json.schema_components(types, ref_template=_COMPONENTS)
        self._by_type = {repr(shape): schema for shape, schema in zip(types, schemas, strict=True)}

    def of(self, shape: Any) -> dict[str, Any]:
        return self._by_type[repr(shape)]


def _describe(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    description: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": _responses(operation, schemas),
    }
    if operation.roles:
        description["security"] = [{"token": []}]
        description["description"] = f"Roles: {', '.join(operation.roles)}."
    if operation.parameters:
        description["parameters"] = [_parameter(parameter, schemas) for parameter in operation.parameters]
    if operation.body is not None:
        description["requestBody"] = {"required": True, "content": _json(schemas.of(operation.body))}
    return description


def _responses(operation: Operation, schemas: _Schemas) -> dict[str, Any]:
    success: dict[str, Any] = {"description": "Done."}
    if operation.reply is not None:
        success["content"] = _json(schemas.of(operation.reply))
    refusals: list[type[RelayError]] = list(operation.refusals)
    if operation.roles:
        refusals += [Unauthorised, LimitReached]
    if operation.body is not None or operation.parameters:
        refusals.append(Malformed)
    problem = {MEDIA_TYPE: {"schema": schemas.of(Problem)}}
    meanings: dict[int, list[str]] = {}
    for refusal in refusals:
        meanings.setdefault(refusal.status, []).append((refusal.__doc__ or "").partition("\n")[0])
    return {str(operation.status): success} | {
        str(status): {"description": " ".join(dict.fromkeys(lines)), "content": problem}
        for status, lines in sorted(meanings.items())
    }


def _parameter(parameter: Parameter, schemas: _Schemas) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.meaning,
        "schema": schemas.of(parameter.shape),
    }


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}
