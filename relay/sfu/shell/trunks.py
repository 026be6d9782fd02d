"""Carries out what `pool.piping` decides: routes and pipes, at the worker processes they concern.

A command to a worker that has just gone is dropped: its successor is told everything anew.
"""

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial

from relay.errors import LimitReached, Unavailable
from relay.ids import PeerId
from relay.sfu.pool import messages, piping
from relay.sfu.session import pipes
from relay.sfu.session.data_channels import Deliver
from relay.sfu.session.events import EncodingsWanted, MessageElsewhere
from relay.sfu.shell.child import Child
from relay.sfu.transport.keys import SrtpProfile

_PROFILE = SrtpProfile.AEAD_AES_128_GCM
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}  # noqa: S104  what sockets are bound to
_LOG = logging.getLogger(__name__)


class Trunks:
    """given: the decisions, and who runs each worker. owned: how each source is sent at present."""

    def __init__(self, plan: piping.Piping, child_of: Callable[[int], Child | None]) -> None:
        self.failures: Counter[str] = Counter()
        """Commands that a worker refused, by kind."""
        self._plan = plan
        self._child_of = child_of
        self._carry_out: dict[type[piping.Change], Callable[..., None]] = {
            piping.SetRoute: self._set_route,
            piping.Open: self._open,
            piping.Close: self._close,
            piping.Carry: self._carry,
            piping.Release: self._release,
        }

    def carry_out(self, changes: Iterable[piping.Change]) -> None:
        """In their order."""
        for change in changes:
            self._carry_out[type(change)](change)

    def renegotiated(self, peer: PeerId) -> None:
        """Its sources may be others now: send them as they are."""
        for carriage in self._plan.carriages_of(peer):
            self._send(carriage)

    def deliver(self, message: MessageElsewhere, worker: int) -> None:
        """Bring a message of a data channel, said at `worker`, to the worker of who is to hear it; or lose it."""
        home = self._plan.home(message.slot.peer)
        if home is None or home == worker:
            return
        child = self._child_of(home)
        told = Deliver(message.slot, message.label, message.payload, message.text)
        if child is None or not child.tell(told):
            self.failures["Deliver"] += 1

    def wanted(self, event: EncodingsWanted, receiver: int) -> None:
        """What somebody at a worker may be shown of a source that is carried there."""
        carriage = self._plan.carriage(event.source, receiver)
        if carriage is not None:
            count = len(event.rids)
            self._command(carriage.sender, pipes.WantEncodings(carriage.pipe.name, event.source, count))

    def _set_route(self, change: piping.SetRoute) -> None:
        child = self._child_of(change.worker)
        if child is not None:
            self._post(child, messages.Route(child.next_id(), change.slot, change.source))

    def _open(self, change: piping.Open) -> None:
        pipe = change.pipe
        ends = [self._child_of(each) for each in pipe.ends]
        keys = [os.urandom(_PROFILE.key_bytes + _PROFILE.salt_bytes) for _ in ends]
        for child, other, receive, send in zip(ends, reversed(ends), keys, reversed(keys), strict=True):
            if child is not None and other is not None:
                command = pipes.OpenPipe(pipe.name, _reachable(other.address), _PROFILE.number, receive, send)
                self._post(child, messages.Pipe(child.next_id(), command))

    def _close(self, change: piping.Close) -> None:
        for end in change.pipe.ends:
            self._command(end, pipes.ClosePipe(change.pipe.name))

    def _carry(self, change: piping.Carry) -> None:
        self._send(change.carriage)

    def _release(self, change: piping.Release) -> None:
        carriage = change.carriage
        self._command(carriage.sender, pipes.StopSource(carriage.pipe.name, carriage.source))
        self._command(carriage.receiver, pipes.DropSource(carriage.pipe.name, carriage.source))

    def _send(self, carriage: piping.Carriage) -> None:
        reply = self._command(carriage.sender, pipes.SendSource(carriage.pipe.name, carriage.source))
        if reply is not None:
            reply.add_done_callback(partial(self._sent, carriage))

    def _sent(self, carriage: piping.Carriage, reply: "asyncio.Future[messages.Reply]") -> None:
        """The sender has said how: tell the receiver, unless it is over meanwhile."""
        if reply.cancelled() or reply.exception() is not None or not self._plan.is_carried(carriage):
            return
        answer = reply.result()
        stream = answer.stream if isinstance(answer, messages.Piped) else None
        name, source = carriage.pipe.name, carriage.source
        command = pipes.DropSource(name, source) if stream is None else pipes.TakeSource(name, source, stream)
        self._command(carriage.receiver, command)

    def _command(self, worker: int, command: pipes.PipeCommand) -> "asyncio.Future[messages.Reply] | None":
        child = self._child_of(worker)
        return None if child is None else self._post(child, messages.Pipe(child.next_id(), command))

    def _post(self, child: Child, request: messages.Request) -> "asyncio.Future[messages.Reply] | None":
        try:
            reply = child.post(request)
        except (Unavailable, LimitReached) as error:
            _LOG.debug("not told: %s", error)
            return None
        reply.add_done_callback(partial(self._note, type(request).__name__))
        return reply

    def _note(self, request: str, reply: "asyncio.Future[messages.Reply]") -> None:
        if reply.cancelled() or reply.exception() is not None:
            return  # the worker has gone, which is known otherwise
        answer = reply.result()
        if isinstance(answer, messages.Refused):
            self.failures[answer.kind] += 1
            _LOG.warning("a worker refused", extra={"request": request, "reason": f"{answer.kind}: {answer.message}"})


def _reachable(bound: tuple[str, int]) -> tuple[str, int]:
    return _LOOPBACK.get(bound[0], bound[0]), bound[1]
