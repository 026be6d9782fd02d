from hypothesis import given

from relay.sfu.wire import rtp
from tests.support.wire_values import rtp_packets, u16, u32


@given(rtp_packets)
def test_what_is_written_is_read_back(packet: rtp.Packet) -> None:
    assert rtp.parse(packet.serialise()) == packet


@given(rtp_packets, u32, u16)
def test_a_retransmission_gives_back_the_original(packet: rtp.Packet, ssrc: int, sequence: int) -> None:
    resent = rtp.parse(rtp.to_rtx(packet, 97, ssrc, sequence).serialise())
    original = rtp.from_rtx(resent, packet.payload_type, packet.ssrc)
    assert (original.sequence, original.ssrc, original.payload) == (packet.sequence, packet.ssrc, packet.payload)
    assert original.extensions == packet.extensions
