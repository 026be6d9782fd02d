"""A call of aiortc clients, recorded by the real process, read back by FFmpeg."""

import asyncio
import json
import os
import resource
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from relay import Role, SfuSettings
from relay.client import SignallingClient
from relay.client.clip import Clip
from relay.client.webrtc import Participant, VideoCodec
from relay.config import RecordingSettings
from relay.server.messages import CallState
from tests.support.clapper import ClapTrack, beeps, claps, flashes
from tests.support.running_relay import RunningRelay, running_relay, settings_for_tests, until
from tests.support.scenes import connected

pytestmark = pytest.mark.calls


@dataclass
class Recorded:
    """A call that is being recorded, and what a portal can do."""

    running: RunningRelay
    http: httpx.AsyncClient
    call: str
    directory: Path
    kiosk: SignallingClient
    seat: SignallingClient

    async def start(self, **fields: str) -> httpx.Response:
        body = {"reason": "test", "consent": "asked at the kiosk"} | fields
        return await self.http.put(f"/api/calls/{self.call}/recording", json=body)

    async def stop(self) -> int:
        response = await self.http.delete(f"/api/calls/{self.call}/recording", params={"reason": "enough"})
        return response.status_code

    async def view(self) -> dict[str, Any] | None:
        return next(iter((await self.http.get("/api/recordings")).json()), None)

    async def until(self, condition: Callable[[dict[str, Any] | None], bool]) -> dict[str, Any] | None:
        async with asyncio.timeout(30.0):
            while not condition(view := await self.view()):
                await asyncio.sleep(0.05)
        return view

    def films(self) -> list[Path]:
        return sorted(self.directory.glob("*.mkv"))

    def lines(self) -> list[dict[str, Any]]:
        (index,) = self.directory.glob("*.jsonl")
        return [json.loads(line) for line in index.read_text().splitlines()]


@asynccontextmanager
async def call(
    directory: Path, codec: VideoCodec = "VP8", *, workers: int = 0, **recording: Any
) -> AsyncIterator[Recorded]:
    """A kiosk that flashes and beeps, talking to a seat."""
    settings = RecordingSettings(directory=str(directory), **recording)
    sfu = SfuSettings(host="127.0.0.1", workers=workers)
    picture, sound = claps(codec)
    async with (
        running_relay(replace(settings_for_tests(), recording=settings, sfu=sfu)) as running,
        running.http() as http,
        running.client("kiosk-1", Role.KIOSK) as kiosk_line,
        running.client("seat-4", Role.SEAT) as seat_line,
        participant({"microphone": sound, "camera": picture}, codec) as kiosk,
        participant({"microphone": sound}, codec) as seat,
    ):
        await kiosk.join(kiosk_line)
        await seat.join(seat_line)
        call = await connected(kiosk_line, seat_line)
        yield Recorded(running, http, call, directory, kiosk_line, seat_line)


@asynccontextmanager
async def participant(clips: dict[Any, Clip], codec: VideoCodec) -> AsyncIterator[Participant]:
    begin_s = asyncio.get_running_loop().time()
    tracks = {name: ClapTrack(clip, begin_s) for name, clip in clips.items()}
    async with Participant(tracks, ["microphone", "camera"], video_codec=codec) as each:
        yield each


