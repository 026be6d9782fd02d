"""The parts of a simulation that need no engine: laws, arrivals, scenarios, what-ifs."""

import random
from itertools import pairwise

import pytest

from relay.cli.simulate import SHIPPED, load
from relay.scheduler.model import Kind
from relay.scheduler.simulate.demand import People, catalogue, walk_ins
from relay.scheduler.simulate.laws import Choice, Law, Shape, arrivals_ms
from relay.scheduler.simulate.scenario import BadScenario, from_mapping
from relay.scheduler.simulate.what_if import scaled, with_calls, with_field, with_seats, with_skill

MINIMAL = {
    "title": "t",
    "hours": 1,
    "departments": [{"code": "hrss", "share": 1}],
    "places": [{"regions": ["330106"], "calls_per_hour": 60}],
    "seats": [{"name": "g", "count": 4, "skills": {"hrss": 5}, "sites": ["330100"]}],
}


@pytest.mark.parametrize("shape", list(Shape))
def test_every_law_has_its_mean(shape):
    law, chance = Law(80.0, shape, cv=0.5), random.Random(1)
    draws = [law.draw_ms(chance) for _ in range(20_000)]
    assert sum(draws) / len(draws) == pytest.approx(80_000, rel=0.03)
    assert min(draws) >= 0


@pytest.mark.parametrize("shape", [Shape.GAMMA, Shape.LOGNORMAL])
def test_laws_with_a_coefficient_of_variation_have_it(shape):
    law, chance = Law(10.0, shape, cv=0.7), random.Random(2)
    draws = [law.draw_ms(chance) / 1000 for _ in range(40_000)]
    mean = sum(draws) / len(draws)
    assert (sum((d - mean) ** 2 for d in draws) / len(draws)) ** 0.5 / mean == pytest.approx(0.7, rel=0.04)


def test_a_law_without_duration_is_always_zero():
    assert Law(0.0).draw_ms(random.Random(1)) == 0


def test_arrivals_follow_the_profile_and_stay_in_their_step():
    rates = [1.0, 0.0, 3.0]
    times = list(arrivals_ms(rates, 1_000_000, random.Random(3)))
    counts = [sum(step * 1_000_000 <= t < (step + 1) * 1_000_000 for t in times) for step in range(3)]
    assert counts[1] == 0
    assert counts[0] == pytest.approx(1_000, abs=4 * 1_000**0.5)
    assert counts[2] == pytest.approx(3_000, abs=4 * 3_000**0.5)
    assert all(a <= b for a, b in pairwise(times))


def test_a_choice_follows_its_weights():
    choice, chance = Choice([1.0, 0.0, 3.0]), random.Random(4)
    drawn = [choice.draw(chance) for _ in range(10_000)]
    assert drawn.count(1) == 0
    assert drawn.count(2) / len(drawn) == pytest.approx(0.75, abs=0.02)


def test_a_citizens_day_does_not_depend_on_those_before_him():
    """The same number of draws for everybody: changing a share changes only those it concerns."""
    plain = from_mapping(MINIMAL)
    other = from_mapping({**MINIMAL, "citizens": {"transfer_share": 1.0, "kinds": {"consult": 1}}})
    chances = random.Random(5), random.Random(5)
    for n in range(50):
        one, two = (
            People(day).visit(str(n), "330106", chance) for day, chance in zip((plain, other), chances, strict=True)
        )
        assert (one.item, one.handle_ms, one.patience_ms) == (two.item, two.handle_ms, two.patience_ms)


@pytest.mark.parametrize(
    ("name", "items", "seats", "halls"),
    [("city", 342, 41, 3), ("province", 10_000, 1_252, 90), ("nation", 10_000, 9_896, 124), ("hall", 1, 20, 1)],
)
def test_shipped_scenarios(name, items, seats, halls):
    day = from_mapping(load(name))
    assert name in SHIPPED
    assert len(catalogue(day.departments)) == items
    assert sum(group.count * len(group.sites) for group in day.seats) == seats
    assert sum(len(place.regions) for place in day.places) == halls
    assert (day.scheduler.seat_lease_ms, day.scheduler.kiosk_lease_ms) == (0, 0)


def test_walk_ins_come_to_the_halls_of_their_place():
    day = from_mapping({**MINIMAL, "places": [{"regions": ["330106", "330102"], "calls_per_hour": 500}]})
    coming = list(walk_ins(day, day.places[0], 0, random.Random(6)))
    assert {region for _, _, region in coming} == {"330106", "330102"}
    assert len({key for _, key, _ in coming}) == len(coming)
    assert all(0 <= at_ms < day.duration_ms for at_ms, _, _ in coming)
    assert len(coming) == pytest.approx(500, abs=90)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hours": 0}, "hours must be positive"),
        ({"warm_up_min": 60}, "longer than warm_up_min"),
        ({"seats": []}, "seats is empty"),
        ({"profile": []}, "profile is empty"),
        ({"places": [{"regions": ["330106"]}]}, "calls_per_hour"),
        ({"start": "2026-03-02T08:30:00"}, "offset from UTC"),
        ({"citizens": {"kinds": {"handle": 1}}}, "no law for kind 'handle'"),
        ({"citizens": {"priorities": {"royal": 1}}}, "royal"),
        ({"citizens": {"patience": {"mean_s": -1}}}, "mean_s >= 0"),
        ({"scheduler": {"ring_timeout_ms": 0}}, "ring_timeout_ms"),
        ({"scheduler": {"ring_timeout": 5}}, "ring_timeout"),
        ({"seets": 1}, "seets"),
    ],
)
def test_contradictions_are_named(change, message):
    with pytest.raises(BadScenario, match=message):
        from_mapping({**MINIMAL, **change})


def test_amounts_of_change():
    assert [scaled(40, text) for text in ("+10%", "-25%", "+2", "-3", "12")] == [44, 30, 42, 37, 12]
    with pytest.raises(BadScenario):
        scaled(1, "more")


def test_what_ifs_change_what_they_say():
    day = from_mapping({**MINIMAL, "seats": [*MINIMAL["seats"], {**MINIMAL["seats"][0], "name": "h", "count": 10}]})
    assert [group.count for group in with_seats(day, "+50%").seats] == [6, 15]
    assert [group.count for group in with_seats(day, "h=-20").seats] == [4, 0]
    assert [group.skills for group in with_skill(day, "g:tax.vat=3").seats] == [{"hrss": 5, "tax.vat": 3}, {"hrss": 5}]
    assert all(group.skills["tax"] == 2 for group in with_skill(day, "*:tax=2").seats)
    assert with_calls(day, "+20%").places[0].calls_per_hour == pytest.approx(72.0)
    for wrong in (
        lambda: with_seats(day, "x=+1"),
        lambda: with_skill(day, "x:tax=1"),
        lambda: with_skill(day, "tax=1"),
    ):
        with pytest.raises(BadScenario):
            wrong()


def test_any_field_can_be_set_by_its_path():
    table = with_field(MINIMAL, "scheduler.ring_timeout_ms=15000")
    table = with_field(table, 'citizens.kinds={"handle": 1}')
    table = with_field(table, 'citizens.handle={"handle": {"mean_s": 60}}')
    day = from_mapping(with_field(table, "title=What if"))
    assert day.scheduler.ring_timeout_ms == 15_000
    assert day.citizens.handle == {Kind.HANDLE.value: Law(60.0)}
    assert day.title == "What if"
    assert "scheduler" not in MINIMAL
    for wrong in ("title", "=3", "title.x=3"):
        with pytest.raises(BadScenario):
            with_field(MINIMAL, wrong)
