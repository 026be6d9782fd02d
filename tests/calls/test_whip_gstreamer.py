"""GStreamer's webrtcbin publishes by WHIP and watches by WHEP, in VP8 and H.264, with Opus."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from relay import Grants, Role, Settings, SfuSettings
from tests.support.clips import sound, video, write_film
from tests.support.running_relay import RunningRelay, running_relay, settings_for_tests
from tests.support.whip_client import http, whip_session

pytestmark = pytest.mark.calls
PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).parent.parent / "support" / "gst_whip.py"
ELEMENTS = (
    "webrtcbin",
    "nicesrc",
    "dtlsdec",
    "srtpdec",
    "vp8enc",
    "tsdemux",
    "openh264dec",
    "opusenc",
    "rtpvp8pay",
)
CHECK = f"""
import gi
gi.require_version("Gst", "1.0"), gi.require_version("GstSdp", "1.0"), gi.require_version("GstWebRTC", "1.0")
from gi.repository import Gst, GstSdp, GstWebRTC
Gst.init(None)
print(*[name for name in {ELEMENTS!r} if Gst.ElementFactory.find(name) is None])
"""


@cache
def missing() -> str:
    """What keeps this machine from running GStreamer's side; empty: nothing."""
    if not Path(PYTHON).exists():
        return PYTHON
    found = subprocess.run([PYTHON, "-c", CHECK], capture_output=True, text=True, check=False)
    return found.stdout.strip() if found.returncode == 0 else "python3-gi or gir1.2-gst-plugins-bad-1.0"


@pytest.fixture(autouse=True)
def _gstreamer() -> None:
    if missing():
        pytest.skip(f"GStreamer lacks {missing()} (Debian: see require_gstreamer in .ci/install)")


class Process:
    """One run of the script."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def until(self, **least: object) -> None:
        """Read until a line has these values, or for numbers at least these; fail when the process ends before."""
        assert self._process.stdout is not None
        told = []
        async with asyncio.timeout(30.0):
            while line := await self._process.stdout.readline():
                told.append(json.loads(line))
                if all(_reaches(told[-1].get(name), value) for name, value in least.items()):
                    return
        raise AssertionError(f"GStreamer ended: {told}")


def _reaches(value: object, wanted: object) -> bool:
    if isinstance(value, int) and isinstance(wanted, int):
        return value >= wanted
    return value == wanted


@asynccontextmanager
async def gstreamer(running: RunningRelay, role: str, path: str, media: str, grants: Grants) -> AsyncIterator[Process]:
    token = running.token(f"gst-{role}", Role.MEDIA, grants=grants)
    process = await asyncio.create_subprocess_exec(
        PYTHON, str(SCRIPT), role, running.url + path, token, media,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Process(process)
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(15.0):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
def media(tmp_path: Path) -> dict[str, str]:
    """What the script is to publish, by codec."""
    film = tmp_path / "film.ts"
    write_film(video("H264"), film, rounds=20)
    return {"vp8": "vp8", "h264": f"h264={film}"}


def settings() -> Settings:
    """On every address of this machine: libnice gathers none of loopback, and so can reach none there."""
    return replace(settings_for_tests(), sfu=SfuSettings())


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_webrtcbin_publishes_and_webrtcbin_watches(codec: str, media: dict[str, str]) -> None:
    publish, watch = Grants(publish=("gst",)), Grants(watch=("streams/gst",))
    async with (
        running_relay(settings()) as running,
        gstreamer(running, "publish", "/whip/gst", media[codec], publish) as publisher,
    ):
        await publisher.until(state="connected")
        async with gstreamer(running, "watch", "/whep/streams/gst", codec, watch) as watcher:
            await watcher.until(video=15, audio=30)


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_webrtcbin_publishes_and_aiortc_watches(codec: str, media: dict[str, str]) -> None:
    async with running_relay(settings()) as running, http(running, watch="streams/gst") as client:
        grants = Grants(publish=("gst",))
        async with gstreamer(running, "publish", "/whip/gst", media[codec], grants) as publisher:
            await publisher.until(state="connected")
            async with whip_session(client, "/whep/streams/gst", slots=["microphone", "camera"]) as watcher:
                received = watcher.participant.received
                async with asyncio.timeout(20.0):
                    while min(reception.frames for reception in received.values()) < 10:
                        await asyncio.sleep(0.02)
                assert received["camera"].width == {"vp8": 320, "h264": 192}[codec]


async def test_aiortc_publishes_and_webrtcbin_watches() -> None:
    sources = {"microphone": sound(), "camera": video()}
    grants = Grants(watch=("streams/gst",))
    async with (
        running_relay(settings()) as running,
        http(running, publish="gst") as client,
        whip_session(client, "/whip/gst", sources=sources),
        gstreamer(running, "watch", "/whep/streams/gst", "vp8", grants) as watcher,
    ):
        await watcher.until(video=10, audio=30)
