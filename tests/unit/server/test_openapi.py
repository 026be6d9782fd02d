from typing import Any

import jsonschema
import msgspec
import pytest

from relay.server import messages
from relay.server.openapi import openapi_document, signalling_schema
from relay.server.rest import OPERATIONS


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for inner in value.values() for ref in references(inner)]
    return [ref for inner in value for ref in references(inner)] if isinstance(value, list) else []


def test_every_operation_is_described_once():
    document = openapi_document(OPERATIONS)
    described = [(method.upper(), path) for path, methods in document["paths"].items() for method in methods]
    streams = [("GET", "/api/events"), ("GET", "/metrics")]
    assert sorted(described) == sorted([*streams, *((each.method, each.path) for each in OPERATIONS)])
    names = [each["operationId"] for methods in document["paths"].values() for each in methods.values()]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere():
    document = openapi_document(OPERATIONS)
    schemas = document["components"]["schemas"]
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in schemas


def test_path_parameters_are_declared():
    for operation in OPERATIONS:
        declared = {f"{{{p.name}}}" for p in operation.parameters if p.place == "path"}
        assert declared == {part for part in operation.path.split("/") if part.startswith("{")}


def test_protected_operations_say_so():
    document = openapi_document(OPERATIONS)
    assert document["paths"]["/api/calls"]["post"]["security"] == [{"token": []}]
    assert "security" not in document["paths"]["/healthz"]["get"]
    assert set(document["paths"]["/api/calls"]["post"]["responses"]) >= {"201", "400", "401", "409", "429", "503"}


def test_component_schemas_are_json_schema():
    for schema in openapi_document(OPERATIONS)["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = signalling_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize(
    "message",
    [
        messages.Hello(token="t"),
        messages.Offer(sdp="v=0", sources={"0": "camera"}, slots={"1": "camera"}),
        messages.SeatState(state="wrap-up", until_ms=5),
        messages.Failed(re=1, problem="conflict", title="No", status=409),
    ],
)
def test_the_signalling_schema_accepts_what_is_sent(validator, message):
    validator.validate(msgspec.json.decode(msgspec.json.encode(message)))


@pytest.mark.parametrize("document", [{}, {"type": "nonsense"}, {"type": "hello"}, {"type": "hello", "token": 1}])
def test_the_signalling_schema_refuses_what_is_not(validator, document):
    with pytest.raises(jsonschema.ValidationError):
        validator.validate(document)
