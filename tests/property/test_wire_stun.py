from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.wire import stun
from tests.support.wire_values import stun_messages


@given(stun_messages, st.none() | st.binary(min_size=1, max_size=80), st.booleans())
def test_what_is_written_is_read_back(message: stun.Message, key: bytes | None, fingerprint: bool) -> None:
    data = message.serialise(key, fingerprint=fingerprint)
    parsed = stun.parse(data)
    assert parsed == message
    assert parsed.has_fingerprint == fingerprint
    assert parsed.verify_integrity(key or b"any") == (key is not None)


@given(stun_messages, st.binary(min_size=1), st.binary(min_size=1))
def test_only_the_right_key_verifies(message: stun.Message, key: bytes, other: bytes) -> None:
    # HMAC pads keys with zeros (RFC 2104 §2), so keys that differ only in trailing zeros are the same key.
    same = key.rstrip(b"\0") == other.rstrip(b"\0")
    assert stun.parse(message.serialise(key)).verify_integrity(other) == same


@given(stun_messages)
def test_the_peeked_username_is_the_parsed_one(message: stun.Message) -> None:
    data = message.serialise(b"key")
    is_binding_request = (message.method, message.cls) == (stun.BINDING, stun.MessageClass.REQUEST)
    assert stun.peek_username(data) == (message.username if is_binding_request else None)
