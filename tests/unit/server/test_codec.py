import msgpack
import msgspec
import pytest

from relay.errors import Malformed
from relay.server import messages
from relay.server.codec import CODECS, MAX_MESSAGE_ENTRIES, JsonCodec, MsgpackCodec

REQUEST = messages.RequestCall(id=7, item="housing.title", idempotency_key="k", priority=["elderly"])


@pytest.mark.parametrize("name", CODECS)
def test_a_request_survives_both_encodings(name):
    codec = CODECS[name]
    encode = {"relay.json": lambda m: msgspec.json.encode(m).decode(), "relay.msgpack": msgspec.msgpack.encode}[name]
    assert codec.parse(encode(REQUEST)) == REQUEST


@pytest.mark.parametrize("name", CODECS)
def test_a_reply_leaves_out_defaults(name):
    frame = CODECS[name].serialise(messages.Ok(re=3))
    decoded = msgspec.json.decode(frame) if isinstance(frame, str) else msgpack.unpackb(frame)
    assert decoded == {"type": "ok", "re": 3}


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"type": 1}',
        '{"type": "nonsense"}',
        '{"type": "ok"}',
        '{"type": "hello"}',
        '{"type": "hello", "token": 5}',
        '{"type": "hello", "token": "' + "x" * 5000 + '"}',
        '{"type": "heartbeat", "id": "seven"}',
        '{"type": "call.request", "item": "a b", "idempotency_key": "k"}',
        '{"type": "call.request", "item": "a", "idempotency_key": "k", "priority": ["a","b","c","d","e"]}',
        '{"type": "first-frame", "call": "c", "slot": "camera", "elapsed_ms": -1}',
        '{"type": "offer", "sdp": "' + "v" * 70_000 + '", "sources": {}, "slots": {}}',
        '{"type": "heartbeat", "x": ' + "[" * 5000 + "]" * 5000 + "}",
        '{"type": "heartbeat"',
        "\ud800",
        b"{}",
    ],
)
def test_hostile_json_is_malformed_and_nothing_else(frame):
    with pytest.raises(Malformed):
        JsonCodec().parse(frame)


NESTED_ARRAYS = b"\xdd\x00\x01\xff\xff" * 1000
"""Five bytes each, and each asks for 131,071 places."""


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\xc1",
        b"\xc0",
        NESTED_ARRAYS,
        b"\x91" * 5000,
        b"\xdf\xff\xff\xff\xff",
        msgpack.packb(["type", "heartbeat"]),
        msgpack.packb({"type": "heartbeat", "x": msgpack.ExtType(1, b"x")}),
        msgpack.packb({"type": "heartbeat", "x": b"\x00" * 9}),
        msgpack.packb({"type": "heartbeat", "x": list(range(MAX_MESSAGE_ENTRIES + 1))}),
        msgpack.packb({1: 2}),
        msgpack.packb({"type": "nonsense"}),
        msgpack.packb({"type": "hello", "token": 5}),
        msgpack.packb({"type": "heartbeat"}) + b"\x00",
        b"\xa2\xff\xff",
        "{}",
    ],
)
def test_hostile_messagepack_is_malformed_and_nothing_else(frame):
    with pytest.raises(Malformed):
        MsgpackCodec().parse(frame)


def test_unknown_fields_are_ignored():
    assert JsonCodec().parse('{"type": "heartbeat", "id": 1, "future": {"a": 1}}') == messages.Heartbeat(id=1)


def test_a_login_does_not_show_its_secrets() -> None:
    shown = repr(messages.Hello(token="secret-token", session="secret-session"))
    assert "secret" not in shown
