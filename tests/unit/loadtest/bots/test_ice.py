"""The controlling agent against an ICE-lite server made of the same STUN messages, in virtual time."""

from collections.abc import Callable
from itertools import pairwise

from loadtest.bots.ice import (
    CONSENT_INTERVAL_S,
    CONSENT_LIFETIME_S,
    GIVE_UP_S,
    Address,
    ControllingAgent,
    Credentials,
    Failed,
    IceOutput,
    IceState,
    Selected,
    Send,
)
from relay.sfu.wire import stun

SERVER, OTHER = ("192.0.2.1", 5000), ("192.0.2.2", 5000)
LOCAL, REMOTE = Credentials("bot", "p" * 24), Credentials("srv", "q" * 24)


def counter_entropy() -> Callable[[int], bytes]:
    state = 0

    def entropy(count: int) -> bytes:
        nonlocal state
        state += 1
        return state.to_bytes(count, "big")

    return entropy


def agent() -> ControllingAgent:
    return ControllingAgent(LOCAL, counter_entropy())


def answer(request: Send, key: str = REMOTE.password) -> bytes:
    asked = stun.parse(request.data)
    reply = stun.Message(
        stun.BINDING, stun.MessageClass.SUCCESS, asked.transaction_id, xor_mapped_address=("198.51.100.1", 9)
    )
    return reply.serialise(key.encode())


def sends(outputs: list[IceOutput]) -> list[Send]:
    return [each for each in outputs if isinstance(each, Send)]


def connect(made: ControllingAgent, address: Address = SERVER) -> list[IceOutput]:
    (request, *_) = sends(made.start(REMOTE, [address], 0.0))
    return made.handle_datagram(answer(request), address, 0.01)


def test_every_candidate_is_checked_with_a_nomination() -> None:
    requests = sends(agent().start(REMOTE, [SERVER, OTHER], 0.0))
    assert [each.address for each in requests] == [SERVER, OTHER]
    message = stun.parse(requests[0].data)
    assert message.username == "srv:bot"
    assert message.use_candidate
    assert message.ice_controlling is not None
    assert message.verify_integrity(REMOTE.password.encode())


def test_the_first_candidate_that_answers_is_the_path() -> None:
    made = agent()
    first, second = sends(made.start(REMOTE, [SERVER, OTHER], 0.0))
    assert made.handle_datagram(answer(second), OTHER, 0.01) == [Selected(OTHER)]
    assert made.handle_datagram(answer(first), SERVER, 0.02) == []
    assert (made.state, made.path) == (IceState.CONNECTED, OTHER)


def test_a_forged_unknown_or_repeated_answer_changes_nothing() -> None:
    made = agent()
    (request,) = sends(made.start(REMOTE, [SERVER], 0.0))
    forged = answer(request, key="x" * 24)
    stranger = stun.Message(stun.BINDING, stun.MessageClass.SUCCESS, bytes(12)).serialise(REMOTE.password.encode())
    for data in (forged, stranger, b"", b"\x00\x01rubbish"):
        assert made.handle_datagram(data, SERVER, 0.01) == []
    assert made.handle_datagram(answer(request), SERVER, 0.02) == [Selected(SERVER)]
    assert made.handle_datagram(answer(request), SERVER, 0.03) == []


def test_checks_repeat_ever_more_slowly_until_it_gives_up() -> None:
    made = agent()
    outputs = made.start(REMOTE, [SERVER], 0.0)
    times = [0.0]
    while (deadline := made.deadline()) is not None:
        outputs = made.handle_timeout(deadline)
        times.append(deadline)
    assert isinstance(outputs[0], Failed)
    assert GIVE_UP_S <= times[-1] < GIVE_UP_S + 1
    gaps = [round(later - earlier, 6) for earlier, later in pairwise(times)]
    assert gaps == sorted(gaps)


def test_consent_is_renewed_and_ends_without_an_answer() -> None:
    made = agent()
    connect(made)
    now = made.deadline() or 0.0
    assert now == 0.01 + CONSENT_INTERVAL_S
    (request,) = sends(made.handle_timeout(now))
    made.handle_datagram(answer(request), SERVER, now)
    outputs: list[IceOutput] = []
    while (deadline := made.deadline()) is not None:
        outputs, now = made.handle_timeout(deadline), deadline
    assert isinstance(outputs[0], Failed)
    assert now >= 5.01 + CONSENT_LIFETIME_S


def test_a_check_of_the_server_is_answered_only_if_it_is_the_servers() -> None:
    made = agent()
    connect(made)

    def check(username: str, key: str) -> list[IceOutput]:
        request = stun.Message(stun.BINDING, stun.MessageClass.REQUEST, bytes(12), username=username)
        return made.handle_datagram(request.serialise(key.encode()), SERVER, 1.0)

    (reply,) = sends(check("bot:srv", LOCAL.password))
    assert stun.parse(reply.data).xor_mapped_address == SERVER
    assert check("bot:srv", "x" * 24) == []
    assert check("bot:other", LOCAL.password) == []


def test_a_move_is_told_at_once() -> None:
    made = agent()
    connect(made)
    assert [each.address for each in sends(made.check_now(1.0))] == [SERVER]
