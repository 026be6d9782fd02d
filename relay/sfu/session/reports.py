"""The RTCP reports that a peer gets from the relay (RFC 3550 §6.4): SR for its slots, report blocks for its sources.

Each leg has its own reports: loss on a kiosk's uplink must not look like loss on the seat's downlink.
"""

from relay.sfu.ports import Forwarder, SenderInfo
from relay.sfu.session.keyframe_requests import RELAY_SSRC
from relay.sfu.session.peer import Encoding, StreamOwner
from relay.sfu.wire.rtcp import compound
from relay.sfu.wire.rtcp.report_block import ReportBlock
from relay.sfu.wire.rtcp.rr import ReceiverReport
from relay.sfu.wire.rtcp.sdes import Chunk, Item, ItemType, SourceDescription
from relay.sfu.wire.rtcp.sr import SenderReport

_CNAME = Item(ItemType.CNAME, b"relay")
_MAX_BLOCKS = 31
_MAX_CHUNKS = 31


def compose(peer: StreamOwner, forwarder: Forwarder, now_ns: int) -> list[bytes]:
    """The compound packets to send to `peer` now; the reported intervals begin anew."""
    encodings = [encoding for stream in peer.sources.values() for encoding in stream.encodings]
    blocks = [block for each in encodings if (block := _block(each, forwarder, now_ns)) is not None]
    senders = [
        info for stream in peer.slots.values() if (info := forwarder.sender_info(stream.handle, now_ns)) is not None
    ]
    if not blocks and not senders:
        return []
    return [compound.serialise(_packets(senders[:_MAX_CHUNKS], tuple(blocks[:_MAX_BLOCKS])))]


def _packets(
    senders: list[SenderInfo], blocks: tuple[ReportBlock, ...]
) -> tuple[SenderReport | ReceiverReport | SourceDescription, ...]:
    reports: list[SenderReport | ReceiverReport] = [
        SenderReport(info.ssrc, info.ntp, info.rtp_timestamp, info.packets, info.octets, () if index else blocks)
        for index, info in enumerate(senders)
    ]
    ssrcs = [info.ssrc for info in senders]
    if not senders:
        reports, ssrcs = [ReceiverReport(RELAY_SSRC, blocks)], [RELAY_SSRC]
    return (*reports, SourceDescription(tuple(Chunk(ssrc, (_CNAME,)) for ssrc in ssrcs)))


def _block(encoding: Encoding, forwarder: Forwarder, now_ns: int) -> ReportBlock | None:
    report = forwarder.reception_report(encoding.handle, now_ns)
    if report is None:
        return None
    encoding.loss_fraction = report.fraction_lost / 256
    return ReportBlock(*report)
