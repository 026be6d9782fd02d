import pytest

from relay.sfu.transport.connections import PATIENCE_S, Connections, Refusal

HALL, HOME = "192.0.2.1", "198.51.100.7"


def address(port: int, host: str = HALL) -> tuple[str, int, int]:
    return host, port, 256 + port


def nobody(_: object) -> bool:
    return False


def everybody(_: object) -> bool:
    return True


def connections(max_open: int = 10, max_pending_per_host: int = 3) -> Connections:
    return Connections(max_open, max_pending_per_host)


def test_one_address_has_few_connections_that_say_nothing() -> None:
    rules = connections()
    for port in range(3):
        assert rules.admits(HALL, nobody)
        rules.add(address(port), 0.0)
    assert not rules.admits(HALL, nobody)
    assert rules.admits(HOME, nobody)
    assert rules.refused == {Refusal.TOO_MANY_PENDING: 1}


def test_a_hall_behind_one_nat_may_have_many_that_belong_to_peers() -> None:
    rules = connections()
    for port in range(9):
        assert rules.admits(HALL, everybody)
        rules.add(address(port), 0.0)
    assert len(rules) == 9


def test_there_is_an_end_to_them_all() -> None:
    rules = connections(max_open=2)
    for port in range(2):
        rules.add(address(port), 0.0)
    assert not rules.admits(HOME, everybody)
    rules.remove(address(0))
    assert rules.admits(HOME, everybody)
    assert rules.refused == {Refusal.TOO_MANY: 1}


def test_who_says_nothing_is_given_up() -> None:
    rules = connections()
    rules.add(address(1), 100.0)
    assert rules.deadline() == pytest.approx(101.0)
    assert rules.handle_timeout(100.0 + PATIENCE_S - 0.1, nobody) == []
    assert rules.handle_timeout(100.0 + PATIENCE_S + 1, nobody) == [address(1)]
    rules.remove(address(1))
    assert rules.deadline() is None
    assert rules.refused == {Refusal.IDLE: 1}


def test_a_connection_that_a_peer_left_is_given_up_too() -> None:
    rules = connections()
    rules.add(address(1), 0.0)
    assert rules.handle_timeout(50.0, everybody) == []
    assert rules.handle_timeout(60.0, nobody) == []
    assert rules.handle_timeout(60.0 + PATIENCE_S, nobody) == [address(1)]
