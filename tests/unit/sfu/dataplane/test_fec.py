"""Parity packets beside a slot's media: what a receiver can mend with them."""

import pytest

from relay.sfu.ports import Extension
from tests.support.media_bench import Bench, Client
from tests.support.oracle.flexfec import protected, recover
from tests.support.packets import read_rtp, rtp, vp8

MEDIA, REPAIR, PARITY, PAYLOAD_TYPE = 0x2222, 0x3333, 0x9999, 49


def stream(bench: Bench, group: int = 4) -> tuple[Client, Client, int]:
    kiosk, seat = bench.client().join(), bench.client().join()
    slot = seat.slot(MEDIA, REPAIR)
    bench.forwarder.connect(slot, kiosk.track())
    bench.forwarder.set_parity(slot, PARITY, PAYLOAD_TYPE, group)
    return kiosk, seat, slot


def send(kiosk: Client, first: int, count: int) -> None:
    kiosk.send(
        *(
            rtp(n, 3000 * n, payload=vp8(keyframe=n == 0, picture=n, body=bytes([n]) * (20 + n)), marker=True)
            for n in range(first, first + count)
        )
    )
    kiosk.bench.pump(count)


def received(seat: Client) -> tuple[dict[int, bytes], list[bytes]]:
    """Media packets by number, and the payloads of parity packets."""
    media, parity = {}, []
    for data in seat.datagrams():
        raw = seat.inbound.unprotect(data)
        packet = read_rtp(raw)
        if packet.ssrc == MEDIA:
            media[packet.sequence] = raw
        else:
            assert (packet.ssrc, packet.payload_type) == (PARITY, PAYLOAD_TYPE)
            parity.append(packet.payload)
    return media, parity


def test_every_group_is_followed_by_its_parity(bench: Bench) -> None:
    kiosk, seat, _ = stream(bench)
    send(kiosk, 0, 10)
    media, parity = received(seat)
    assert [number for payload in parity for number in protected(payload)] == list(media)[:8]
    for payload in parity:
        for lost in protected(payload):
            assert recover(payload, {n: raw for n, raw in media.items() if n != lost}, lost) == media[lost]
    assert bench.count("parity_out") == 2


def test_what_is_stamped_on_the_way_out_is_protected_too(bench: Bench) -> None:
    kiosk, seat, _ = stream(bench)
    bench.forwarder.set_extensions(seat.peer, {Extension.TRANSPORT_CC: 3, Extension.ABS_SEND_TIME: 2})
    send(kiosk, 0, 4)
    numbers = [read_rtp(seat.inbound.unprotect(data)).extensions[3] for data in seat.datagrams()]
    assert numbers == [n.to_bytes(2, "big") for n in range(5)], "parity counts as any other packet"
    send(kiosk, 4, 4)
    media, (payload,) = received(seat)
    lost = protected(payload)[1]
    assert recover(payload, {n: raw for n, raw in media.items() if n != lost}, lost) == media[lost]


def test_none_is_sent_until_it_is_wanted_and_after_it_is_not(bench: Bench) -> None:
    kiosk, seat, slot = stream(bench, group=0)
    send(kiosk, 0, 20)
    assert received(seat)[1] == []
    bench.forwarder.set_parity(slot, PARITY, PAYLOAD_TYPE, 2)
    send(kiosk, 20, 4)
    assert len(received(seat)[1]) == 2
    bench.forwarder.set_parity(slot, PARITY, PAYLOAD_TYPE, 0)
    send(kiosk, 24, 4)
    assert received(seat)[1] == []


def test_a_gap_longer_than_a_mask_begins_another_group(bench: Bench) -> None:
    kiosk, seat, _ = stream(bench)
    send(kiosk, 0, 2)
    send(kiosk, 40, 4)
    media, (payload,) = received(seat)
    assert protected(payload) == list(media)[2:]


def test_a_parity_stream_keeps_its_ssrc(bench: Bench) -> None:
    _, seat, slot = stream(bench)
    with pytest.raises(ValueError, match="not used twice"):
        bench.forwarder.set_parity(slot, 0x8888, PAYLOAD_TYPE, 4)
    other = seat.slot(0x7777)
    for spent in (MEDIA, REPAIR, PARITY, 0x7777):
        with pytest.raises(ValueError, match="not used twice"):
            bench.forwarder.set_parity(other, spent, PAYLOAD_TYPE, 4)
    for ssrc, payload_type, group in ((0, 49, 4), (5, 128, 4), (5, 49, 16), (5, 49, -1)):
        with pytest.raises(ValueError, match="needs an SSRC"):
            bench.forwarder.set_parity(other, ssrc, payload_type, group)
