"""Whatever a peer sends inside its DTLS, its data channels take it, refuse it or end; nothing is raised, and buffers stay bounded."""

import random

from hypothesis import given
from hypothesis import strategies as st

from relay.errors import Malformed
from relay.sfu.transport.sctp import Channels, SctpLimits
from relay.sfu.transport.sctp.association import PORT
from relay.sfu.transport.sctp.outbound import OutboundMessage
from relay.sfu.wire import dcep
from relay.sfu.wire.sctp import packet, reconfig
from relay.sfu.wire.sctp.chunks import ChunkKind, Data, ForwardTsn, Init, Sack
from relay.sfu.wire.sctp.packet import Chunk, Packet
from tests.support.exploration import explore, mutations
from tests.support.sctp_pair import SctpPair

BODIES = [
    Data(0, 1, 0, dcep.Protocol.DCEP, dcep.Open("pointer").serialise()).chunk().body,
    Sack(0, 1000, ((1, 2), (4, 5)), (7,)).chunk().body,
    ForwardTsn(5, ((1, 1),)).chunk().body,
    reconfig.chunk(reconfig.ResetRequest(1, 1, 1, (1, 2))).body,
    Init(1, 100, 1, 1, 1, b"cookie").chunk(ChunkKind.INIT_ACK).body,
]
kinds = st.sampled_from([*map(int, ChunkKind), 64, 193])
chunks = st.lists(
    st.builds(Chunk, kinds, st.integers(0, 255), mutations(BODIES) | st.binary(max_size=40)), min_size=1, max_size=8
)


@explore
@given(st.binary(max_size=200) | mutations([Packet(PORT, PORT, 0, (Chunk(1, 0, BODIES[4]),)).serialise()]))
def test_bytes(data: bytes) -> None:
    try:
        parsed = packet.parse(data)
    except Malformed:
        pass
    else:
        assert packet.parse(parsed.serialise()) == parsed
    Channels(SctpLimits(), random.Random(1).randbytes).handle_packet(data, 0.0)


@explore
@given(st.lists(chunks, max_size=10), st.integers(-3, 3))
def test_chunks_of_an_association_that_is_up(packets: list[list[Chunk]], shift: int) -> None:
    """The chunks carry the right tag and TSNs that are near: they get past the first checks."""
    pair = SctpPair()
    pair.run(1.0)
    outputs = pair.left.association.send(OutboundMessage(1, 51, b"x"), pair.now)
    (wire,) = [output for output in outputs or () if isinstance(output, bytes)]
    tag, tsn = packet.parse(wire).tag, Data.parse(packet.parse(wire).chunks[0]).tsn
    for number, given_chunks in enumerate(packets):
        near = ((tsn + shift + number) & 0xFFFFFFFF).to_bytes(4, "big")
        moved = tuple(Chunk(each.kind, each.flags, near + each.body[4:]) for each in given_chunks)
        forged = Packet(PORT, PORT, tag, moved).serialise()
        pair.right.take(pair.right.association.handle_packet(forged, pair.now), pair.now)
        pair.send(OutboundMessage(1, 51, b"y"), pair.right)
        pair.run(0.5)
    pair.run(60.0)
