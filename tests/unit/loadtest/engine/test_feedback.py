"""Congestion feedback of the bots, read by relay's own parsers, and RIDs in what they send."""

import asyncio
from collections.abc import Callable

from pylibsrtp import Policy, Session

from relay.sfu.wire.rtcp import Remb, TransportFeedback, compound
from relay.sfu.wire.rtp import Packet, parse
from tests.support.engine_pair import Pair, pair

TRANSPORT_ID = 5


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


class Tap:
    """Decrypts what passes the wire, and loses what it is told to."""

    def __init__(self, made: Pair, side: int, lose: Callable[[int], bool] = lambda _count: False) -> None:
        policy = Policy(
            key=made.keys[side], ssrc_type=Policy.SSRC_ANY_INBOUND, srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_128_GCM
        )
        self.rtcp: list[bytes] = []
        self.rtp: list[bytes] = []
        self._session = Session(policy)
        self._own: dict[bool, set[int]] = {True: set(), False: set()}
        self._lose = lose
        self._side = side

    def __call__(self, data: bytes) -> bool:
        is_rtcp = 192 <= data[1] <= 223
        try:
            plain = self._session.unprotect_rtcp(data) if is_rtcp else self._session.unprotect(data)
        except Exception:
            return False  # of the other side
        (self.rtcp if is_rtcp else self.rtp).append(plain)
        return not is_rtcp and self._lose(len(self.rtp))

    def feedbacks(self) -> list[TransportFeedback]:
        return [each for data in self.rtcp for each in compound.parse(data) if isinstance(each, TransportFeedback)]


def elements(packet: Packet) -> dict[int, bytes]:
    return {each.id: each.value for each in packet.extensions}


def numbers(packets: list[bytes]) -> list[int]:
    """The transport-wide number of each."""
    found = []
    for data in packets:
        extensions = elements(parse(data))
        found.append(int.from_bytes(extensions[TRANSPORT_ID], "big"))
    return found


async def test_packets_are_numbered_and_their_arrivals_reported() -> None:
    with pair(transport_id=TRANSPORT_ID) as made:
        tap = made.wire.drop = Tap(made, 1)
        made.engine.report(made.bots[1], transport_id=TRANSPORT_ID)
        made.engine.play(made.sender, True)
        await until(lambda: len(tap.feedbacks()) >= 5)
        messages = tap.feedbacks()
    expected = messages[0].base_sequence
    for count, message in enumerate(messages):
        assert message.base_sequence == expected
        assert message.feedback_count == count
        assert [each.sequence for each in message.received] == list(range(expected, expected + message.status_count))
        assert all(each.delta_us >= 0 for each in message.received), "nothing was overtaken"
        assert message.media_ssrc == 77
        expected += message.status_count


async def test_what_is_lost_is_reported_as_lost_and_the_sender_counts_it() -> None:
    with pair(transport_id=TRANSPORT_ID) as made:
        lost: list[bytes] = []
        reports = Tap(made, 1)
        sent = Tap(made, 0, lambda count: count % 10 == 0)

        def wire(data: bytes) -> bool:
            reports(data)
            return sent(data)

        made.wire.drop = wire
        made.engine.report(made.bots[1], transport_id=TRANSPORT_ID)
        made.engine.play(made.sender, True)
        await until(lambda: made.engine.totals()["reported_lost"] >= 20)
        lost = sent.rtp[9::10]
        totals, messages = made.engine.totals(), reports.feedbacks()
    reported = {each.sequence for message in messages for each in message.received}
    stated = {(message.base_sequence + place) & 0xFFFF for message in messages for place in range(message.status_count)}
    assert stated - reported <= set(numbers(lost))
    assert not reported & set(numbers(lost))
    assert totals["feedback_received"] > 0
    assert totals["reported_received"] > 5 * totals["reported_lost"]


async def test_retransmissions_have_numbers_of_their_own() -> None:
    with pair(transport_id=TRANSPORT_ID) as made:
        tap = made.wire.drop = Tap(made, 0, lambda count: count % 7 == 0)
        made.engine.play(made.sender, True)
        await until(lambda: made.engine.reception(made.receiver).repaired > 5)
        sent = list(tap.rtp)
    first = numbers(sent)[0]
    assert numbers(sent) == [(first + place) & 0xFFFF for place in range(len(sent))]


async def test_an_estimate_is_told_where_nothing_is_numbered() -> None:
    with pair() as made:
        tap = made.wire.drop = Tap(made, 1)
        made.engine.report(made.bots[1], remb=True)
        made.engine.play(made.sender, True)
        await until(lambda: made.engine.totals()["remb_sent"] >= 2)
        found = [each for data in list(tap.rtcp) for each in compound.parse(data) if isinstance(each, Remb)]
    assert found
    assert found[0].ssrcs == (77,)
    assert found[0].bitrate_bps >= 1_000_000


async def test_layers_are_named_and_in_retransmissions_by_the_other_id() -> None:
    with pair(rid=b"h") as made:
        tap = made.wire.drop = Tap(made, 0, lambda count: count % 7 == 0)
        made.engine.play(made.sender, True)
        await until(lambda: made.engine.reception(made.receiver).repaired > 3)
        packets = [parse(data) for data in list(tap.rtp)]
    for packet in packets:
        extensions = elements(packet)
        assert extensions[1] == b"0"
        assert extensions[10 if packet.ssrc == 77 else 11] == b"h"
        assert (11 if packet.ssrc == 77 else 10) not in extensions


async def test_streams_that_were_not_announced_are_known_by_their_payload_types() -> None:
    with pair(announced=False) as made:
        made.wire.drop = Tap(made, 0, lambda count: count % 7 == 0)
        made.engine.play(made.sender, True)
        await until(lambda: made.engine.reception(made.receiver).repaired > 3)
        assert made.engine.totals()["unknown_ssrc"] == 0
