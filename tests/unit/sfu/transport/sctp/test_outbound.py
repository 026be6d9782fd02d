"""The sending half alone: what a SACK means."""

from relay.sfu.transport.sctp import SctpLimits
from relay.sfu.transport.sctp.outbound import Outbound, OutboundMessage
from relay.sfu.wire.sctp.chunks import Data, Sack

FIRST_TSN, WINDOW = 0xFFFF_FFFF, 100_000
ROOM = 1_100


def three_sent() -> Outbound:
    outbound = Outbound(SctpLimits(), FIRST_TSN)
    outbound.open(WINDOW, may_give_up=True)
    for _ in range(3):
        outbound.add(OutboundMessage(1, 51, b"x"))
    assert [Data.parse(chunk).tsn for chunk in outbound.take(ROOM, 0.0)] == [0xFFFF_FFFF, 0, 1]
    return outbound


def sent_after_time_out(outbound: Outbound) -> list[int]:
    deadline = outbound.deadline()
    assert deadline is not None
    outbound.handle_timeout(deadline)
    return [Data.parse(chunk).tsn for chunk in outbound.take(ROOM, deadline)]


def test_what_has_arrived_is_not_sent_again() -> None:
    outbound = three_sent()
    outbound.handle_sack(Sack(0xFFFF_FFFE, WINDOW, ((2, 3),)), 0.1)
    assert sent_after_time_out(outbound) == [0xFFFF_FFFF]


def test_what_the_receiver_has_thrown_away_is_sent_again() -> None:
    outbound = three_sent()
    outbound.handle_sack(Sack(0xFFFF_FFFE, WINDOW, ((2, 3),)), 0.1)
    outbound.handle_sack(Sack(0xFFFF_FFFE, WINDOW), 0.2)
    assert sent_after_time_out(outbound) == [0xFFFF_FFFF, 0, 1]


def test_old_and_invented_acknowledgements_are_passed_over() -> None:
    outbound = three_sent()
    outbound.handle_sack(Sack(0, WINDOW), 0.1)
    for cumulative in (0xFFFF_FFFE, 2, 500):
        outbound.handle_sack(Sack(cumulative, WINDOW), 0.2)
    assert sent_after_time_out(outbound) == [1]
    outbound.handle_sack(Sack(1, WINDOW), 1.0)
    assert outbound.deadline() is None


def test_a_closed_window_is_asked_with_one_chunk() -> None:
    outbound = three_sent()
    outbound.handle_sack(Sack(1, 0), 0.1)
    for _ in range(2):
        outbound.add(OutboundMessage(1, 51, b"y"))
    assert len(outbound.take(ROOM, 0.2)) == 1
    outbound.handle_sack(Sack(2, WINDOW), 0.3)
    assert len(outbound.take(ROOM, 0.4)) == 1
