"""Forecasts against published points, closed forms and a brute-force birth-death chain."""

import math

import pytest

from relay.errors import LimitReached, Misuse
from relay.scheduler.forecast import (
    Load,
    ServiceLevel,
    Target,
    ageing_waits_s,
    capped_performance,
    erlang_b,
    erlang_c,
    performance,
    queue_wait,
    seats_needed,
    strict_waits_s,
)

# lambda, mu, seats, P(W>0), E[W], E[Lq], T, P(W<=T): the scheduling anchors, section 4.1.
ERLANG_C = [
    (4.2, 0.5, 12, 0.183889, 0.102160, 0.429073, 1 / 3, 0.899080),
    (100 / 30, 1 / 3, 14, 0.174132, 0.130599, 0.435330, 1 / 3, 0.888350),
    (48, 1, 50, 0.694456, 0.347228, 16.666935, 1 / 3, 0.643455),
    (123, 1, 132, 0.321116, 0.035680, 4.388588, 1 / 3, 0.984013),
    (12345, 1, 12421, 0.381225, 0.005016, 61.923984, None, None),
    (20, 1, 25, 0.209103, 0.041821, 0.836411, 1 / 3, 0.960506),
    (10, 1, 12, 0.449388, 0.224694, 2.246940, 0.1, 0.632072),
    (500, 1, 511, 0.515672, 0.046879, 23.4396, 0.1, 0.828348),
]

# lambda, mu, seats, theta, P(W>0), P(Ab), E[W], E[W|served], E[Q], occupancy, T, SL all / excl / served: section 4.2.
ERLANG_A = [
    (48, 1, 50, 0.5, 0.467774, 0.030912, 0.061824, 0.060265, 2.967576, 0.930324, 1 / 3, 0.943019, 0.972030, 0.973100),
    (4.2, 0.5, 12, 1, 0.127372, 0.029679, 0.029679, 0.024060, 0.124651, 0.679225, 1 / 3, 0.945270, 0.967872, 0.974182),
    (
        10 / 3,
        1 / 3,
        13,
        0.2,
        0.225797,
        0.024963,
        0.124817,
        0.115233,
        0.416055,
        0.750028,
        1 / 3,
        0.858178,
        0.868275,
        0.880149,
    ),
    (100, 1, 100, 1, 0.513299, 0.039861, 0.039861, 0.038917, 3.986100, 0.960139, 0.2, 0.937653, 0.975627, 0.976581),
    (120, 1, 100, 1, 0.972136, 0.167693, 0.167693, 0.178822, 20.123155, 0.998768, 0.2, 0.495684, 0.577356, 0.595554),
    (10, 1, 8, 0.5, 0.869794, 0.227218, 0.454437, 0.470479, 4.544369, 0.965977, 1 / 3, 0.339292, 0.384533, 0.439053),
]


def per_s(arrivals: float, service: float, abandonment: float | None = None) -> Load:
    return Load(arrivals, 1.0 / service, None if abandonment is None else 1.0 / abandonment)


@pytest.mark.parametrize("row", ERLANG_C, ids=lambda row: f"{row[0]:.4g}/{row[1]:.3g}x{row[2]}")
def test_erlang_c_points(row):
    arrivals, service, seats, waits, mean_wait, queue, target, level = row
    forecast = performance(per_s(arrivals, service), seats, target or 0.0)
    assert forecast.wait_probability == pytest.approx(waits, abs=1e-6)
    assert erlang_c(seats, arrivals / service) == pytest.approx(waits, abs=1e-6)
    assert forecast.mean_wait_s == pytest.approx(mean_wait, abs=1e-6)
    assert forecast.mean_queue == pytest.approx(queue, rel=2e-6)
    if level is not None:
        assert forecast.service_level.of_offered == pytest.approx(level, abs=1e-6)


