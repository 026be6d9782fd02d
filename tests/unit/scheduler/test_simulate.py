"""Whole simulated days: the same seed is the same day, nobody gets lost, and what-ifs change what they should."""

import random
from collections import Counter

import msgspec
import pytest

from relay.scheduler.forecast import WaitForecast
from relay.scheduler.model import CallPhase, SeatPhase
from relay.scheduler.reports import Outcome, Report, opening_events
from relay.scheduler.simulate import Scenario, Simulation, from_mapping
from relay.scheduler.simulate.what_if import with_calls, with_seats, with_skill
from relay.scheduler.snapshot import digest
from relay.scheduler.view import census

HALL = {
    "title": "A hall",
    "hours": 3,
    "departments": [{"code": "hrss", "items": 20, "share": 2}, {"code": "tax", "items": 10, "share": 1}],
    "places": [{"regions": ["330102", "330106"], "calls_per_hour": 120}],
    "citizens": {
        "patience": {"mean_s": 240},
        "handle": {"consult": {"mean_s": 300}},
        "priorities": {"normal": 0.9, "urgent": 0.1},
        "transfer_share": 0.1,
    },
    "bookings": {"per_hour": 20, "no_show": 0.25, "late_share": 0.2},
    "staff": {"miss_share": 0.03, "decline_share": 0.03, "wrap_up": {"mean_s": 20}},
    "seats": [
        {"name": "social", "count": 8, "skills": {"hrss": 6}, "sites": ["330100"]},
        {"name": "tax", "count": 4, "skills": {"tax": 6}, "sites": ["330100"]},
        {
            "name": "all",
            "count": 2,
            "skills": {"*": 3},
            "sites": ["330100"],
            "shift": {"start_min": 30, "break_min": 60, "break_length_min": 20},
        },
    ],
}


def streams(seed: str):
    return lambda purpose: random.Random(f"{seed}/{purpose}")


def lived(scenario: Scenario, seed: str = "1") -> Simulation:
    simulation = Simulation(scenario, streams(seed))
    simulation.run()
    return simulation


@pytest.fixture(scope="module")
def day() -> Simulation:
    return lived(from_mapping(HALL))


def test_the_same_seed_is_the_same_day_and_another_one_is_another(day):
    again, other = lived(from_mapping(HALL)), lived(from_mapping(HALL), "2")
    assert again.result() == day.result()
    assert digest(again.world.engine.state) == digest(day.world.engine.state)
    assert other.result() != day.result()


def test_advancing_in_steps_is_running_at_once(day):
    stepwise = Simulation(from_mapping(HALL), streams("1"))
    for step in range(1, 38):
        stepwise.advance(step / 37)
    assert stepwise.result() == day.result()


def test_everybody_is_somewhere(day):
    total = day.result().total
    unanswered = sum(call.talk is None and not call.parent for call in day.world.engine.state.calls.values())
    back_in_queue = sum(tally.transfers["cold"] for tally in day.report.tallies.by_group.values())
    assert total.offered > 300
    known = total.abandoned + total.deflected + total.answered
    assert known <= total.offered <= known + unanswered
    assert unanswered <= total.offered - known + back_in_queue


def test_what_happens_in_halls_happens_here(day):
    result = day.result()
    assert result.offers["timeout"] > 0
    assert result.offers["rejected"] > 0
    assert result.appointments["no_show"] > 0
    assert result.appointments["kept"] > 20
    assert day.report.tallies.total().transfers["cold"] > 5
    assert 0.5 < result.occupancy < 1.0
    assert result.forecast_mae_s > 0.0
    assert day.world.refusals.total() < 0.1 * day.world.decisions


