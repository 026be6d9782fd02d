"""Compound packets (RFC 3550 §6.1) and reduced-size ones (RFC 5506): a datagram ⇄ its RTCP packets.

Whether a datagram must begin with a report is a matter of what was negotiated, so it is not judged here.
"""

from collections.abc import Callable, Iterable
from typing import Final

from relay.errors import Malformed
from relay.sfu.wire.rtcp import feedback, framing
from relay.sfu.wire.rtcp.app import App
from relay.sfu.wire.rtcp.bye import Goodbye
from relay.sfu.wire.rtcp.fir import Fir
from relay.sfu.wire.rtcp.framing import Frame, Packet
from relay.sfu.wire.rtcp.nack import Nack
from relay.sfu.wire.rtcp.pli import Pli
from relay.sfu.wire.rtcp.remb import Remb
from relay.sfu.wire.rtcp.rr import ReceiverReport
from relay.sfu.wire.rtcp.sdes import SourceDescription
from relay.sfu.wire.rtcp.sr import SenderReport
from relay.sfu.wire.rtcp.twcc import TransportFeedback
from relay.sfu.wire.rtcp.unknown import Unknown
from relay.sfu.wire.rtcp.xr import ExtendedReport

_Parser = Callable[[int, bytes], Packet]

_BY_TYPE: Final[dict[int, _Parser]] = {
    SenderReport.PACKET_TYPE: SenderReport.parse,
    ReceiverReport.PACKET_TYPE: ReceiverReport.parse,
    SourceDescription.PACKET_TYPE: SourceDescription.parse,
    Goodbye.PACKET_TYPE: Goodbye.parse,
    App.PACKET_TYPE: App.parse,
    ExtendedReport.PACKET_TYPE: ExtendedReport.parse,
}

_BY_FORMAT: Final[dict[tuple[int, int], _Parser]] = {
    (Nack.PACKET_TYPE, Nack.FORMAT): Nack.parse,
    (TransportFeedback.PACKET_TYPE, TransportFeedback.FORMAT): TransportFeedback.parse,
    (Pli.PACKET_TYPE, Pli.FORMAT): Pli.parse,
    (Fir.PACKET_TYPE, Fir.FORMAT): Fir.parse,
    (Remb.PACKET_TYPE, Remb.FORMAT): Remb.parse,
}


def parse(data: bytes | memoryview) -> tuple[Packet, ...]:
    """The packets of a datagram, in order. Raises Malformed if any of them is, or if there is none."""
    data = bytes(data)
    if not data:
        raise Malformed("empty RTCP datagram", 0)
    packets = []
    offset = 0
    while offset < len(data):
        frame, offset = framing.pull(data, offset)
        packets.append(_parse(frame))
    return tuple(packets)


def serialise(packets: Iterable[Packet]) -> bytes:
    """The datagram of these packets, in order."""
    return b"".join(packet.serialise() for packet in packets)


def _parse(frame: Frame) -> Packet:
    parser = _parser(frame)
    if parser is None:
        return Unknown(frame.packet_type, frame.count, frame.body)
    return parser(frame.count, frame.body)


def _parser(frame: Frame) -> _Parser | None:
    if frame.packet_type not in (feedback.TRANSPORT_LAYER, feedback.PAYLOAD_SPECIFIC):
        return _BY_TYPE.get(frame.packet_type)
    if (frame.packet_type, frame.count) == (Remb.PACKET_TYPE, Remb.FORMAT) and not Remb.matches(frame.body):
        return None
    return _BY_FORMAT.get((frame.packet_type, frame.count))
