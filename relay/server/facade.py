"""`Relay`: the whole relay in one object, for a portal to run inside its own event loop."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import Self

from starlette.types import ASGIApp

from relay.catalogue import Directory
from relay.clock import Clock, SystemClock
from relay.config import SfuSettings
from relay.errors import Misuse
from relay.scheduler.shell.dispatch import CarryOut
from relay.scheduler.shell.journal import Journal, MemoryJournal
from relay.scheduler.shell.outlets import Outlets
from relay.scheduler.shell.service import SchedulerService
from relay.scheduler.shell.sqlite_journal import SqliteJournal
from relay.server.app import build_app
from relay.server.auth import NO_GRANTS, Grants, Role, TokenIssuer, TokenVerifier, open_keyring
from relay.server.board import Board
from relay.server.checkin import CheckInTokens
from relay.server.context import Context
from relay.server.http import Doorkeeper
from relay.server.keystore import generated_secret
from relay.server.phrasing import Phrasebook
from relay.server.recording.desk import RecordingDesk
from relay.server.settings import Settings
from relay.server.signalling import Signalling
from relay.server.throttle import FailureLimiter
from relay.server.wallboard import Wallboards
from relay.server.whip.endpoint import WhipEndpoints
from relay.server.whip.gateway import Gateway
from relay.service.record_book import FinishedCall
from relay.service.shell.exchange import Exchange, MediaPlane
from relay.service.shell.observatory import Observatory
from relay.service.shell.portal import CallEvent, NewCall, PortalDesk
from relay.service.views import CallView, QueueView, SeatView
from relay.sfu.shell.node import Sfu
from relay.sfu.shell.pool import SfuPool

JOURNAL_FILE = "journal.sqlite"
_DRAIN_CHECK_S = 0.25


class Relay:
    """`async with Relay(Settings(...)) as relay:` runs one; `relay.app` is its ASGI application.

    Several relays may live in one process; nothing is global. All methods belong to the loop that entered it. `media`
    replaces the built-in media plane by one of the portal's own.
    """

    def __init__(
        self, settings: Settings | None = None, *, clock: Clock | None = None, media: MediaPlane | None = None
    ) -> None:
        self.settings = settings or Settings()
        self._clock = clock or SystemClock()
        self._directory = Directory(self.settings.catalogue)
        self._exchange = Exchange(
            self._scheduler,
            media or _media_plane(self.settings.sfu, self._clock),
            self._directory,
            self.settings.server,
            self._clock,
        )
        folder = Path(self.settings.data_dir) if self.settings.data_dir else None
        self._outlets = Outlets(self.settings.outlets, self._exchange.scheduler, self._clock, folder)
        self._observatory = Observatory(self._exchange, self._outlets, self._clock, self.settings.latency)
        keyring = open_keyring(self.settings.auth, generated_secret(self.settings.data_dir))
        self._issuer = TokenIssuer(keyring, self.settings.auth, self._clock)
        self._desk = PortalDesk(self._exchange, self._clock, self.settings.server.max_event_streams)
        target_s = self._exchange.ledger.report.settings.target_ms / 1000
        self._wallboards = Wallboards(Board(self._exchange, self._observatory, self._clock, target_s).compose)
        self.recordings = RecordingDesk(self._exchange, self.settings.recording, self._clock)
        """Begins, ends and lists the recordings of calls."""
        self._gateway = Gateway(self._exchange, self.settings.whip, self.settings.sfu.max_sdp_bytes, self._clock)
        self._exchange.observations.whip_sessions = self._gateway.counts
        self._app = self._build_app(TokenVerifier(keyring, self._clock), CheckInTokens(keyring))
        self._life = AsyncExitStack()

    @property
    def app(self) -> ASGIApp:
        """The HTTP and WebSocket interface with its pages; mount it under any path."""
        return self._app

    @property
    def media_address(self) -> tuple[str, int]:
        """Where the media port is bound. Raises `Misuse` before the relay runs."""
        return self._exchange.media.address

    async def __aenter__(self) -> Self:
        self._life.push_async_callback(self._outlets.close)
        self._life.push_async_callback(self._exchange.close)
        try:
            await self._exchange.start()
        except BaseException:
            await self._life.aclose()
            raise
        self._outlets.start()
        for watch in (self._wallboards.run(), self._observatory.run(), self._gateway.run(), self.recordings.run()):
            self._life.push_async_callback(_stop, asyncio.create_task(watch))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._life.aclose()

    def issue_token(
        self,
        subject: str,
        role: Role | str,
        *,
        lifetime_s: float | None = None,
        name: str = "",
        region: str = "",
        skills: Mapping[str, int] | None = None,
        grants: Grants = NO_GRANTS,
    ) -> str:
        """A signed token for one identity; raises `Misuse` for claims out of bounds."""
        if role not in set(Role):
            raise Misuse(f"there is no role {role!r}; there are {', '.join(Role)}")
        return self._issuer.issue(
            subject,
            Role(role),
            lifetime_s=lifetime_s,
            name=name,
            region=region,
            skills=skills,
            grants=grants,
        )

    async def create_call(self, call: NewCall, idempotency_key: str) -> CallView:
        """Ask for a caseworker on behalf of a kiosk that is logged in; the same key twice is one call."""
        return await self._desk.create_call(call, idempotency_key)

    async def cancel_call(self, call: str, reason: str = "") -> None:
        """End a call, whatever its state."""
        await self._desk.cancel_call(call, reason)

    def call(self, call: str) -> CallView:
        """A call that is not over; raises `NotFound`."""
        return self._desk.call(call)

    def calls(self) -> list[CallView]:
        """Calls in conversation or wrap-up."""
        return self._desk.calls()

    def queue(self) -> list[QueueView]:
        """Queues by department."""
        return self._desk.queue()

    def seats(self) -> list[SeatView]:
        """Seats that are online."""
        return self._desk.seats()

    def events(self, after: str = "") -> AsyncIterator[CallEvent]:
        """What happens from now on, or after the event with this `id`, once it is durable."""
        return self._desk.events(after)

    def records(self, after: int = 0, limit: int = 100) -> list[FinishedCall]:
        """Call detail records of calls that are over, oldest first; `after` is the `seq` of the last one known."""
        return self._desk.records(after, limit)

    async def drain(self) -> None:
        """Take no new calls, and return when none is in conversation, or after `drain_s`."""
        self._exchange.draining = True
        for _ in range(ceil(self.settings.server.drain_s / _DRAIN_CHECK_S)):
            if not self._exchange.house.talking():
                return
            await asyncio.sleep(_DRAIN_CHECK_S)
            self._exchange.draining = True  # whoever takes a drain back meanwhile does not take a stop back

    def _scheduler(self, carry_out: CarryOut) -> SchedulerService:
        return SchedulerService(self.settings.scheduler, self._journal(), clock=self._clock, carry_out=carry_out)

    def _journal(self) -> Journal:
        if not self.settings.data_dir:
            return MemoryJournal()
        directory = Path(self.settings.data_dir)
        directory.mkdir(parents=True, exist_ok=True)
        return SqliteJournal(directory / JOURNAL_FILE)

    def _build_app(self, verifier: TokenVerifier, checkin: CheckInTokens) -> ASGIApp:
        server = self.settings.server
        doorkeeper = Doorkeeper(verifier, FailureLimiter(self.settings.auth.failures_per_minute), self._clock)
        phrasebook = Phrasebook(self._directory)
        signalling = Signalling(self._exchange, doorkeeper, phrasebook, self._wallboards, checkin, server, self._clock)
        context = Context(
            self.settings,
            self._directory,
            self._exchange,
            self._observatory,
            self._desk,
            self._issuer,
            checkin,
            self._clock,
            self.recordings,
        )
        observations = self._exchange.observations
        whip = WhipEndpoints(self._gateway, doorkeeper, observations, self.settings, self._clock)
        return build_app(context, doorkeeper, signalling, whip)


def _media_plane(settings: SfuSettings, clock: Clock) -> MediaPlane:
    return SfuPool(settings, clock) if settings.workers else Sfu(settings, clock)


async def _stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
