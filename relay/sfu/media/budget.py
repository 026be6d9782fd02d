"""Divides what the downlink of a peer carries among its slots.

In this order: all audio; the least of every shared document or screen, then of every camera, so that a face stays visible;
then the shared ones are raised as far as they go, and what is left raises the cameras. Slots of one priority take turns.

Nobody rises on what one of a higher priority waits for. Going down is immediate. Going up needs more than the bare rate, and time since the last fall; a slot that fell soon after it
rose waits twice as long the next time, unless there is room for twice its rate. So a rate that hovers around a step does not
make the picture flap, and a link that is back is used.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple

_HEADROOM: Final = 1.1
"""A rise must leave this much: a layer's rate is a mean, and its keyframes are larger."""
_AMPLE: Final = 2.0
"""A rise that leaves as much again is not due to a rate that hovers around a step: it waits no longer than the first time."""
_FIRST_WAIT_S: Final = 2.0
_LONGEST_WAIT_S: Final = 32.0
_SHORT_STAY_S: Final = 10.0
"""A fall sooner after the rise says that the rise was a mistake."""


class Priority(IntEnum):
    """What is served first."""

    AUDIO = 0
    SHARED = 1
    """Document camera or screen: what the call is about."""
    CAMERA = 2


class Demand(NamedTuple):
    """What one slot could use."""

    slot: int
    priority: Priority
    rates_bps: Sequence[int]
    """Of its choices, from least to best, rising; audio has one."""


@dataclass(slots=True)
class _History:
    """Of one slot. owned: its choice, when it rose and fell, until when it may not rise, and the wait after its next fall."""

    choice: int | None = None
    rose_s: float = float("-inf")
    fell_s: float = float("-inf")
    closed_until_s: float = float("-inf")
    wait_s: float = _FIRST_WAIT_S


class Budget:
    """The slots of one peer. owned: the history of each."""

    def __init__(self) -> None:
        self._history: dict[int, _History] = {}

    def allocate(self, demands: Iterable[Demand], available_bps: float, now: float) -> Mapping[int, int | None]:
        """{slot: index of its choice; None: paused}. Audio is never paused: without a voice there is no call."""
        ordered = sorted(demands, key=lambda demand: demand.priority)
        self._history = {each.slot: self._history.get(each.slot) or _History() for each in ordered}
        choices: dict[int, int | None] = dict.fromkeys(self._history)
        left_bps = available_bps
        awaited_bps = 0.0
        for demand in ordered:
            spare_bps = left_bps if self._stays(demand) else left_bps - awaited_bps
            if demand.rates_bps and (demand.priority is Priority.AUDIO or self._may(demand, 0, spare_bps, now)):
                choices[demand.slot] = 0
                left_bps -= demand.rates_bps[0]
            elif demand.rates_bps and demand.rates_bps[0] <= left_bps:
                awaited_bps += demand.rates_bps[0]
        for priority in Priority:
            left_bps = self._raise([each for each in ordered if each.priority is priority], choices, left_bps, now)
        for slot, choice in choices.items():
            _note(self._history[slot], choice, now)
        return choices

    def _stays(self, demand: Demand) -> bool:
        return self._history[demand.slot].choice is not None

    def _raise(self, demands: list[Demand], choices: dict[int, int | None], left_bps: float, now: float) -> float:
        """One step each in turn, while any can take one; returns what is left. Every turn takes a step, so it ends."""
        climbing = [each for each in demands if choices[each.slot] is not None]
        while climbing:
            still = []
            for demand in climbing:
                choice = choices[demand.slot] or 0
                following = choice + 1
                if following >= len(demand.rates_bps):
                    continue
                spare_bps = left_bps + demand.rates_bps[choice]
                if self._may(demand, following, spare_bps, now):
                    choices[demand.slot] = following
                    left_bps = spare_bps - demand.rates_bps[following]
                    still.append(demand)
            climbing = still
        return left_bps

    def _may(self, demand: Demand, choice: int, spare_bps: float, now: float) -> bool:
        history = self._history[demand.slot]
        if history.choice is not None and choice <= history.choice:
            return demand.rates_bps[choice] <= spare_bps
        if now < history.fell_s + _FIRST_WAIT_S:
            return False
        needed = _HEADROOM if now >= history.closed_until_s else _AMPLE
        return demand.rates_bps[choice] * needed <= spare_bps


def _note(history: _History, choice: int | None, now: float) -> None:
    before, after = _rank(history.choice), _rank(choice)
    if after > before:
        history.rose_s = now
    elif after < before:
        if now - history.rose_s < _SHORT_STAY_S:
            history.wait_s = min(2 * history.wait_s, _LONGEST_WAIT_S)
        else:
            history.wait_s = _FIRST_WAIT_S
        history.fell_s, history.closed_until_s = now, now + history.wait_s
    history.choice = choice


def _rank(choice: int | None) -> int:
    return -1 if choice is None else choice