def decoded(film: Path) -> tuple[list[tuple[float, Any]], dict[str, list[tuple[float, Any]]]]:
    """Pictures, and sounds by track name, with their times."""
    sounds: dict[str, list[tuple[float, Any]]] = {}
    with av.open(str(film)) as container:
        pictures = [(float(frame.time), frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    with av.open(str(film)) as container:
        for stream in container.streams.audio:
            name = stream.metadata["title"]
            container.seek(0)
            sounds[name] = [(float(f.time), f.to_ndarray()) for f in container.decode(stream) if f.time is not None]
    return pictures, sounds


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_call_is_recorded_in_sync(tmp_path: Path, codec: VideoCodec) -> None:
    async with call(tmp_path / "recordings", codec) as recorded:
        assert (await recorded.start()).status_code == 200
        assert (await recorded.start()).json()["began_ms"] == (await recorded.view() or {})["began_ms"], "once"
        await until(recorded.kiosk, CallState, recorded=True)
        await until(recorded.seat, CallState, recorded=True)
        await recorded.until(lambda view: view is not None and view["written_bytes"] > 450_000)
        assert await recorded.stop() == 204
        await until(recorded.kiosk, CallState, recorded=False)
        assert await recorded.stop() == 404
        metrics = (await recorded.http.get("/metrics")).text
        assert 'relay_recordings_ended_total{reason="stopped"} 1.0' in metrics
        assert "relay_recording_lost_packets_total 0.0" in metrics

    assert {path.stat().st_mode & 0o777 for path in recorded.directory.iterdir()} == {0o600}
    assert_in_sync(max(recorded.films(), key=lambda path: path.stat().st_size))

    lines = recorded.lines()
    assert (lines[0]["type"], lines[0]["consent"], lines[0]["call"]) == ("began", "asked at the kiosk", recorded.call)
    fed = {(line["participant"], line["role"], line["source"]) for line in lines if line["type"] == "source"}
    assert {("kiosk/kiosk-1", "citizen", "camera"), ("seat/seat-4", "agent", "microphone")} <= fed
    tracks = [track for line in lines if line["type"] == "segment" for track in line["tracks"]]
    assert {track["codec"] for track in tracks} == {"A_OPUS", {"VP8": "V_VP8", "H264": "V_MPEG4/ISO/AVC"}[codec]}
    assert {track["source"] for track in tracks} >= {"kiosk/kiosk-1 camera", "seat/seat-4 microphone"}
    assert (lines[-1]["type"], lines[-1]["reason"]) == ("end", "enough")


def assert_in_sync(film: Path) -> None:
    """Most claps within 40 ms: aiortc stamps its reports when it gets round to it, so a single one may be off on a busy machine.
    That each is, over every kind of gap, is shown in virtual time."""
    pictures, sounds = decoded(film)
    seen, heard = flashes(pictures), beeps(sounds["kiosk/kiosk-1 microphone"])
    pairs = [(seen_s, min(heard, key=lambda heard_s, seen_s=seen_s: abs(heard_s - seen_s))) for seen_s in seen]  # type: ignore[misc]
    offsets_ms = sorted(abs(heard_s - seen_s) * 1000 for seen_s, heard_s in pairs if abs(heard_s - seen_s) < 0.9)
    assert len(offsets_ms) >= 3, (seen, heard)
    assert offsets_ms[len(offsets_ms) // 2] <= 40, (seen, heard)


async def test_a_killed_recorder_leaves_files_that_play_and_another_one_goes_on(tmp_path: Path) -> None:
    async with call(tmp_path / "recordings") as recorded:
        await recorded.start()
        view = await recorded.until(lambda view: view is not None and view["written_bytes"] > 60_000)
        assert view is not None
        os.kill(view["recorder_pid"], signal.SIGKILL)
        second = await recorded.until(
            lambda now: now is not None and now["stem"] != view["stem"] and now["written_bytes"] > 20_000
        )
        assert second is not None
        await recorded.stop()
    for stem in (view["stem"], second["stem"]):
        film = max(recorded.directory.glob(f"{stem}-*.mkv"), key=lambda path: path.stat().st_size)
        pictures, _ = decoded(film)
        assert len(pictures) > 10


async def test_a_recorder_whose_media_worker_is_killed_is_followed_by_another(tmp_path: Path) -> None:
    async with call(tmp_path / "recordings", workers=1) as recorded:
        await recorded.start()
        view = await recorded.until(lambda view: view is not None and view["written_bytes"] > 60_000)
        assert view is not None
        pool = recorded.running.relay._exchange.media
        os.kill(pool.pid_of(0), signal.SIGKILL)  # type: ignore[attr-defined]
        await recorded.until(lambda now: now is not None and now["stem"] != view["stem"])
        metrics = (await recorded.http.get("/metrics")).text
        assert "relay_recorders_replaced_total 1.0" in metrics
        assert (await recorded.http.get(f"/api/calls/{recorded.call}")).json()["state"] == "connected"
        await recorded.stop()
    pictures, _ = decoded(max(recorded.directory.glob(f"{view['stem']}-*.mkv"), key=lambda path: path.stat().st_size))
    assert len(pictures) > 10
    last = json.loads((recorded.directory / f"{view['stem']}.jsonl").read_text().splitlines()[-1])
    assert (last["type"], last["reason"]) == ("end", "media-lost")


async def test_where_all_calls_are_recorded_each_is_from_its_beginning_until_a_portal_ends_it(tmp_path: Path) -> None:
    async with call(tmp_path, record="all", consent="notice at the booth") as recorded:
        await until(recorded.kiosk, CallState, recorded=True)
        await recorded.until(lambda view: view is not None and view["written_bytes"] > 0)
        assert await recorded.stop() == 204
        await until(recorded.kiosk, CallState, recorded=False)
        assert recorded.lines()[0]["consent"] == "notice at the booth"
        await asyncio.sleep(0)
        assert await recorded.view() is None


async def test_a_full_disk_ends_the_recording_and_not_the_call(tmp_path: Path) -> None:
    async with call(tmp_path / "recordings") as recorded:
        await recorded.start()
        view = await recorded.until(lambda view: view is not None and view["written_bytes"] > 20_000)
        assert view is not None
        resource.prlimit(view["recorder_pid"], resource.RLIMIT_FSIZE, (60_000, 60_000))
        await recorded.until(lambda view: view is None)
        assert (await recorded.http.get(f"/api/calls/{recorded.call}")).json()["state"] == "connected"
        assert 'relay_recordings_ended_total{reason="disk"} 1.0' in (await recorded.http.get("/metrics")).text
    pictures, _ = decoded(max(recorded.films(), key=lambda path: path.stat().st_size))
    assert len(pictures) > 10
    assert recorded.lines()[-1]["reason"] == "disk", "the index is small enough to be finished"


async def test_a_stopped_recorder_loses_its_own_packets_and_the_call_goes_on(tmp_path: Path) -> None:
    async with call(tmp_path / "recordings") as recorded:
        await recorded.start()
        view = await recorded.until(lambda view: view is not None and view["written_bytes"] > 20_000)
        assert view is not None
        os.kill(view["recorder_pid"], signal.SIGSTOP)
        await asyncio.sleep(0.5)
        os.kill(view["recorder_pid"], signal.SIGCONT)
        await recorded.until(lambda now: now is not None and now["packets"] > view["packets"] + 100)
        await recorded.stop()


async def test_what_may_not_be_recorded_is_refused(tmp_path: Path) -> None:
    async with call(tmp_path, max_recordings=1) as recorded:
        refused = await recorded.start(consent="")
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:relay:problem:consent-missing")
        assert (await recorded.http.put("/api/calls/c99/recording", json={"reason": "x"})).status_code == 404
        async with recorded.running.http(Role.SUPERVISOR) as supervisor:
            assert (
                await supervisor.put(f"/api/calls/{recorded.call}/recording", json={"reason": "x"})
            ).status_code == 403
    async with running_relay() as running, running.http() as http:
        off = await http.put("/api/calls/c1/recording", json={"reason": "x"})
        assert off.json()["type"] == "urn:relay:problem:recording-off"


async def test_the_recording_ends_with_the_call(tmp_path: Path) -> None:
    async with call(tmp_path) as recorded:
        await recorded.start()
        await recorded.until(lambda view: view is not None and view["written_bytes"] > 0)
        await recorded.http.delete(f"/api/calls/{recorded.call}")
        await recorded.until(lambda view: view is None)
        assert recorded.lines()[-1]["reason"] == "call-over"
