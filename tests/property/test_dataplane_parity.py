"""Whatever one packet of a group is lost, the parity packet and the others give it back, byte for byte."""

from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.dataplane.parity import ParityGroup
from tests.support.oracle.flexfec import protected, recover

SSRC = 0xC0FFEE01


def rtp(sequence: int, timestamp: int, payload: bytes, marker: int = 0, payload_type: int = 96) -> bytes:
    head = bytes([0x90, marker << 7 | payload_type]) + sequence.to_bytes(2, "big") + timestamp.to_bytes(4, "big")
    return head + SSRC.to_bytes(4, "big") + b"\xbe\xde\x00\x01\x10\xff\x00\x00" + payload


@st.composite
def groups(draw: st.DrawFn) -> dict[int, bytes]:
    first = draw(st.integers(0, 0xFFFF))
    places = [0, *sorted(draw(st.sets(st.integers(1, 14), max_size=14)))]
    return {
        (first + place) & 0xFFFF: rtp(
            (first + place) & 0xFFFF,
            draw(st.integers(0, 0xFFFFFFFF)),
            draw(st.binary(max_size=1200)),
            draw(st.integers(0, 1)),
            draw(st.integers(0, 127)),
        )
        for place in places
    }


@given(groups(), st.data())
def test_a_packet_lost_alone_is_recovered(group: dict[int, bytes], data: st.DataObject) -> None:
    parity = ParityGroup()
    assert all(parity.add(packet) for packet in group.values())
    payload = parity.take(SSRC)
    assert protected(payload) == list(group)
    lost = data.draw(st.sampled_from(sorted(group)))
    assert recover(payload, {number: packet for number, packet in group.items() if number != lost}, lost) == group[lost]


@given(groups(), groups())
def test_a_group_leaves_nothing_behind_for_the_next(before: dict[int, bytes], after: dict[int, bytes]) -> None:
    parity, fresh = ParityGroup(), ParityGroup()
    for packet in before.values():
        parity.add(packet)
    parity.take(SSRC)
    for packet in after.values():
        parity.add(packet)
        fresh.add(packet)
    assert parity.take(SSRC) == fresh.take(SSRC)


def test_what_does_not_belong_to_the_group_is_left_out() -> None:
    parity = ParityGroup()
    assert parity.take(SSRC) == b""
    assert parity.add(rtp(100, 0, b"a"))
    assert not parity.add(rtp(100, 0, b"a")), "twice"
    assert not parity.add(rtp(99, 0, b"older"))
    assert parity.add(rtp(114, 0, b"the last that fits"))
    assert protected(parity.take(SSRC)) == [100, 114]


def test_one_that_is_too_far_begins_another_group() -> None:
    parity = ParityGroup()
    assert parity.add(rtp(100, 7, b"a"))
    assert parity.add(rtp(115, 9, b"b"))
    payload = parity.take(SSRC)
    assert protected(payload) == [115]
    assert recover(payload, {}, 115) == rtp(115, 9, b"b")
