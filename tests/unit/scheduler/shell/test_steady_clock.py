from relay.clock import FakeClock
from relay.scheduler.shell.steady_clock import SteadyClock


class Machine(FakeClock):
    """A machine whose wall clock can be set."""

    def set_wall(self, by_ms: int) -> None:
        self._wall_ms += by_ms


def test_follows_the_wall_clock_in_peace():
    machine = Machine()
    steady = SteadyClock(machine)
    machine.advance(12.5)
    assert steady.now_ms() == machine.wall_ms()


def test_a_clock_set_back_never_goes_backwards_and_is_met_again_slowly():
    machine = Machine()
    steady = SteadyClock(machine)
    before = steady.now_ms()
    machine.set_wall(by_ms=-60_000)
    answers = [steady.now_ms()]
    for _ in range(700):
        machine.advance(1.0)
        answers.append(steady.now_ms())
    assert answers == sorted(answers)
    assert answers[0] == before
    assert answers[1] - answers[0] == 900
    assert answers[-1] == machine.wall_ms()


def test_a_machine_that_slept_jumps_to_the_calendar():
    machine = Machine()
    steady = SteadyClock(machine)
    machine.set_wall(by_ms=3_600_000)
    assert steady.now_ms() == machine.wall_ms()


def test_a_small_lead_of_the_wall_clock_is_pulled_not_jumped():
    machine = Machine()
    steady = SteadyClock(machine)
    start = steady.now_ms()
    machine.set_wall(by_ms=500)
    machine.advance(1.0)
    assert steady.now_ms() == start + 1_100


def test_starts_no_earlier_than_the_last_replayed_decision():
    machine = Machine()
    later = machine.wall_ms() + 5_000
    steady = SteadyClock(machine, not_before_ms=later)
    assert steady.now_ms() == later
    machine.advance(1.0)
    assert steady.now_ms() == later + 900