@pytest.mark.parametrize("row", ERLANG_A, ids=lambda row: f"{row[0]:.4g}x{row[2]}")
def test_erlang_a_points(row):
    arrivals, service, seats, theta, *expected, target, of_offered, excluding_short, of_answered = row
    forecast = performance(per_s(arrivals, service, theta), seats, target)
    found = [
        forecast.wait_probability,
        forecast.abandonment,
        forecast.mean_wait_s,
        forecast.mean_wait_served_s,
        forecast.mean_queue,
        forecast.occupancy,
    ]
    assert found == pytest.approx(expected, abs=1.5e-6)
    level = forecast.service_level
    assert [level.of_offered, level.excluding_short, level.of_answered] == pytest.approx(
        [of_offered, excluding_short, of_answered], abs=1e-6
    )


def birth_death(arrivals: float, service: float, seats: int, theta: float) -> tuple[float, float, float]:
    """P(W > 0), P(abandon) and E[queue] of M/M/n+M, summed state by state."""
    weights, weight = [1.0], 1.0
    for state in range(1, seats + 4000):
        weight *= arrivals / (min(state, seats) * service + max(0, state - seats) * theta)
        weights.append(weight)
    total = math.fsum(weights)
    waits = math.fsum(weights[seats:]) / total
    queue = math.fsum((state - seats) * w for state, w in enumerate(weights) if state > seats) / total
    return waits, theta * queue / arrivals, queue


@pytest.mark.parametrize(
    ("arrivals", "service", "seats", "theta"),
    [(5.0, 1.0, 4, 0.2), (3.0, 1.0, 9, 3.0), (60.0, 0.5, 100, 0.05), (0.4, 1.0, 1, 0.5), (30.0, 1.0, 20, 0.3)],
)
def test_erlang_a_is_the_birth_death_chain(arrivals, service, seats, theta):
    forecast = performance(per_s(arrivals, service, theta), seats, 0.5)
    expected = birth_death(arrivals, service, seats, theta)
    assert (forecast.wait_probability, forecast.abandonment, forecast.mean_queue) == pytest.approx(expected, rel=1e-12)


def test_abandonment_is_theta_times_the_mean_wait_even_far_into_overload():
    for seats in (1, 50, 10_000):
        forecast = performance(Load(arrivals_per_s=200.0, handle_s=600.0, patience_s=90.0), seats, 15.0)
        assert forecast.abandonment == pytest.approx(forecast.mean_wait_s / 90.0, rel=1e-12)
        assert forecast.occupancy == pytest.approx(1.0, abs=0.01)
        assert 0.0 <= forecast.service_level.of_offered <= forecast.service_level.excluding_short <= 1.0


def test_little_patience_and_endless_patience_are_the_limits():
    impatient = performance(Load(10.0, 1.0, 1e-7), 12, 0.0)
    assert impatient.abandonment == pytest.approx(erlang_b(12, 10.0), rel=1e-5)
    saint = performance(Load(10.0, 1.0, 1e9), 12, 0.1)
    assert saint.wait_probability == pytest.approx(erlang_c(12, 10.0), rel=1e-6)


def test_ten_thousand_seats_stay_exact():
    light = performance(Load(1.0, 600.0), 10_000, 15.0)
    assert light.wait_probability == 0.0
    assert light.service_level.of_offered == 1.0
    heavy = performance(Load(9_950 / 600.0, 600.0), 10_000, 15.0)
    assert heavy.wait_probability == pytest.approx(erlang_c(10_000, 9_950.0), rel=1e-12)
    assert heavy.mean_wait_s == pytest.approx(heavy.wait_probability * 600.0 / 50.0, rel=1e-12)


def test_overload_without_patience_waits_for_ever():
    forecast = performance(Load(2.0, 1.0), 2, 15.0)
    assert forecast.mean_wait_s == math.inf
    assert forecast.service_level.of_offered == 0.0
    assert forecast.occupancy == 1.0