def test_results_serialise_and_add_up(day):
    result = day.result("1")
    decoded = msgspec.json.decode(msgspec.json.encode(result))
    for lines in ("by_priority", "by_region", "by_queue"):
        assert sum(line["offered"] for line in decoded[lines]) == decoded["total"]["offered"]
    assert {line["name"] for line in decoded["by_region"]} == {"330102", "330106"}
    shown = sum(point["offered"] for point in decoded["priorities_over_time"])
    assert shown <= decoded["total"]["offered"]
    assert max(point["at_min"] for point in decoded["priorities_over_time"]) < 180


def test_more_seats_and_more_skills_help_and_more_calls_hurt(day):
    scenario, level = from_mapping(HALL), day.result().total.service_level.of_offered
    assert lived(with_seats(scenario, "+50%")).result().total.service_level.of_offered > level + 0.05
    everybody = with_skill(with_skill(scenario, "*:hrss=4"), "*:tax=4")
    assert lived(everybody).result().total.service_level.of_offered > level + 0.03
    assert lived(with_calls(scenario, "+30%")).result().total.service_level.of_offered < level - 0.03


def test_what_ifs_meet_the_same_citizens(day):
    """Only who waits and how long may change: the walk-ins and their matters are the same."""

    def walk_ins(simulation: Simulation) -> list[tuple[int, str]]:
        seen: list[tuple[int, str]] = []
        simulation.world.watch(
            lambda e: seen.append((e.at_ms, e.item)) if type(e).__name__ == "CallRequested" else None
        )
        simulation.run()
        return [call for call in seen if call]

    fewer = walk_ins(Simulation(with_seats(from_mapping(HALL), "-20%"), streams("1")))
    assert fewer == walk_ins(Simulation(from_mapping(HALL), streams("1")))


def test_scarce_booths_make_a_line_before_the_hall():
    crowded = {**HALL, "places": [{**HALL["places"][0], "booths": 4}]}
    result = lived(from_mapping(crowded)).result()
    assert result.booth_wait_mean_s > 30.0
    assert result.total.offered < 460


def test_the_warm_up_is_left_out():
    warm = lived(from_mapping({**HALL, "warm_up_min": 120}))
    result = warm.result()
    assert result.total.offered < 200
    assert result.seats == 14
    assert sum(warm.report.seats.state_ms.values()) <= 14 * 60 * 60_000


def test_a_full_queue_turns_citizens_away():
    capped = {**HALL, "scheduler": {"queue_caps": [{"waiting": 1}]}}
    result = lived(from_mapping(capped)).result()
    assert result.balked > 0
    assert result.refusals["queue-full"] == result.balked


def test_records_and_totals_agree():
    simulation = Simulation(from_mapping(HALL), streams("3"))
    outcomes: list[Outcome] = []
    inner = simulation.report.observe

    def observe(event):
        record = inner(event)
        if record is not None:
            outcomes.append(record.outcome)
        return record

    simulation.report.observe = observe
    simulation.run()
    total = simulation.result().total
    assert outcomes.count(Outcome.ABANDONED) == total.abandoned
    assert outcomes.count(Outcome.ANSWERED) <= total.answered


def test_an_observer_that_begins_in_the_middle_knows_who_is_there():
    """After a restart: the seats' activities and every call's place, from the state alone."""
    simulation = Simulation(from_mapping(HALL), streams("4"))
    for share in (0.35, 0.5, 0.8):
        simulation.advance(share)
        state, now_ms = simulation.world.engine.state, simulation.world.now_ms
        report, waits = Report(), WaitForecast()
        for event in opening_events(state):
            report.observe(event)
            waits.observe(event)
        report = report.successor(now_ms)
        assert report.tallies.by_group == {}
        online = +Counter({SeatPhase(phase): count for phase, count in census(state, now_ms).seats.items()})
        assert report.seats.by_phase() == online == simulation.report.seats.by_phase()
        queue = [call for call in state.calls.values() if call.phase is CallPhase.WAITING]
        for call in queue:
            known, told = waits.expect(call.id, now_ms), simulation.waits.expect(call.id, now_ms)
            assert known.position == told.position
