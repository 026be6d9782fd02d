"""The receiver of a simulated call: feedback as Chromium sends it, NACK, PLI, frames decoded in order."""

from dataclasses import dataclass

from relay.sfu.wire.rtcp.twcc import Received, TransportFeedback

_TICK_US = 250
_HOPELESS_S = 1.0
_PLI_S = 0.5


@dataclass(slots=True)
class Packet:
    size_bytes: int
    stream: int
    """0: audio, 1…: video, -1: padding."""
    number: int
    """On the stream's own line."""
    frame: int
    last_of_frame: bool
    key: bool
    made_s: float
    cluster: int = 0
    again: bool = False


class Receiver:
    """Feedback, NACK, PLI, and frames in order."""

    def __init__(self, streams: int) -> None:
        self.arrivals: dict[int, float] = {}
        """Transport-wide, since the last feedback message."""
        self.streams = [StreamReception() for _ in range(streams)]
        self._reported = 0
        self._count = 0

    def feedback(self) -> TransportFeedback | None:
        if not self.arrivals:
            return None
        first, last = min(*self.arrivals, self._reported), max(self.arrivals)
        self._reported = max(self._reported, last + 1)
        ticks = {sequence: round(at_s * 1e6 / _TICK_US) for sequence, at_s in self.arrivals.items()}
        self.arrivals = {}
        order = sorted(ticks)
        reference = ticks[order[0]] // 256
        previous, received = reference * 256, []
        for sequence in order:
            received.append(Received(sequence & 0xFFFF, (ticks[sequence] - previous) * _TICK_US))
            previous = ticks[sequence]
        self._count += 1
        return TransportFeedback(
            1, 2, first & 0xFFFF, last - first + 1, reference & 0xFFFFFF, self._count & 0xFF, tuple(received)
        )


class StreamReception:
    """One stream: what is missing, which frames are whole."""

    def __init__(self) -> None:
        self.highest = -1
        self.missing: dict[int, list[float]] = {}
        """Number → [when it was found missing, when it was asked for last]."""
        self.decoded: list[float] = []
        self._frames: dict[int, list[int]] = {}
        """Frame → [arrived, first number, last number or -1, is key]."""
        self._next_number = 0
        self._asked_s = -1.0

    def handle_packet(self, packet: Packet, now: float) -> bool:
        """Whether it is new."""
        number = packet.number
        if number > self.highest:
            for lost in range(self.highest + 1, number):
                self.missing[lost] = [now, -1.0]
            self.highest = number
        elif self.missing.pop(number, None) is None:
            return False
        frame = self._frames.setdefault(packet.frame, [0, number, -1, 0])
        frame[0] += 1
        frame[1] = min(frame[1], number)
        frame[3] |= packet.key
        if packet.last_of_frame:
            frame[2] = number
        self._decode(now)
        return True

    def _decode(self, now: float) -> None:
        """The next frame if it is whole, else the first whole keyframe after it; and what can then follow."""
        stuck = False
        for name in sorted(self._frames):
            arrived, first, last, key = self._frames[name]
            whole = last >= 0 and arrived == last - first + 1
            if whole and (key or (not stuck and first == self._next_number)):
                self._forget_before(name, first)
                self._next_number = last + 1
                self.decoded.append(now)
                stuck = False
            else:
                stuck = True

    def _forget_before(self, name: int, first: int) -> None:
        self._frames = {each: frame for each, frame in self._frames.items() if each > name}
        self.missing = {number: times for number, times in self.missing.items() if number >= first}

    def asks(self, round_trip_s: float, now: float) -> tuple[list[int], bool]:
        """(Numbers to send again, whether a keyframe is needed)."""
        again = []
        for number, times in self.missing.items():
            if now - times[1] >= round_trip_s:
                times[1] = now
                again.append(number)
        hopeless = now - self._asked_s > _PLI_S and any(now - found > _HOPELESS_S for found, _ in self.missing.values())
        if hopeless:
            self._asked_s = now
        return again, hopeless
