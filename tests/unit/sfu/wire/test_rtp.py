import pytest

from relay.errors import Malformed, Misuse
from relay.sfu.wire import rtp
from relay.sfu.wire.rtp import Extension, Packet
from tests.support.shared import captured_rtp

HEADER = bytes.fromhex("8060000100000002000000aa")


def packet(**fields: object) -> Packet:
    given = {"payload_type": 96, "sequence": 1, "timestamp": 2, "ssrc": 0xAA} | fields
    return Packet(**given)  # type: ignore[arg-type]


def test_the_least_packet() -> None:
    assert packet().serialise() == HEADER
    assert rtp.parse(HEADER) == packet()


def test_marker_sources_payload_and_padding() -> None:
    full = packet(marker=True, csrcs=(1, 2), payload=b"media", padding_bytes=3)
    assert full.serialise().hex() == "a2e0000100000002000000aa" + "0000000100000002" + b"media".hex() + "000003"
    assert rtp.parse(full.serialise()) == full


def test_padding_alone_as_senders_probe_with() -> None:
    probe = packet(padding_bytes=255)
    assert rtp.parse(probe.serialise()) == probe


def test_one_byte_extensions() -> None:
    full = packet(extensions=(Extension(1, b"\x30"), Extension(14, bytes(16))), payload=b"m")
    assert full.serialise()[12:18].hex() == "bede00051030"
    assert rtp.parse(full.serialise()) == full
    assert full.extension(14) == bytes(16)
    assert full.extension(2) is None


@pytest.mark.parametrize("extension", [Extension(15, b"a"), Extension(1, b""), Extension(1, bytes(17))])
def test_two_byte_extensions_are_used_where_one_byte_does_not_do(extension: Extension) -> None:
    full = packet(extensions=(Extension(2, b"x"), extension))
    assert full.serialise()[12:14].hex() == "1000"
    assert rtp.parse(full.serialise()) == full


def test_padding_between_elements_and_the_stop_id() -> None:
    # id 1 "a", padding, id 2 "bc", then id 15: what follows is ignored (RFC 8285 §4.2).
    block = bytes.fromhex("bede0003") + bytes.fromhex("1061") + b"\0\0" + bytes.fromhex("216263") + b"\xf0" + b"zzzz"
    parsed = rtp.parse(bytes.fromhex("9060000100000002000000aa") + block)
    assert parsed.extensions == (Extension(1, b"a"), Extension(2, b"bc"))


def test_application_bits_of_the_two_byte_profile_are_ignored() -> None:
    block = bytes.fromhex("100f0001") + bytes.fromhex("05016100")
    parsed = rtp.parse(bytes.fromhex("9060000100000002000000aa") + block)
    assert parsed.extensions == (Extension(5, b"a"),)


def test_another_profile_is_kept_whole() -> None:
    full = packet(profile_extension=(0x1234, b"abcd"), payload=b"m")
    assert rtp.parse(full.serialise()) == full


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (HEADER[:11], "header is cut short"),
        (b"\x40" + HEADER[1:], "version"),
        (b"\x81" + HEADER[1:], "contributing sources"),
        (b"\x90" + HEADER[1:], "extension header"),
        (b"\x90" + HEADER[1:] + bytes.fromhex("bede0001"), "overruns the packet"),
        (b"\x90" + HEADER[1:] + bytes.fromhex("bede00011f000000"), "overruns its block"),
        (b"\x90" + HEADER[1:] + bytes.fromhex("1000000100000001"), "overruns its block"),
        (b"\x90" + HEADER[1:] + bytes.fromhex("1000000101030000"), "overruns its block"),
        (b"\xa0" + HEADER[1:], "padding"),
        (b"\xa0" + HEADER[1:] + b"\0", "padding"),
        (b"\xa0" + HEADER[1:] + b"\0\3", "padding"),
    ],
)
def test_what_breaks_the_format_is_named(data: bytes, what: str) -> None:
    with pytest.raises(Malformed, match=what):
        rtp.parse(data)


@pytest.mark.parametrize(
    "fields",
    [
        {"csrcs": (0,) * 16},
        {"payload_type": 128},
        {"padding_bytes": 256},
        {"extensions": (Extension(0, b"x"),)},
        {"extensions": (Extension(1, bytes(256)),)},
    ],
)
def test_what_does_not_fit_is_misuse(fields: dict[str, object]) -> None:
    with pytest.raises(Misuse):
        packet(**fields).serialise()


def test_a_retransmission_has_its_own_stream_and_gives_back_the_original() -> None:
    original = packet(sequence=0xFFFE, marker=True, payload=b"media", extensions=(Extension(3, b"0"),))
    resent = rtp.to_rtx(original, payload_type=97, ssrc=0xBB, sequence=7)
    assert (resent.payload_type, resent.ssrc, resent.sequence) == (97, 0xBB, 7)
    assert resent.payload == b"\xff\xfemedia"
    assert rtp.from_rtx(rtp.parse(resent.serialise()), payload_type=96, ssrc=0xAA) == original


def test_a_probe_on_the_retransmission_stream_holds_no_original() -> None:
    with pytest.raises(Malformed, match="original sequence number"):
        rtp.from_rtx(packet(padding_bytes=200), payload_type=96, ssrc=0xAA)


@pytest.mark.parametrize("capture", ["vp8", "vp9", "contiguous_vp9", "h264"])
def test_captured_packets_come_back_byte_for_byte_but_for_padding_order(capture: str) -> None:
    for data in captured_rtp(capture):
        parsed = rtp.parse(data)
        assert rtp.parse(parsed.serialise()) == parsed
        assert len(parsed.serialise()) == len(data)
