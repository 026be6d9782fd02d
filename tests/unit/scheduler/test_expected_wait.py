"""Expected waits: positions and rates by hand, then the error against the truth of a simulated queue."""

import heapq
import math

import numpy as np
import pytest

from relay.scheduler import events as ev
from relay.scheduler.forecast import WaitForecast, queue_wait
from tests.unit.scheduler.test_reports import abandoned, accepted, ended, offered, requested, wrapped


def learnt(*history: ev.Event) -> WaitForecast:
    waits = WaitForecast()
    for event in history:
        waits.observe(event)
    return waits


def waiting(call: str, at_ms: int, virtual_ms: int | None = None) -> ev.CallRequested:
    return requested(call, at_ms, virtual_ms=at_ms if virtual_ms is None else virtual_ms)


def test_without_history_there_is_no_number_then_the_wait_of_the_head():
    waits = learnt()
    assert waits.expect("c1", 0) is None
    assert waits.expect_new("hrss.pension", "330106", 0) is None
    waits.observe(waiting("c1", 0))
    waits.observe(waiting("c2", 5_000))
    head = waits.expect("c2", 60_000)
    assert (head.position, head.mean_s) == (2, 60.0)


def test_positions_follow_the_key_not_the_arrival():
    waits = learnt(waiting("c1", 0), waiting("c2", 1_000), waiting("c3", 2_000, virtual_ms=-60_000))
    assert [waits.expect(call, 3_000).position for call in ("c3", "c1", "c2")] == [1, 2, 3]
    waits.observe(ev.CallReprioritised(4_000, "c2", "urgent", -600_000))
    assert [waits.expect(call, 5_000).position for call in ("c2", "c3", "c1")] == [1, 2, 3]
    waits.observe(abandoned("c3", 6_000, 4_000))
    assert waits.expect("c1", 6_000).position == 2
    assert waits.expect("c3", 6_000) is None
    assert waits.expect_new("hrss.x", "330199", 6_000).position == 3


def test_other_departments_and_cities_are_other_queues():
    waits = learnt(waiting("c1", 0), requested("c2", 0, item="tax"), requested("c3", 0, region="440100"))
    assert [waits.expect(call, 9).position for call in ("c1", "c2", "c3")] == [1, 1, 1]


def test_pace_is_that_of_the_seats_until_enough_was_seen():
    """One seat, 100 s a call: the next of the queue expects 100 s, the second 200 s."""
    waits = learnt(
        requested("c0", 0, direct=True),
        offered("c0", "s1", 0),
        accepted("c0", "s1", 0, 0),
        ended("c0", "s1", 80_000, wrap_until_ms=140_000),
        wrapped("c0", "s1", 100_000, 20_000),
        requested("c1", 100_000, direct=True),
        accepted("c1", "s1", 100_000, 0),
        waiting("c2", 100_000),
        waiting("c3", 100_000),
    )
    assert [waits.expect(call, 100_000).mean_s for call in ("c2", "c3")] == pytest.approx([100.0, 200.0])
    assert waits.expect("c2", 100_000).likely_s == pytest.approx(-100.0 * math.log(0.1), rel=0.02)


def test_an_offer_that_fails_puts_a_direct_call_into_the_queue():
    waits = learnt(requested("c1", 0, direct=True), offered("c1", "s1", 0))
    assert waits.expect("c1", 1_000) is None
    waits.observe(ev.OfferTimedOut(20_000, "c1", "s1", "o-c1", 50_000, 1))
    assert waits.expect("c1", 21_000).position == 1


def test_a_lost_or_transferred_call_waits_again_with_its_key():
    waits = learnt(
        waiting("c1", 0),
        accepted("c1", "s1", 5_000, 5_000),
        waiting("c2", 6_000),
        ev.CallRequeued(9_000, "c1", "k-c1", "s1", "seat_lost", 2),
    )
    assert waits.expect("c1", 9_000).position == 1
    waits.observe(accepted("c1", "s2", 10_000, 10_000))
    transfer = (11_000, "c1", "k-c1", "s2", "tax.vat", "330106", 1, 0, "330106", 1, ev.NEVER_MS, "", "", 71_000, 3)
    waits.observe(ev.CallTransferred(*transfer))
    assert waits.expect("c1", 12_000).position == 1
    assert waits.expect("c2", 12_000).position == 1
    waits.observe(wrapped("c1", "s2", 20_000, 9_000))
    assert waits.expect("c1", 20_000).position == 1