def test_no_seats_and_no_calls():
    nobody = performance(Load(2.0, 1.0, 60.0), 0, 30.0)
    assert nobody.abandonment == 1.0
    assert nobody.mean_wait_s == 60.0
    assert nobody.service_level.of_handled == pytest.approx(1.0 - math.exp(-0.5))
    quiet = performance(Load(0.0, 1.0), 3, 15.0)
    assert quiet.service_level == ServiceLevel(1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("share", "within_s", "erlangs", "seats"),
    [(0.8, 60, 500, 511), (0.8, 60, 50, 56), (0.8, 60, 5, 8), (0.95, 15, 500, 532), (0.95, 15, 50, 63)],
)
def test_staffing_of_the_pooling_example(share, within_s, erlangs, seats):
    """100 counties x 8, 10 cities x 56, one province 511: the value of one pool (scheduling anchors, fact 9)."""
    found = seats_needed(Load(erlangs / 600.0, 600.0), Target(share, within_s))
    assert found.seats == seats


def test_staffing_is_the_smallest_that_meets_every_cap():
    load = Load(100 / 600.0, 600.0, 120.0)
    target = Target(0.9, 20.0, max_abandonment=0.02, max_occupancy=0.85)
    found = seats_needed(load, target)
    assert target.met_by(found)
    assert not target.met_by(performance(load, found.seats - 1, 20.0))


def test_staffing_without_calls_needs_nobody_and_an_unreachable_target_is_refused():
    assert seats_needed(Load(0.0, 600.0), Target(0.95, 15.0)).seats == 0
    with pytest.raises(LimitReached, match="not even 100 seats"):
        seats_needed(Load(1.0, 600.0), Target(0.95, 15.0), max_seats=100)


def test_capped_queue_is_the_published_mmc_with_room():
    five = capped_performance(Load(4.2, 2.0), 12, 5, 1 / 3)
    assert [five.mean_wait_s, five.occupancy] == pytest.approx([0.061124, 0.693366], abs=1e-6)
    level = five.service_level
    assert [level.of_answered, level.of_offered] == pytest.approx([0.927558, 0.918768], abs=1e-6)
    for erlangs, blocked, wait, within in [
        (84.0, 0.003643, 0.450023, 0.732922),
        (77.4, 0.000168, 0.082768, 0.942338),
        (90.0, 0.023492, 1.242963, 0.386538),
    ]:
        room = capped_performance(Load(erlangs / 10.0, 10.0), 90, 30, 0.5)
        assert [room.blocking, room.mean_wait_s, room.service_level.of_answered] == pytest.approx(
            [blocked, wait, within], abs=1e-6
        )


def test_capped_queue_meets_its_limits():
    no_room = capped_performance(Load(10.0, 1.0), 12, 0, 1.0)
    assert no_room.blocking == pytest.approx(erlang_b(12, 10.0), rel=1e-12)
    wide = capped_performance(Load(10.0, 1.0), 12, 2_000, 0.1)
    assert wide.mean_wait_s == pytest.approx(0.224694, abs=1e-6)
    flooded = capped_performance(Load(1e4, 1.0), 12, 500, 1.0)
    assert flooded.occupancy == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("seats", "service", "arrivals", "waits"),
    [
        (1, 1.0, (0.3, 0.5), (1.142857, 5.714286)),
        (2, 1.0, (0.5, 1.0), (0.428571, 1.714286)),
        (5, 1.0, (2, 2), (0.184704, 0.923521)),
        (10, 1.0, (3, 6), (0.095533, 0.955331)),
        (100, 1.0, (20, 75), (0.006331, 0.126614)),
        (90, 0.1, (2.8, 5.6), (0.066445, 0.996671)),
    ],
)
def test_strict_priority_points(seats, service, arrivals, waits):
    found = strict_waits_s(arrivals, 1.0 / service, seats)
    assert found == pytest.approx(waits, abs=1e-6)
    first_come = performance(Load(sum(arrivals), 1.0 / service), seats, 0.0).mean_wait_s
    assert sum(a * w for a, w in zip(arrivals, found, strict=True)) / sum(arrivals) == pytest.approx(first_come)


