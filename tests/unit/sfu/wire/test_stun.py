import contextlib
from typing import Any

import pytest

from relay.errors import Malformed, Misuse
from relay.sfu.wire import stun
from relay.sfu.wire.stun import ErrorCode, Message, MessageClass
from tests.support.shared import browser_stun, vectors

TRANSACTION = bytes(range(12))
KEY = b"a password of twenty-two"


def request(**fields: Any) -> Message:
    return Message(stun.BINDING, MessageClass.REQUEST, TRANSACTION, **fields)


def rfc5769(section: str) -> tuple[dict[str, Any], bytes]:
    vector = next(each for each in vectors("stun_rfc5769.json")["messages"] if each["section"].startswith(section))
    return vector, bytes.fromhex(vector["hex"])


def test_rfc5769_request() -> None:
    vector, data = rfc5769("2.1")
    message = stun.parse(data)
    assert message.cls is MessageClass.REQUEST
    assert message.username == vector["username"]
    assert message.priority == int(vector["priority"], 16)
    assert message.ice_controlled == int(vector["ice_controlled"], 16)
    assert message.software == "STUN test client"
    assert message.has_fingerprint
    assert message.verify_integrity(vector["short_term_password"].encode())
    assert not message.verify_integrity(b"another password")


@pytest.mark.parametrize(
    ("section", "address"),
    [("2.2", ("192.0.2.1", 32853)), ("2.3", ("2001:db8:1234:5678:11:2233:4455:6677", 32853))],
)
def test_rfc5769_responses(section: str, address: tuple[str, int]) -> None:
    vector, data = rfc5769(section)
    message = stun.parse(data)
    assert message.cls is MessageClass.SUCCESS
    assert message.xor_mapped_address == address
    assert message.verify_integrity(vector["short_term_password"].encode())


def test_rfc5769_long_term_request_has_attributes_we_do_not_understand() -> None:
    vector, data = rfc5769("2.4")
    message = stun.parse(data)
    assert message.username == vector["username"]
    assert message.not_understood == (0x0015, 0x0014)  # NONCE, REALM


def test_what_browsers_send_is_read() -> None:
    for browser, data in browser_stun():
        assert stun.parse(data).cls is MessageClass.REQUEST, browser


def test_a_message_with_everything_comes_back() -> None:
    message = request(
        username="ours:theirs",
        priority=1853824767,
        use_candidate=True,
        ice_controlling=2**64 - 1,
        xor_mapped_address=("2001:db8::1", 65535),
        error=ErrorCode(487, "Role Conflict"),
        unknown_attributes=(0x7F01, 0x7F02),
        software="relay",
        others=((0xC057, b"\x00\x01\x00\x02"),),
    )
    data = message.serialise(KEY)
    assert stun.parse(data) == message
    assert stun.parse(data).verify_integrity(KEY)
    assert len(data) % 4 == 0


def test_an_ipv4_mapped_address_is_told_as_ipv4() -> None:
    data = request(xor_mapped_address=("::ffff:192.0.2.7", 9)).serialise()
    assert stun.parse(data).xor_mapped_address == ("192.0.2.7", 9)


def test_other_methods_and_classes_keep_their_type() -> None:
    for method in (0x001, 0x00F, 0x010, 0x080, 0xFFF):
        for cls in MessageClass:
            parsed = stun.parse(Message(method, cls, TRANSACTION).serialise())
            assert (parsed.method, parsed.cls) == (method, cls)


def test_without_integrity_nothing_verifies() -> None:
    assert not stun.parse(request(username="a:b").serialise()).verify_integrity(KEY)


@pytest.mark.parametrize("position", range(0, 100, 3))
def test_no_bit_of_a_protected_message_may_change(position: int) -> None:
    data = bytearray(request(username="ours:theirs", priority=7, use_candidate=True).serialise(KEY, fingerprint=False))
    position %= len(data)
    data[position] ^= 0x04
    with contextlib.suppress(Malformed):
        assert not stun.parse(bytes(data)).verify_integrity(KEY)