def test_overtaking_is_counted():
    waits = learnt(waiting("c1", 0), waiting("c2", 1), offered("c2", "s1", 2), offered("c1", "s2", 3))
    assert waits.overtakes == 1


def test_nothing_is_kept_of_calls_that_are_over():
    waits = learnt(
        waiting("c1", 0), accepted("c1", "s1", 1, 1), ended("c1", "s1", 9), waiting("c2", 1), abandoned("c2", 5, 4)
    )
    assert waits._calls == {}
    assert all(pool.queue == [] and pool.since_ms == {} for pool in waits._pools.values())


def history_of_a_queue(seats: int, arrivals_per_s: float, handle_s: float, patience_s: float, calls: int, seed: int):
    """M/M/n+M as a stream of events."""
    random = np.random.default_rng(seed)
    clock, todo, queue, free, left = 0.0, [], [], list(range(seats)), {}
    for n, gap in enumerate(random.exponential(1 / arrivals_per_s, calls)):
        clock += gap
        todo.append((clock, 0, "arrive", f"c{n}"))
    heapq.heapify(todo)
    asked: dict[str, float] = {}
    while todo:
        now, _, what, who = heapq.heappop(todo)
        at_ms = round(now * 1000)
        if what == "arrive":
            asked[who] = now
            yield requested(who, at_ms, direct=bool(free))
            if not free:
                queue.append(who)
                heapq.heappush(todo, (now + random.exponential(patience_s), 1, "give_up", who))
        elif what == "give_up":
            if who in queue:
                queue.remove(who)
                yield abandoned(who, at_ms, 0)
            continue
        else:
            seat = left.pop(who)
            yield ended(who, f"s{seat}", at_ms)
            free.append(seat)
        if free and (queue or what == "arrive"):
            served, seat = queue.pop(0) if queue else who, free.pop(0)
            left[served] = seat
            yield accepted(served, f"s{seat}", at_ms, round((now - asked[served]) * 1000))
            heapq.heappush(todo, (now + random.exponential(handle_s), 2, "end", served))


@pytest.mark.parametrize(("arrivals_per_s", "patience_s"), [(0.19, 600.0), (0.14, 900.0)])
def test_error_in_a_simulated_hall_of_twenty_seats(arrivals_per_s, patience_s):
    """Overloaded and busy: close to the predictor that knows seats and patience, and unbiased.

    The ideal predictor's root mean squared error is that of the sum of its exponential steps (scheduling anchors, 4.6).
    """
    seats, handle_s = 20, 120.0
    waits, ideal = WaitForecast(), {}
    errors: list[float] = []
    asked: dict[str, int] = {}
    for event in history_of_a_queue(seats, arrivals_per_s, handle_s, patience_s, calls=6_000, seed=7):
        waits.observe(event)
        if type(event) is ev.CallRequested and not event.direct:
            position = waits.expect(event.call, event.at_ms).position
            ideal[event.call] = queue_wait(position - 1, seats / handle_s, 1 / patience_s).mean_s
            asked[event.call] = event.at_ms
        elif type(event) is ev.CallAccepted and event.call in ideal:
            errors.append(ideal[event.call] - (event.at_ms - asked[event.call]) / 1000)
    found = waits.error
    assert found.count > 1_500
    rms_s = math.sqrt(found.sum_squared_s2 / found.count)
    ideal_rms_s = float(np.sqrt(np.mean(np.square(errors))))
    assert rms_s < 1.1 * ideal_rms_s
    assert abs(found.sum_s / found.count) < 0.2 * ideal_rms_s
    assert 0.05 < found.beyond_likely / found.count < 0.16
