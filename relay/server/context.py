"""What the HTTP operations work with."""

from dataclasses import dataclass

from relay.catalogue import Directory
from relay.clock import Clock
from relay.errors import Misuse
from relay.server.auth import TokenIssuer
from relay.server.checkin import CheckInTokens
from relay.server.recording.desk import RecordingDesk
from relay.server.settings import Settings
from relay.service.shell.exchange import Exchange, MediaPlane, is_full
from relay.service.shell.observatory import Observatory
from relay.service.shell.portal import PortalDesk


@dataclass(frozen=True, slots=True)
class Context:
    """One relay, as its operations see it."""

    settings: Settings
    directory: Directory
    exchange: Exchange
    observatory: Observatory
    desk: PortalDesk
    issuer: TokenIssuer
    checkin: CheckInTokens
    clock: Clock
    recordings: RecordingDesk

    def not_ready(self) -> list[str]:
        """Why this relay should get no traffic now; empty: it should."""
        health = self.exchange.scheduler.health()
        stuck_s = self.clock.now_s() - health.counters.last_run_s
        reasons = {
            "draining": self.exchange.draining,
            health.reason or "scheduler not ready": not health.ready,
            f"scheduler has not run for {stuck_s:.0f} s": stuck_s > 10.0,
            "media port not bound": not _bound(self.exchange.media),
            "no media worker takes new participants": is_full(self.exchange.media.stats()),
        }
        return [reason for reason, holds in reasons.items() if holds]


def _bound(media: MediaPlane) -> bool:
    try:
        return media.address[1] > 0
    except Misuse:
        return False
