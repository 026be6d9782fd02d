from relay.sfu.pool.load import Load
from relay.sfu.pool.placement import Candidate, place


def candidate(worker: int, cpu: float = 0.0, peers: int = 0) -> Candidate:
    return Candidate(worker, peers, Load(cpu_ratio=cpu))


def test_a_peer_goes_to_the_least_loaded() -> None:
    assert place([candidate(0, 0.5), candidate(1, 0.2), candidate(2, 0.4)]) == 1


def test_peers_count_before_their_media_does() -> None:
    assert place([candidate(0, 0.05, peers=100), candidate(1, 0.15, peers=10)]) == 1
    assert place([candidate(0, peers=2), candidate(1, peers=1)]) == 1


def test_load_may_be_left_out() -> None:
    assert place([Candidate(0, 2, None), Candidate(1, 1, None)]) == 1
    assert place([Candidate(0, 1, None), Candidate(1, 1, None)]) == 0
    assert place([Candidate(0, 300, None), Candidate(1, 1, None)], near=[0]) == 1


def test_a_call_stays_together_while_its_worker_has_room() -> None:
    busy, free = candidate(0, 0.3), candidate(1, 0.1)
    assert place([busy, free], near=[0]) == 0
    assert place([candidate(0, 0.4), free], near=[0]) == 1
    assert place([busy, free], near=[7]) == 1


def test_most_of_a_conference_decides() -> None:
    assert place([candidate(0), candidate(1), candidate(2)], near=[1, 2, 2]) == 2


def test_nobody_takes_it_when_there_is_nobody() -> None:
    assert place([], near=[0]) is None
