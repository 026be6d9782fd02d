"""The recorder's process: one call, told what to do by lines of JSON on standard input, and telling on standard output.

In: `Start` (the first line), then `Answer`, `Feed` and `Stop`; the end of the input is a stop. Out: `Offer`, `Progress`, `Over`.
A recorder that is too slow loses packets in its own socket, and counts them; nobody waits for it.
"""

import asyncio
import secrets
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from relay.clock import Clock, SystemClock
from relay.recorder.messages import MEDIA_LOST, Answer, Command, Feed, Offer, Over, Progress, Start, Stop
from relay.recorder.recording import Bounds, Close, Deed, Recording, WantPackets, Write
from relay.recorder.segments import WantKeyframe
from relay.recorder.session import Ended, Outcome, Session
from relay.recorder.shell.files import Files
from relay.sfu.transport import Certificate

_TICK_S: Final = 0.1
_PROGRESS_S: Final = 1.0
_RECEIVE_BUFFER_BYTES: Final = 4 * 1024 * 1024
_BATCH: Final = 256
"""Datagrams taken before anything else may happen."""
_COMMANDS: Final = msgspec.json.Decoder(Command)


class Recorder:
    """One recording, from the first line of the input to the last of the output."""

    def __init__(self, start: Start, clock: Clock) -> None:
        self._start = start
        self._clock = clock
        self._began_s = clock.wall_ns() / 1e9 - clock.now_s()
        """A clock that is set while a recording runs must not bend it."""
        certificate = Certificate.generate(clock.wall_ms() / 1000)
        self._session = Session(start.slots, secrets.token_hex(4), secrets.token_hex(16), certificate)
        self._recording = Recording(start.stem, start.slots, Bounds(start.segment_s, start.segment_bytes))
        self._files = Files(Path(start.directory))
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._socket = socket.socket(socket.AF_INET6 if ":" in start.host else socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER_BYTES)

    async def run(self, commands: asyncio.StreamReader) -> None:
        """Until it is told to stop, the relay closes the session, or the disk is full."""
        _tell(Offer(sdp=self._session.offer(), slots=self._session.mids()))
        start = self._start
        self._do(self._recording.begin(start.call, start.consent, start.reason, self._now_s()))
        tasks = [asyncio.create_task(self._obey(commands)), asyncio.create_task(self._tick())]
        for task in tasks:
            task.add_done_callback(self._note_fault)
        try:
            reason = await self._over
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._finish(reason)

    def _finish(self, reason: str) -> None:
        now_s = self._now_s()
        try:
            deeds = self._recording.end(reason, now_s) if reason != "disk" else self._recording.last_line(reason, now_s)
            for deed in deeds:
                self._do_one(deed)
            self._files.close_all()
        except OSError as error:
            reason = f"disk: {error.strerror}"
        self._send(self._session.close())
        self._socket.close()
        _tell(Over(reason=reason, totals=self._recording.totals(), written_bytes=self._files.written_bytes))

    async def _obey(self, commands: asyncio.StreamReader) -> None:
        while line := await commands.readline():
            match _COMMANDS.decode(line):
                case Answer(sdp):
                    self._connect(sdp)
                case Feed(slots):
                    self._do(self._recording.feed(slots, self._now_s()))
                case Stop(reason):
                    self._end(reason)
        self._end("parent gone")

    async def _tick(self) -> None:
        told_s = self._clock.now_s()
        while True:
            self._take(self._session.handle_timeout(self._clock.now_s()))
            self._do(self._recording.handle_time(self._now_s()))
            if self._clock.now_s() >= told_s + _PROGRESS_S:
                told_s = self._clock.now_s()
                _tell(Progress(totals=self._recording.totals(), written_bytes=self._files.written_bytes))
            await asyncio.sleep(_TICK_S)

    def _connect(self, answer: str) -> None:
        self._socket.connect((self._start.host, self._session.accept(answer)))
        asyncio.get_running_loop().add_reader(self._socket.fileno(), self._readable)

    def _readable(self) -> None:
        for _ in range(_BATCH):
            try:
                data = self._socket.recv(2048)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self._take(self._session.handle_datagram(data, self._clock.now_s()))

    def _take(self, outcome: Outcome) -> None:
        datagrams, events = outcome
        self._send(datagrams)
        now_s = self._now_s()
        for event in events:
            if isinstance(event, Ended):
                self._end(MEDIA_LOST)
            else:
                self._recording.handle_event(event, now_s)

    def _send(self, datagrams: list[bytes]) -> None:
        for datagram in datagrams:
            try:
                self._socket.send(datagram)
            except OSError:
                # What is lost here is sent again, as on any network.
                return

    def _do(self, deeds: list[Deed]) -> None:
        try:
            for deed in deeds:
                self._do_one(deed)
        except OSError:
            self._end("disk")

    def _do_one(self, deed: Deed) -> None:
        match deed:
            case Write():
                self._files.write(deed)
            case Close():
                self._files.close(deed)
            case WantKeyframe(slot):
                self._send(self._session.want_keyframe(slot))
            case WantPackets(slot, sequences):
                self._send(self._session.want_packets(slot, sequences))

    def _note_fault(self, task: "asyncio.Task[None]") -> None:
        """A bug of ours ends the recording with what there is, and with its trace."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            traceback.print_exception(error)
            self._end("fault")

    def _end(self, reason: str) -> None:
        if not self._over.done():
            self._over.set_result(reason)

    def _now_s(self) -> float:
        return self._began_s + self._clock.now_s()


def _tell(message: Any) -> None:
    """To a parent that is gone it goes nowhere; the end of its commands says so."""
    with suppress(OSError):
        sys.stdout.buffer.write(msgspec.json.encode(message) + b"\n")
        sys.stdout.buffer.flush()


async def main() -> None:
    """Record one call."""
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    start = _COMMANDS.decode(await reader.readline())
    if isinstance(start, Start):
        await Recorder(start, SystemClock()).run(reader)
