"""The controlling half of an ICE agent, as a browser has it: what our ICE-lite side needs for a partner in tests."""

from enum import Enum
from itertools import count

from relay.sfu.transport import IceCredentials
from relay.sfu.wire import stun


class Nominates(Enum):
    """Which of its checks carry USE-CANDIDATE."""

    ALWAYS = "always"
    """Chrome towards a lite peer."""
    ONCE = "once"
    """aioice, Firefox: later checks only keep consent."""
    NEVER = "never"


class CheckSender:
    """Sends a Binding request every `interval_s`, and notes the answers."""

    def __init__(
        self,
        local: IceCredentials,
        remote: IceCredentials,
        *,
        nominates: Nominates = Nominates.ALWAYS,
        interval_s: float = 0.5,
    ) -> None:
        self.local = local
        self.remote = remote
        self.nominates = nominates
        self.interval_s = interval_s
        self.answers: list[stun.Message] = []
        self.is_quiet = False
        self._numbers = count()
        self._next_at = 0.0

    def request(self, *, nominate: bool) -> bytes:
        """One check."""
        message = stun.Message(
            stun.BINDING,
            stun.MessageClass.REQUEST,
            next(self._numbers).to_bytes(12, "big"),
            username=f"{self.remote.ufrag}:{self.local.ufrag}",
            priority=1853824767,
            use_candidate=nominate,
            ice_controlling=0x1122334455667788,
        )
        return message.serialise(self.remote.password.encode())

    def handle_timeout(self, now: float) -> list[bytes]:
        """The check that is due, if one is."""
        if self.is_quiet or now < self._next_at:
            return []
        self._next_at = now + self.interval_s
        answered = any(answer.cls is stun.MessageClass.SUCCESS for answer in self.answers)
        nominate = self.nominates is Nominates.ALWAYS or (self.nominates is Nominates.ONCE and not answered)
        return [self.request(nominate=nominate)]

    def handle_answer(self, data: bytes) -> None:
        """Note the answer to a check. A success must be authentic."""
        answer = stun.parse(data)
        if answer.cls is stun.MessageClass.SUCCESS:
            assert answer.verify_integrity(self.remote.password.encode())
        self.answers.append(answer)

    def deadline(self) -> float | None:
        """When the next check is due."""
        return None if self.is_quiet else self._next_at
