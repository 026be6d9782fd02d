"""Whatever the network does: reliable messages arrive once and in order, lossy ones at most once, and buffers empty."""

from hypothesis import given, settings
from hypothesis import strategies as st

from relay.sfu.transport.sctp import Ended
from relay.sfu.transport.sctp.outbound import OutboundMessage
from relay.sfu.wire.dcep import Protocol
from tests.support.network import Conditions, Network
from tests.support.sctp_pair import SctpPair, payloads

weather = st.builds(
    Conditions,
    delay_s=st.floats(0.0, 0.1),
    jitter_s=st.floats(0.0, 0.05),
    loss=st.floats(0.0, 0.25),
    reorder=st.floats(0.0, 0.3),
    duplicate=st.floats(0.0, 0.2),
)
sizes = st.lists(st.integers(1, 4_000), min_size=1, max_size=20)


def numbered(size_by_place: list[int]) -> list[bytes]:
    return [place.to_bytes(2, "big") + bytes(size) for place, size in enumerate(size_by_place)]


@settings(deadline=None, max_examples=60)
@given(weather, st.integers(0, 2**16), sizes, sizes)
def test_reliable_channels_deliver_everything_once_and_in_order(
    conditions: Conditions, seed: int, there: list[int], back: list[int]
) -> None:
    pair = SctpPair(Network(conditions, seed=seed), seed=seed, both=seed % 2 == 0)
    for payload in numbered(there):
        assert pair.send(OutboundMessage(1, Protocol.BINARY, payload))
    for payload in numbered(back):
        assert pair.send(OutboundMessage(2, Protocol.BINARY, payload), pair.right)
    pair.run(300.0)
    assert payloads(pair.right) == numbered(there)
    assert payloads(pair.left) == numbered(back)
    assert pair.left.association.deadline() is pair.right.association.deadline() is None


@settings(deadline=None, max_examples=60)
@given(weather, st.integers(0, 2**16), sizes, st.booleans(), st.integers(0, 2))
def test_lossy_channels_deliver_at_most_once_and_hold_nothing_up(
    conditions: Conditions, seed: int, there: list[int], unordered: bool, retransmits: int
) -> None:
    pair = SctpPair(Network(conditions, seed=seed), seed=seed)
    pair.run(20.0)
    for payload in numbered(there):
        pair.send(OutboundMessage(1, Protocol.BINARY, payload, unordered=unordered, max_retransmits=retransmits))
        pair.send(OutboundMessage(2, Protocol.BINARY, payload[:2]))
        pair.run(0.02)
    pair.run(300.0)
    got = payloads(pair.right, 1)
    assert len(set(got)) == len(got)
    assert set(got) <= set(numbered(there))
    if not unordered:
        assert got == sorted(got)
    assert payloads(pair.right, 2) == [payload[:2] for payload in numbered(there)]
    assert pair.right.of(Ended) == []
    assert pair.left.association.deadline() is pair.right.association.deadline() is None
