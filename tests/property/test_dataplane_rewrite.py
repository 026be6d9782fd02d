"""Compiled continuity against its plain model, over scripts of sources with loss, reordering, padding, switches and wraps."""

from dataclasses import asdict, replace

from hypothesis import given
from hypothesis import strategies as st

from relay.sfu.dataplane import Drop
from relay.sfu.dataplane.rewrite import StreamRewrite
from tests.support.oracle.rewrite import Labelled, RewriteOracle, SourcePacket

CLOCK_HZ = 90_000


@st.composite
def sources(draw: st.DrawFn, start_ns: int) -> list[SourcePacket]:
    """Packets of one source in the order they arrive: some never do, some late, some empty."""
    wide = draw(st.booleans())
    has_pictures = draw(st.booleans())
    position = draw(st.integers(2**16, 2**17))
    timestamp = draw(st.integers(0, 2**32 - 1))
    picture = draw(st.integers(0, 2**15 - 1 if wide else 127))
    level, key = draw(st.integers(0, 255)), draw(st.integers(0, 31))
    packets = []
    for index, fate in enumerate(draw(st.binary(min_size=1, max_size=60))):
        position += [1, 1, 2, 4][fate & 3]
        marker = bool(fate & 4)
        packet = SourcePacket(
            position,
            timestamp,
            start_ns + index * 1_000_000,
            marker,
            keyframe=fate >> 3 & 3 == 0,
            empty=fate >> 5 == 7,
            picture=picture if has_pictures else None,
            wide=wide,
            level=level if has_pictures else None,
            key=key if has_pictures else None,
        )
        packets.append((index + [0, 0, 0, 0, 3, 9, 0, 0][fate >> 5], packet))
        if marker:
            timestamp = (timestamp + 3000 + fate) % 2**32
            picture = (picture + 1) % (2**15 if wide else 2**7)
            level, key = (level + 1) % 256, (key + (fate >> 7)) % 32
    packets.sort(key=lambda each: each[0])
    return in_order_of_arrival([packet for _, packet in packets])


def in_order_of_arrival(packets: list[SourcePacket]) -> list[SourcePacket]:
    """With `newest` as the reception would set it."""
    highest, result = 0, []
    for packet in packets:
        result.append(replace(packet, newest=packet.position > highest))
        highest = max(highest, packet.position)
    return result


@st.composite
def scripts(draw: st.DrawFn) -> list[list[SourcePacket]]:
    return [draw(sources(start_ns=1_000_000_000 * (number + 1))) for number in range(draw(st.integers(1, 4)))]


def label(compiled: StreamRewrite, packet: SourcePacket, since_last_ns: int) -> Labelled | Drop:
    values = asdict(packet)
    drop, sequence, timestamp, picture, level, key = compiled.label(
        values.pop("position"),
        values.pop("timestamp"),
        values.pop("received_ns"),
        since_last_ns=since_last_ns,
        **values,
    )
    if drop:
        return Drop(drop)
    if packet.picture is None:
        return Labelled(sequence, timestamp, None, None, None)
    return Labelled(sequence, timestamp, picture, level, key)


@given(
    scripts(),
    st.booleans(),
    st.integers(0, 2**15 - 1),
    st.integers(0, 2**32 - 1),
    st.sampled_from([-1, 0, 5_000_000, 300_000_000]),
)
def test_a_slot_is_labelled_as_its_model_says(
    script: list[list[SourcePacket]], gated: bool, first_sequence: int, first_timestamp: int, since_last_ns: int
) -> None:
    compiled = StreamRewrite(gated, first_sequence, first_timestamp, CLOCK_HZ)
    model = RewriteOracle(gated, first_sequence, first_timestamp, CLOCK_HZ)
    for source in script:
        compiled.switch()
        model.switch()
        for packet in source:
            assert label(compiled, packet, since_last_ns) == model.label(packet, since_last_ns)


@given(scripts(), st.integers(0, 2**15 - 1))
def test_no_number_is_given_twice_and_switches_go_forward(script: list[list[SourcePacket]], first: int) -> None:
    compiled = StreamRewrite(False, first, 0, CLOCK_HZ)
    given_numbers: list[int] = []
    newest_timestamp: int | None = None
    for source in script:
        compiled.switch()
        labelled = [each for packet in source if isinstance(each := label(compiled, packet, -1), Labelled)]
        if labelled and newest_timestamp is not None:
            assert 0 < (labelled[0].timestamp - newest_timestamp) % 2**32 < 2**31
        for each in labelled:
            given_numbers.append(each.sequence)
            ahead = 1 if newest_timestamp is None else (each.timestamp - newest_timestamp) % 2**32
            newest_timestamp = each.timestamp if ahead < 2**31 else newest_timestamp
    assert len(set(given_numbers)) == len(given_numbers)
    assert not given_numbers or given_numbers[0] == first
