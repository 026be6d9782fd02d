"""Scenarios: from text to planned calls, and what is refused."""

from pathlib import Path

import pytest

import loadtest.scenario
from loadtest.scenario import Arrivals, Duration, Party, Scenario, parse_scenario, plan
from relay.errors import Misuse

SCENARIOS = Path(loadtest.scenario.__file__).parent / "scenarios"
SHIPPED = sorted(SCENARIOS.glob("*.toml"))
HALL = """
title = "A hall"
duration_s = 600
seed = 4
[kiosks]
count = 4
sources = ["microphone", "camera"]
network = { like = "5g", uplink = { loss = 0.02 } }
[seats]
count = 2
sources = ["microphone"]
[arrivals]
profile = [[0, 60], [300, 120]]
[[calls]]
weight = 3
holding_s = { mean = 10, law = "exponential" }
[[calls]]
weight = 1
kind = "guide"
holding_s = { mean = 30, law = "lognormal" }
"""


def scenario(**changes: object) -> Scenario:
    party = Party(1, ("camera",))
    return Scenario("x", kiosks=party, seats=party, **changes)  # type: ignore[arg-type]


def test_a_file_becomes_values() -> None:
    hall = parse_scenario(HALL)
    assert hall.kiosks is not None
    assert hall.kiosks.network.uplink.loss == 0.02
    assert hall.calls[1].holding_s == Duration(30, "lognormal")


def test_the_same_seed_plans_the_same_calls() -> None:
    hall = parse_scenario(HALL)
    assert plan(hall) == plan(parse_scenario(HALL))
    assert plan(hall) != plan(parse_scenario(HALL.replace("seed = 4", "seed = 5")))


def test_the_plan_follows_rates_weights_and_laws() -> None:
    calls = plan(parse_scenario(HALL.replace("duration_s = 600", "duration_s = 6000")))
    early = sum(call.at_s < 300 for call in calls)
    guided = [call for call in calls if call.type.kind == "guide"]
    consulted = [call.holding_s for call in calls if call.type.kind == "consult"]
    assert early == pytest.approx(300, rel=0.2)
    assert len(calls) == pytest.approx(300 + 5700 * 2, rel=0.05)
    assert len(guided) / len(calls) == pytest.approx(0.25, rel=0.1)
    assert sum(consulted) / len(consulted) == pytest.approx(10, rel=0.05)
    assert sum(call.holding_s for call in guided) / len(guided) == pytest.approx(30, rel=0.05)
    assert [call.at_s for call in calls] == sorted(call.at_s for call in calls)


def test_steady_calls_come_in_a_beat_and_bursts_at_once() -> None:
    steady = plan(scenario(duration_s=10, arrivals=Arrivals("steady", per_minute=60)))
    burst = plan(scenario(duration_s=10, arrivals=Arrivals("burst", at_s=3, calls=7)))
    assert [call.at_s for call in steady] == pytest.approx(list(range(1, 10)))
    assert [call.at_s for call in burst] == [3] * 7


def test_scaling_multiplies_people_and_calls() -> None:
    hall = parse_scenario(HALL).scaled(2.5)
    assert hall.kiosks is not None
    assert hall.seats is not None
    assert (hall.kiosks.count, hall.seats.count) == (10, 5)
    assert hall.arrivals.profile == ((0, 150), (300, 300))


@pytest.mark.parametrize(
    "text",
    [
        "title = ",
        'title = "empty"',
        HALL + "\n[broadcast]\nreceivers = 2\n",
        HALL.replace("count = 4", 'count = "four"'),
        HALL.replace("count = 4", "number = 4"),
        HALL.replace('"camera"', '"webcam"'),
        HALL.replace("duration_s = 600", "duration_s = 0"),
        HALL.replace("weight = 3", "weight = 0"),
        HALL.replace('like = "5g"', 'like = "6g"'),
        HALL.replace("[300, 120]", "[300, 1e12]"),
        HALL.replace("[seats]", "[chairs]"),
        'title = "x"\nkiosks = 3\n',
    ],
)
def test_a_wrong_file_is_refused(text: str) -> None:
    with pytest.raises(Misuse):
        parse_scenario(text)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_scenario_reads(path: Path) -> None:
    found = parse_scenario(path.read_text("utf-8"))
    assert found.broadcast or plan(found)


def test_so_many_of_its_calls_at_once() -> None:
    hall = parse_scenario((SCENARIOS / "hall.toml").read_text("utf-8")).at_once(7, warm_up_s=4, seconds=10)
    assert hall.kiosks is not None
    assert hall.seats is not None
    assert (hall.kiosks.count, hall.seats.count, hall.duration_s, hall.warm_up_s) == (7, 7, 14, 4)
    assert hall.kiosks.sources == ("microphone", "camera", "document")
    calls = plan(hall)
    assert len(calls) == 7
    assert all(call.at_s == 0 and call.holding_s > 14 for call in calls)
    with pytest.raises(Misuse, match="no calls"):
        parse_scenario((SCENARIOS / "broadcast.toml").read_text("utf-8")).at_once(7, warm_up_s=4, seconds=10)
