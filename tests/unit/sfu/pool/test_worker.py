from relay.config import SfuSettings
from relay.ids import PeerId
from relay.sfu import SfuStats
from relay.sfu.pool.worker import WorkerRecord, WorkerState, totals


def stats(packets: int, peers: int = 1, cpu_s: float = 0.0) -> SfuStats:
    counts = (packets, 0)
    return SfuStats(peers, 2, 3, {"packets_in": packets}, (0.001,), counts, {"timeout": 1}, {"bad": 2}, 4, cpu_s)


def test_totals_go_on_when_a_process_is_replaced() -> None:
    record = WorkerRecord(0, SfuSettings())
    record.begin(0.0)
    record.observe(stats(100), 1.0)
    record.peers[PeerId("kiosk")] = None
    record.end()
    assert (record.state, record.peers) == (WorkerState.STARTING, {})
    record.begin(5.0)
    record.observe(stats(10), 6.0)
    sums = record.totals()
    assert sums.counters == {"packets_in": 110}
    assert sums.residence_counts == (110, 0)
    assert sums.closed == {"timeout": 2}
    assert (sums.peers, sums.sources, sums.slots, sums.piped_streams) == (1, 2, 3, 4)


def test_a_worker_says_why_it_takes_nobody() -> None:
    record = WorkerRecord(0, SfuSettings(max_peers=2, worker_silence_s=1.0))
    assert record.refuses == "starting"
    record.begin(0.0)
    record.observe(stats(0), 0.5)
    assert (record.state, record.refuses) == (WorkerState.RUNNING, "")
    record.peers.update({PeerId("a"): None, PeerId("b"): None})
    record.observe(stats(0), 1.0)
    assert (record.state, record.refuses) == (WorkerState.FULL, "peers")
    record.drain_until_s = 10.0
    assert record.refuses == "draining"
    assert [record.watchdog.look() for _ in range(3)] == [False, False, True]


def test_the_whole_is_the_sum_of_the_workers() -> None:
    whole = totals([stats(1, cpu_s=0.5), stats(2, cpu_s=0.25)])
    assert (whole.peers, whole.counters, whole.cpu_s) == (2, {"packets_in": 3}, 0.75)
    assert totals([]).residence_counts == ()
