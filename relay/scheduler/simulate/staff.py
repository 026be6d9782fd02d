"""Caseworkers at their seats: they log in, answer what rings (mostly), write notes, take breaks, and go home."""

from relay.scheduler import commands as ask
from relay.scheduler import events
from relay.scheduler.model import Break, SeatProfile, Shift, Skill
from relay.scheduler.simulate.laws import Chance
from relay.scheduler.simulate.scenario import SeatGroup, Staff
from relay.scheduler.simulate.world import World

_MINUTE_MS = 60_000
_BREAKS_SPREAD_MS = 60 * _MINUTE_MS


class Caseworkers:
    """All of them; reacts to what the engine decides about their seats."""

    def __init__(self, world: World, staff: Staff, chance: Chance) -> None:
        self.count = 0
        self._world = world
        self._staff = staff
        self._chance = chance
        world.on(events.CallOffered, self._rings)
        world.on(events.CallEnded, self._writes_notes)
        world.on(events.CallTransferred, self._writes_notes)
        world.on(events.SeatOnBreak, self._may_come_back)

    def employ(self, group: SeatGroup, start_ms: int, end_ms: int) -> None:
        """Put the working day of a group on the agenda."""
        skills = tuple(Skill(item, level) for item, level in group.skills.items())
        for site in group.sites:
            profile = SeatProfile(
                skills=skills, regions=(site, *group.serves), languages=group.languages, capacity=group.capacity
            )
            for n in range(group.count):
                self.count += 1
                shift = _shift(group, start_ms, end_ms, n / group.count)
                log_in = ask.LogIn(f"{group.name}-{site}-{n + 1}", profile, shift, ready=True)
                self._world.ask_at(shift.start_ms, log_in)
                for pause in shift.breaks:
                    self._world.ask_at(pause.end_ms, ask.SetReady(log_in.seat))

    def _rings(self, event: events.CallOffered) -> None:
        answer_ms = self._staff.answer.draw_ms(self._chance)
        mood = self._chance.random()
        if mood < self._staff.miss_share:
            return
        declines = mood < self._staff.miss_share + self._staff.decline_share
        verb = ask.DeclineOffer if declines else ask.AcceptOffer
        self._world.ask_at(event.at_ms + answer_ms, verb(event.offer, event.seat))

    def _writes_notes(self, event: events.CallEnded | events.CallTransferred) -> None:
        if event.wrap_until_ms == events.NEVER_MS:
            return
        done_ms = event.at_ms + self._staff.wrap_up.draw_ms(self._chance)
        self._world.ask_at(done_ms, ask.FinishWrapUp(event.call, event.seat))

    def _may_come_back(self, event: events.SeatOnBreak) -> None:
        if event.reason == "unanswered":
            self._world.ask_at(event.at_ms + round(1000 * self._staff.away_s), ask.SetReady(event.seat))


def _shift(group: SeatGroup, start_ms: int, end_ms: int, place: float) -> Shift:
    """Seats of a group take their break one after the other; `place` (0 to 1) is this one's turn."""
    plan = group.shift
    until_ms = start_ms + round(plan.end_min * _MINUTE_MS) if plan.end_min else end_ms
    breaks: tuple[Break, ...] = ()
    if plan.break_length_min:
        break_ms = start_ms + round(plan.break_min * _MINUTE_MS + place * _BREAKS_SPREAD_MS)
        breaks = (Break(break_ms, break_ms + round(plan.break_length_min * _MINUTE_MS)),)
    return Shift(start_ms + round(plan.start_min * _MINUTE_MS), until_ms, breaks)
