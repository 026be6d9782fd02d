"""Where a slot has no frames, and why: told from what is written, so that no way of losing a frame is silent. Pure.

Two kinds: packets are known to be missing; or none is, and yet there is more time between two frames than the source
is used to take. A camera at 25 frames a second is silent after half a second; a still screen, or a voice that sends comfort
noise only (DTX), after more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from relay.recorder.reception import TimedFrame

SILENCE_S: Final = 0.5
_TIMES_USUAL: Final = 5
_LONGEST_USUAL_S: Final = 2.0
_WEIGHT: Final = 0.2


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing is written of this slot between two times."""

    slot: str
    began_s: float
    until_s: float
    cause: Literal["loss", "silence"]
    """Packets that never came; or a source that sent none."""
    packets: int = 0
    """That are missing, or were unusable."""


@dataclass(slots=True)
class _Slot:
    since_s: float
    """When its source began to feed it."""
    last_s: float | None = None
    usual_s: float = 0.0


class Gaps:
    """The slots. owned: of each, when its last frame was, and how far apart frames usually are."""

    def __init__(self) -> None:
        self._slots: dict[str, _Slot] = {}

    def change_source(self, slot: str, source: str, now_s: float) -> list[Gap]:
        """Another source, or nothing, feeds the slot from now on; the end of the former one may be a gap."""
        gaps = self._tail(slot, now_s, 0)
        if source:
            self._slots[slot] = _Slot(now_s)
        else:
            self._slots.pop(slot, None)
        return gaps

    def note(self, slot: str, timed: TimedFrame) -> list[Gap]:
        """The next frame of a slot is written."""
        each = self._slots.setdefault(slot, _Slot(timed.at_s))
        before_s, each.last_s = each.last_s, timed.at_s
        if before_s is None:
            return [Gap(slot, min(each.since_s, timed.at_s), timed.at_s, "loss", timed.lost)] if timed.lost else []
        step_s, limit_s = timed.at_s - before_s, _limit_s(each)
        each.usual_s += _WEIGHT * (min(step_s, _LONGEST_USUAL_S) - each.usual_s)
        if timed.lost:
            return [Gap(slot, before_s, timed.at_s, "loss", timed.lost)]
        return [Gap(slot, before_s, timed.at_s, "silence")] if step_s > limit_s else []

    def end(self, unseen: Mapping[str, int], now_s: float) -> list[Gap]:
        """The recording ends. `unseen`: packets by slot that are missing in front of frames that never came."""
        return [gap for slot in self._slots for gap in self._tail(slot, now_s, unseen.get(slot, 0))]

    def _tail(self, slot: str, now_s: float, packets: int) -> list[Gap]:
        each = self._slots.get(slot)
        if each is None:
            return []
        began_s = each.since_s if each.last_s is None else each.last_s
        if packets:
            return [Gap(slot, began_s, max(began_s, now_s), "loss", packets)]
        silent = each.last_s is not None and now_s - began_s > _limit_s(each)
        return [Gap(slot, began_s, now_s, "silence")] if silent else []


def _limit_s(slot: _Slot) -> float:
    return max(SILENCE_S, _TIMES_USUAL * slot.usual_s)
