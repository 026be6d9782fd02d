"""RTCP (RFC 3550, RFC 4585, RFC 5104, RFC 3611): one module a message, `compound` for whole datagrams."""

from relay.sfu.wire.rtcp.app import App
from relay.sfu.wire.rtcp.bye import Goodbye
from relay.sfu.wire.rtcp.compound import parse, serialise
from relay.sfu.wire.rtcp.fir import Fir, FirEntry
from relay.sfu.wire.rtcp.framing import Packet
from relay.sfu.wire.rtcp.nack import Nack
from relay.sfu.wire.rtcp.pli import Pli
from relay.sfu.wire.rtcp.remb import Remb
from relay.sfu.wire.rtcp.report_block import ReportBlock
from relay.sfu.wire.rtcp.rr import ReceiverReport
from relay.sfu.wire.rtcp.sdes import Chunk, Item, ItemType, SourceDescription
from relay.sfu.wire.rtcp.sr import SenderReport
from relay.sfu.wire.rtcp.twcc import Received, TransportFeedback
from relay.sfu.wire.rtcp.unknown import Unknown
from relay.sfu.wire.rtcp.xr import Dlrr, ExtendedReport, LastReceiverReport, ReceiverReferenceTime, UnknownBlock

__all__ = [
    "App",
    "Chunk",
    "Dlrr",
    "ExtendedReport",
    "Fir",
    "FirEntry",
    "Goodbye",
    "Item",
    "ItemType",
    "LastReceiverReport",
    "Nack",
    "Packet",
    "Pli",
    "Received",
    "ReceiverReferenceTime",
    "ReceiverReport",
    "Remb",
    "ReportBlock",
    "SenderReport",
    "SourceDescription",
    "TransportFeedback",
    "Unknown",
    "UnknownBlock",
    "parse",
    "serialise",
]
