"""Whatever arrives, RTCP is parsed or refused as Malformed, what is parsed can be written and read again unchanged, and it
never takes more memory than a small multiple of its bytes."""

from hypothesis import given
from hypothesis import strategies as st

from relay.errors import Malformed
from relay.sfu.wire import rtcp
from tests.support.exploration import explore, mutations
from tests.support.shared import corpus
from tests.support.wire_values import rtcp_packets


def defend(data: bytes) -> None:
    try:
        packets = rtcp.parse(data)
    except Malformed:
        return
    assert rtcp.parse(rtcp.serialise(packets)) == packets
    for packet in packets:
        if isinstance(packet, rtcp.TransportFeedback):
            assert len(packet.received) <= len(data)
        elif isinstance(packet, rtcp.Nack):
            assert len(packet.lost) <= 5 * len(data)


def test_seeds() -> None:
    for data in corpus("janus/rtcp_fuzzer"):
        defend(data)


@explore
@given(st.binary(max_size=100))
def test_exploration(data: bytes) -> None:
    defend(data)


@explore
@given(st.data(), rtcp_packets)
def test_exploration_around_real_packets(data: st.DataObject, packet: rtcp.Packet) -> None:
    defend(data.draw(mutations([packet.serialise()])))
