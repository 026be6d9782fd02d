"""The life of WHIP and WHEP sessions: made by an offer, restarted, ended by the client, its token, its media or its silence.

Routes are compared with what should be watched whenever a publisher comes or goes, and once a second for everybody: a
publisher that comes back, a call that begins and a participant that reconnects reach their watchers by themselves.
"""

import asyncio
import logging
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from relay.catalogue import CODE
from relay.clock import Clock
from relay.config import WhipSettings
from relay.errors import Forbidden, Malformed, NotFound, Unavailable
from relay.ids import PeerId
from relay.server.auth import Identity
from relay.server.whip import fragment, naming, preconditions
from relay.server.whip.naming import Choices
from relay.server.whip.sessions import Protocol, Session, Sessions
from relay.server.whip.targets import Targets
from relay.service.shell.exchange import Exchange
from relay.service.wiring import changes
from relay.sfu.session.events import PeerClosed, PeerConnected, PeerOffer, SfuEvent, SlotRef, SourceRef
from relay.sfu.wire import sdp

SWEEP_S: Final = 1.0
_SLICE: Final = 16
"""Targets looked at before the loop may turn: media shares it."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Created:
    """A new session, and what its client is answered."""

    session: Session
    answer: str


@dataclass(frozen=True, slots=True)
class Restarted:
    """The path that a client which restarted ICE has to use."""

    etag: str
    body: str


class Gateway:
    """Sessions as peers of the media plane. All methods are for the loop of the exchange."""

    def __init__(self, exchange: Exchange, settings: WhipSettings, max_sdp_bytes: int, clock: Clock) -> None:
        self._exchange = exchange
        self._settings = settings
        self._max_sdp_bytes = max_sdp_bytes
        self._clock = clock
        self._sessions = Sessions(settings)
        self._targets = Targets(self._sessions, exchange.participants, exchange.conversations)
        self._made: dict[PeerId, dict[SlotRef, SourceRef]] = {}
        self._stale: set[str] = set()
        """Targets whose watchers are to be routed anew."""
        self._wakened = asyncio.Event()

    async def publish(self, who: Identity, stream: str, offer: str, chosen: Choices) -> Created:
        """Make `who` the publisher of a stream; it takes the place of whoever publishes it now.

        Raises `Forbidden` without the grant, `Malformed` for an offer against the rules, `LimitReached`, `Unavailable`.
        """
        if not CODE.fullmatch(stream):
            raise NotFound(f"{stream!r} cannot be the name of a stream.")
        who.grants.require_publish(stream)
        media = sdp.parse(offer, max_bytes=self._max_sdp_bytes).media
        named = naming.sources(media, chosen)
        if not named:
            raise Malformed("the offer sends nothing that a publisher can be asked for")
        created = await self._create(Protocol.WHIP, stream, who, PeerOffer(offer, named, {}), chosen)
        replaced = self._sessions.publish(created.session)
        if replaced is not None:
            await self._end(replaced, "replaced")
        self._note_change(created.session)
        return created

    async def watch(self, who: Identity, target: str, offer: str, chosen: Choices) -> Created:
        """Let `who` watch a target, `streams/NAME` or another; raises as `publish`, and `NothingToWatch`."""
        who.grants.require_watch(target)
        self._targets.check(target)
        media = sdp.parse(offer, max_bytes=self._max_sdp_bytes).media
        named = naming.slots(media)
        if not named:
            raise Malformed("the offer receives nothing")
        created = await self._create(Protocol.WHEP, target, who, PeerOffer(offer, {}, named), chosen)
        await self._route(target)
        return created

    async def patch(
        self, who: Identity, path: str, session_id: str, if_match: str | None, body: bytes
    ) -> Restarted | None:
        """Take trickled candidates (None), or restart ICE when the credentials are new.

        The relay is ICE-lite and learns addresses from checks, so that candidates are validated and not used. Raises
        `NotFound`, `Forbidden`, `PreconditionRequired`, `PreconditionFailed` and `Malformed`; the session is then as before.
        """
        session = self._owned(who, path, session_id)
        any_session = preconditions.check(if_match, session.etag)
        trickled = fragment.parse(body, self._max_sdp_bytes)
        offered = sdp.parse(session.offer.sdp)
        unknown = set(trickled.mids) - {media.mid for media in offered.media}
        if unknown:
            raise Malformed(f"no section has the MID {sorted(unknown)[0]!r}")
        if trickled.credentials is None or trickled.credentials == fragment.credentials_of(offered):
            return None
        if not any_session:
            raise Malformed("other ICE credentials: to restart ICE, send If-Match: *")
        return await self._restart(session, trickled.credentials)

    async def leave(self, who: Identity, path: str, session_id: str) -> None:
        """End a session for its client. Raises `NotFound` and `Forbidden`."""
        await self._end(self._owned(who, path, session_id), "deleted")

    def counts(self) -> Mapping[str, int]:
        """Sessions now, by protocol."""
        return {protocol: self._sessions.count(protocol) for protocol in Protocol}

    async def run(self) -> None:
        """Watch over the sessions for ever; cancel to stop."""
        unsubscribe = self._exchange.media.subscribe(self._hear)
        swept_s = self._clock.now_s()
        try:
            while True:
                stale, self._stale = self._stale, set()
                await self._route_all(stale)
                if self._clock.now_s() >= swept_s + SWEEP_S:
                    swept_s = self._clock.now_s()
                    await self._end_overdue()
                    await self._route_all(self._sessions.watched())
                self._wakened.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(SWEEP_S):
                        await self._wakened.wait()
        finally:
            unsubscribe()

    def _owned(self, who: Identity, path: str, session_id: str) -> Session:
        session = self._sessions.find(path, session_id)
        if session.owner != who.subject:
            raise Forbidden("This session is somebody else's.")
        return session

    async def _create(
        self, protocol: Protocol, target: str, who: Identity, offer: PeerOffer, chosen: Choices
    ) -> Created:
        if self._exchange.draining:
            raise Unavailable("This relay is about to stop.")
        session = Session(
            id=secrets.token_urlsafe(18),
            protocol=protocol,
            target=target,
            owner=who.subject,
            peer=PeerId(f"{protocol}/{target}/{secrets.token_urlsafe(9)}"),
            offer=offer,
            choices=chosen,
            expires_at_s=who.expires_at_s,
            connect_by_s=self._clock.now_s() + self._settings.connect_timeout_s,
        )
        self._sessions.add(session)
        try:
            answer = await self._negotiate(session, offer)
        except BaseException:
            self._sessions.remove(session)
            raise
        _log.info("session begun", extra={"protocol": protocol, "target": target, "by": who.subject})
        return Created(session, answer)

    async def _restart(self, session: Session, credentials: fragment.Credentials) -> Restarted:
        offer = replace(session.offer, sdp=fragment.with_credentials(session.offer.sdp, credentials))
        answer = await self._negotiate(session, offer)
        session.offer = offer
        return Restarted(session.etag, fragment.of_answer(answer))

    async def _negotiate(self, session: Session, offer: PeerOffer) -> str:
        answer = await self._exchange.media.answer(session.peer, offer)
        if self._sessions.of_peer(session.peer) is not session:
            # It ended while the media plane was busy, which has brought the peer back with this answer.
            await self._exchange.media.remove(session.peer)
            raise NotFound("The session is over.")
        session.etag = preconditions.etag_of(fragment.credentials_of(sdp.parse(answer)).ufrag)
        return answer

    async def _end(self, session: Session, reason: str) -> None:
        if not self._forget(session, reason):
            return
        await self._exchange.media.remove(session.peer)

    def _forget(self, session: Session, reason: str) -> bool:
        if not self._sessions.remove(session):
            return False
        self._made.pop(session.peer, None)
        self._exchange.observations.whip_ended[session.protocol, reason] += 1
        self._note_change(session)
        extra = {"protocol": session.protocol, "target": session.target, "by": session.owner, "reason": reason}
        _log.info("session over", extra=extra)
        return True

    def _hear(self, event: SfuEvent) -> None:
        if not isinstance(event, PeerConnected | PeerClosed):
            return
        session = self._sessions.of_peer(event.peer)
        if session is None:
            return
        if isinstance(event, PeerConnected):
            session.connected = True
        else:
            self._forget(session, event.reason)

    def _note_change(self, session: Session) -> None:
        if session.protocol is Protocol.WHIP:
            self._stale.add(f"streams/{session.target}")
            self._wakened.set()

    async def _end_overdue(self) -> None:
        now_s, wall_s = self._clock.now_s(), self._clock.wall_ms() / 1000
        for session in self._sessions:
            reason = session.overdue(now_s, wall_s, self._settings.absent_source_s)
            if reason is not None:
                await self._end(session, reason)

    async def _route_all(self, targets: Iterable[str]) -> None:
        for number, target in enumerate(targets):
            try:
                await self._route(target)
            except Exception:
                # One target's trouble must not leave the others unwatched; it is tried again at the next round.
                _log.exception("could not route the watchers", extra={"target": target})
            if number % _SLICE == 0:
                await asyncio.sleep(0)

    async def _route(self, target: str) -> None:
        """Make what the watchers of a target get what they should get."""
        offered = self._targets.offered(target)
        for session in self._sessions.watchers(target):
            if offered:
                session.absent_since_s = None
            elif session.absent_since_s is None:
                session.absent_since_s = self._clock.now_s()
            wanted = naming.feeds(session.peer, session.offer.slots.values(), offered, session.choices)
            for route in changes(self._made.get(session.peer, {}), wanted):
                await self._exchange.media.route(route.slot, route.source)
            if self._sessions.of_peer(session.peer) is session:
                self._made[session.peer] = wanted
