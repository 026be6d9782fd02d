"""Did media flow both ways? Pure."""

from collections.abc import Iterable, Mapping

from relay.demo.station import SlotReport

MAX_SILENCE_S = 3.0
"""A slot that was quiet for longer at the end of the call has stopped; keyframes alone come more often."""


def shortcomings(calls_connected: int, sides: Mapping[str, Iterable[SlotReport]]) -> list[str]:
    """Why the call was no success, for people; empty when every slot of every side played to its end."""
    if not calls_connected:
        return ["no call was connected"]
    complaints = (complaint(side, report) for side, reports in sides.items() for report in reports)
    return [each for each in complaints if each]


def complaint(side: str, report: SlotReport) -> str:
    """What is wrong with one slot; empty when nothing is."""
    if not report.frames:
        return f"the {side} saw nothing in its slot {report.slot}"
    if report.silent_s is not None and report.silent_s > MAX_SILENCE_S:
        return f"the {side}'s slot {report.slot} went silent {report.silent_s:.1f} s before the end"
    return ""
