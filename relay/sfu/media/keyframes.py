"""When to ask a source for a keyframe.

Many receivers may want one at once (a new viewer, a PLI each after a loss). A source is asked at most once in an
interval, and is asked again until the keyframe has come: a PLI is an ordinary packet and may be lost, and a static
screen would otherwise stay black. Source: RFC 4585 §6.3.1; the interval follows what libwebrtc's encoders honour.
"""


class KeyframeRequests:
    """The wishes for keyframes of one source.

    given: interval_s. owned: whether one is wanted, and when the source was asked last.
    """

    def __init__(self, interval_s: float, attempts: int = 20) -> None:
        self._interval_s = interval_s
        self._attempts = attempts
        self._left = 0
        self._asked_s: float | None = None

    def want(self, now: float) -> bool:
        """A receiver needs a keyframe. True: ask the source now; False: it has been asked, or will be by `handle_timeout`."""
        self._left = self._attempts
        return self._ask(now)

    def arrived(self) -> None:
        """A keyframe began to arrive: every wish so far is met."""
        self._left = 0

    def deadline(self) -> float | None:
        """When to call `handle_timeout` next; None if nothing is wanted."""
        if self._left == 0 or self._asked_s is None:
            return None
        return self._asked_s + self._interval_s

    def handle_timeout(self, now: float) -> bool:
        """True: ask the source again now. Gives up after `attempts`: the source may have no encoder running."""
        return self._left > 0 and self._ask(now)

    def _ask(self, now: float) -> bool:
        if self._asked_s is not None and now < self._asked_s + self._interval_s:
            return False
        self._asked_s = now
        self._left -= 1
        return True