def test_attributes_behind_integrity_are_ignored() -> None:
    data = request(username="ours:theirs").serialise(KEY, fingerprint=False)
    use_candidate = bytes.fromhex("00250000")
    grown = data[:2] + (len(data) - 20 + 4).to_bytes(2, "big") + data[4:] + use_candidate
    message = stun.parse(grown)
    assert message.verify_integrity(KEY)
    assert not message.use_candidate


def test_of_a_repeated_attribute_the_first_counts() -> None:
    data = request(others=((0x0006, b"first"), (0x0006, b"second"))).serialise()
    assert stun.parse(data).username == "first"


def with_attribute(attribute: int, value: bytes) -> bytes:
    return request(others=((attribute, value),)).serialise(fingerprint=False)


@pytest.mark.parametrize(
    ("data", "what", "offset"),
    [
        (b"", "impossible length", 0),
        (bytes(19), "impossible length", 19),
        (bytes(2000), "impossible length", 2000),
        (b"\x80" + bytes(19), "two zero bits", 0),
        (bytes(20), "magic cookie", 4),
        (bytes.fromhex("000100042112a442") + bytes(12), "length field", 2),
        (bytes.fromhex("000100032112a442") + bytes(15), "length field", 2),
        (bytes.fromhex("000100042112a442") + bytes(12) + bytes.fromhex("00060001"), "overruns", 20),
        (with_attribute(0x0006, b"\xff"), "username", 20),
        (with_attribute(0x0008, bytes(19)), "MESSAGE-INTEGRITY", 20),
        (with_attribute(0x0009, b"\0\0\4"), "error", 20),
        (with_attribute(0x000A, b"\0\0\4"), "unknown_attributes", 20),
        (with_attribute(0x0020, b"\0\3\0\0\0\0\0\0"), "xor_mapped_address", 20),
        (with_attribute(0x0020, b"\0\2\0\0\0\0\0\0"), "xor_mapped_address", 20),
        (with_attribute(0x0024, b"\0\0\4"), "priority", 20),
        (with_attribute(0x0025, b"\0"), "use_candidate", 20),
        (with_attribute(0x802A, b"\0\0\4"), "ice_controlling", 20),
        (with_attribute(0x8028, b"\0\0\0\0"), "fingerprint", 20),
    ],
)
def test_what_breaks_the_format_is_named_with_its_offset(data: bytes, what: str, offset: int) -> None:
    with pytest.raises(Malformed, match=what) as caught:
        stun.parse(data)
    assert caught.value.offset == offset


def test_username_can_be_peeked_at_before_any_cryptography() -> None:
    assert stun.peek_username(request(priority=1, username="ours:theirs").serialise(KEY)) == "ours:theirs"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        request().serialise(),
        with_attribute(0x0006, b"\xff"),
        Message(stun.BINDING, MessageClass.SUCCESS, TRANSACTION, username="a:b").serialise(),
        request(username="a:b").serialise()[:-1],
    ],
)
def test_there_may_be_no_username_to_peek_at(data: bytes) -> None:
    assert stun.peek_username(data) is None


def test_responses_are_told_from_the_rest_by_one_bit() -> None:
    told = {cls: stun.is_response(Message(stun.BINDING, cls, TRANSACTION).serialise()) for cls in MessageClass}
    assert [cls for cls, is_response in told.items() if is_response] == [MessageClass.SUCCESS, MessageClass.ERROR]
    assert not stun.is_response(b"")


def test_misuse_is_told() -> None:
    with pytest.raises(Misuse, match="12 bytes"):
        Message(stun.BINDING, MessageClass.REQUEST, b"short").serialise()
    with pytest.raises(Misuse, match="12 bits"):
        Message(0x1000, MessageClass.REQUEST, TRANSACTION).serialise()


def test_secrets_stay_out_of_repr() -> None:
    assert "integrity" not in repr(stun.parse(request().serialise(KEY)))
