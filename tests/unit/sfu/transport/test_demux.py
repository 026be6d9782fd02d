import pytest

from relay.errors import Conflict
from relay.sfu.transport import Kind, Router, Unrouted, classify
from relay.sfu.wire import stun

HERE = ("192.0.2.1", 1000)
THERE = ("2001:db8::1", 2000)
DTLS = b"\x16\xfe\xfd"


def check(username: str | None) -> bytes:
    return stun.Message(stun.BINDING, stun.MessageClass.REQUEST, bytes(12), username=username).serialise()


@pytest.mark.parametrize(
    ("first", "kind"),
    [
        (range(4), Kind.STUN),
        (range(4, 20), Kind.UNKNOWN),  # 16–19: ZRTP
        (range(20, 64), Kind.DTLS),
        (range(64, 128), Kind.UNKNOWN),  # 64–79: TURN channels
        (range(128, 192), Kind.RTP),
        (range(192, 256), Kind.UNKNOWN),
    ],
)
def test_first_byte(first: range, kind: Kind) -> None:
    for value in first:
        assert classify(bytes((value, 0))) is kind
        assert classify(memoryview(bytes((value,)))) is kind


def test_second_byte_tells_rtcp_from_rtp() -> None:
    told = [classify(bytes((0x80, second))) for second in range(256)]
    assert [second for second, kind in enumerate(told) if kind is Kind.RTCP] == list(range(192, 224))


def test_an_empty_datagram_is_nothing() -> None:
    assert classify(b"") is Kind.UNKNOWN


def test_checks_are_routed_by_fragment_and_the_rest_by_address() -> None:
    router: Router[str] = Router()
    router.add("ours", "peer")
    assert router.find(check("ours:theirs"), HERE) == "peer"
    assert router.find(DTLS, HERE) is None
    router.bind(HERE, "peer")
    assert router.find(DTLS, HERE) == "peer"
    assert router.find(DTLS, THERE) is None


def test_a_check_for_another_peer_is_not_routed_by_address() -> None:
    router: Router[str] = Router()
    router.add("ours", "peer")
    router.bind(HERE, "peer")
    assert router.find(check("else:theirs"), HERE) is None


def test_what_finds_nobody_is_counted_by_reason() -> None:
    router: Router[str] = Router()
    for data in (check("who:knows"), check(None), b"\0\1", DTLS, b"\x80\x60", b"", b"\x40"):
        assert router.find(data, HERE) is None
    assert router.unrouted == {
        Unrouted.UNKNOWN_USER: 1,
        Unrouted.NO_USER: 2,
        Unrouted.UNKNOWN_ADDRESS: 2,
        Unrouted.UNKNOWN_KIND: 2,
    }


def test_a_fragment_belongs_to_one_peer() -> None:
    router: Router[str] = Router()
    router.add("ours", "peer")
    router.add("ours", "peer")
    with pytest.raises(Conflict):
        router.add("ours", "other")
    router.remove("ours")
    router.remove("ours")
    router.add("ours", "other")
    assert router.find(check("ours:x"), HERE) == "other"


def test_an_address_goes_to_who_authenticated_last() -> None:
    router: Router[str] = Router()
    router.bind(HERE, "before")
    router.bind(HERE, "after")
    router.unbind(HERE, "before")
    assert router.find(DTLS, HERE) == "after"
    router.forget("before")
    assert router.find(DTLS, HERE) == "after"
    router.unbind(HERE, "after")
    assert router.find(DTLS, HERE) is None


def test_nothing_of_a_forgotten_peer_remains() -> None:
    router: Router[str] = Router()
    router.add("one", "peer")
    router.add("two", "peer")
    router.bind(HERE, "peer")
    router.bind(THERE, "peer")
    router.forget("peer")
    router.forget("peer")
    assert router.find(check("one:x"), HERE) is None
    assert router.find(check("two:x"), HERE) is None
    assert router.find(DTLS, HERE) is None
    router.add("one", "other")
    assert router.find(check("one:x"), HERE) == "other"