@pytest.mark.parametrize(
    ("seats", "arrivals", "slopes", "waits"),
    [
        (10, (6, 3), (1, 1), (0.668732, 0.668732)),
        (10, (6, 3), (1, 2), (0.786743, 0.432709)),
        (10, (6, 3), (1, 4), (0.862879, 0.280436)),
        (10, (6, 3), (1, 1e9), (0.955331, 0.095533)),
        (10, (4, 3, 2), (1, 2, 4), (0.955331, 0.530739, 0.302521)),
        (1, (0.5, 0.3), (1, 2), (4.705882, 2.823529)),
    ],
)
def test_ageing_points(seats, arrivals, slopes, waits):
    assert ageing_waits_s(arrivals, slopes, 1.0, seats) == pytest.approx(waits, abs=1e-6)


@pytest.mark.parametrize("theta", [0.0, 1e-9, 0.003, 0.5, 7.0, 400.0])
@pytest.mark.parametrize("ahead", [0, 1, 7, 140, 5_000])
def test_queue_wait_is_the_sum_of_its_steps(ahead, theta):
    delay = queue_wait(ahead, departures_per_s=100.0, abandon_per_s=theta)
    rates = [100.0 + i * theta for i in range(ahead + 1)]
    assert delay.mean_s == pytest.approx(math.fsum(1 / r for r in rates), rel=1e-7)
    assert delay.variance_s2 == pytest.approx(math.fsum(r**-2 for r in rates), rel=1e-6)


@pytest.mark.parametrize(("rho", "exact"), [(0.98, 5e-3), (0.95, 2e-3), (0.9, 1e-3)])
def test_squared_error_of_the_queue_length_predictor(rho, exact):
    """Over delayed calls of M/M/100 the queue length is geometric, and the prediction is unbiased given it."""
    weights = [(1 - rho) * rho**q for q in range(8_000)]
    error = sum(w * queue_wait(q, 100.0).variance_s2 for q, w in enumerate(weights))
    assert error == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(("arrivals", "theta", "exact"), [(140.0, 1.0, 2.790498e-3), (110.0, 0.5, 1.971211e-3)])
def test_squared_error_with_abandonment(arrivals, theta, exact):
    """Served calls of M/M/100+M: a call with q ahead is served when all q + 1 steps end in a departure of a seat."""
    seats, weight, total, error, steps_served = 100, 1.0, 0.0, 0.0, 1.0
    for q in range(1_500):
        steps_served = seats / (seats + (q + 1) * theta)
        served = weight * steps_served
        total += served
        mean = sum(1 / (seats + (i + 1) * theta) for i in range(q + 1))
        variance = sum((seats + (i + 1) * theta) ** -2 for i in range(q + 1))
        error += served * (variance + (queue_wait(q, seats, theta).mean_s - mean) ** 2)
        weight *= arrivals / (seats + (q + 1) * theta)
    assert error / total == pytest.approx(exact, rel=1e-3)


def test_quantiles_of_a_delay():
    one_step = queue_wait(0, 0.1)
    assert one_step.quantile_s(0.9) == pytest.approx(-10.0 * math.log(0.1), rel=0.02)
    many = queue_wait(99, 1.0)
    assert many.quantile_s(0.5) == pytest.approx(99.67, rel=1e-3)
    assert many.quantile_s(0.975) == pytest.approx(120.53, rel=1e-3)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Load(-1.0, 600.0),
        lambda: Load(1.0, 0.0),
        lambda: Load(1.0, 600.0, 0.0),
        lambda: Load(math.nan, 600.0),
        lambda: Target(1.0, 15.0),
        lambda: Target(0.9, 15.0, max_occupancy=0.0),
        lambda: performance(Load(1.0, 600.0), -1, 15.0),
        lambda: capped_performance(Load(1.0, 600.0, 60.0), 10, 5, 15.0),
        lambda: strict_waits_s((6.0, 6.0), 1.0, 10),
        lambda: ageing_waits_s((1.0, 1.0), (2.0, 1.0), 1.0, 10),
        lambda: queue_wait(-1, 1.0),
        lambda: queue_wait(1, 0.0),
        lambda: queue_wait(1, 1.0).quantile_s(1.0),
    ],
)
def test_senseless_questions_are_misuse(wrong):
    with pytest.raises(Misuse):
        wrong()
