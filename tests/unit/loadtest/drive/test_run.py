"""What a report says of the run beside its figures."""

from loadtest.drive.participants import Stage
from loadtest.drive.run import _ending, marks_of, setup_table
from loadtest.impair import profile_of
from loadtest.measure.tally import Tally
from loadtest.scenario import CallType, Duration, Incident, Party, Scenario

SCENARIO = Scenario(
    "x",
    duration_s=60,
    warm_up_s=5,
    seed=7,
    kiosks=Party(3, ("microphone", "camera"), profile_of("train")),
    seats=Party(2, ("microphone",)),
    calls=(CallType(holding_s=Duration(8, "lognormal")),),
    incidents=(Incident(at_s=30, what="power-cut"),),
)


def test_incidents_and_new_addresses_are_marked_by_the_second_of_the_timeline() -> None:
    assert marks_of(SCENARIO) == (
        (12.0, "new address"),
        (24.0, "new address"),
        (25.0, "power cut"),
        (36.0, "new address"),
        (48.0, "new address"),
    )


def test_the_report_tells_what_to_run_again() -> None:
    told = dict(setup_table(SCENARIO).rows)  # type: ignore[arg-type]
    assert told["booths"] == "3 with microphone, camera; network train"
    assert told["seats"] == "2 with microphone; network perfect"
    assert told["calls"] == "consult any item, 8 s on average (lognormal, sigma 0.5) (weight 1)"
    assert told["seed"] == "7"


def stage_with(**counts: int) -> Stage:
    return Stage(None, None, Tally(counts), SCENARIO, [], [])  # type: ignore[arg-type]


def test_a_run_that_is_not_what_was_asked_for_says_so() -> None:
    assert _ending(("", ""), stage_with(set_ups=5), 5, {}) == ("", "")
    assert _ending(("", ""), stage_with(set_ups=4), 5, {})[0] == "full"
    ending, text = _ending(("", ""), stage_with(set_ups=5, calls_refused=3), 5, {})
    assert (ending, "refused 3 calls" in text) == ("refused", True)
    assert _ending(("", ""), stage_with(set_ups=5), 5, {"tool_lateness_p99_ms": 90.0})[0] == "slow"
    assert _ending(("died", "gone"), stage_with(set_ups=1, calls_refused=3), 5, {}) == ("died", "gone")
