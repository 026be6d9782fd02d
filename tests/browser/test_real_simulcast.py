"""Chromium sends three encodings; another connection of it is shown the one that was chosen."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page

from relay.config import SfuSettings
from relay.ids import PeerId
from relay.sfu import EncodingsWanted, PeerOffer, SfuEvent, SlotRef, SourceRef
from relay.sfu.shell.node import Sfu
from tests.support.browser import chromium

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PATIENCE_S = 30.0
KIOSK, SEAT = PeerId("kiosk"), PeerId("seat")

SEND = """async ([codec, encodings]) => {
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [1280, 720];
  const context = canvas.getContext('2d');
  let frame = 0;
  setInterval(() => {
    context.fillStyle = `hsl(${frame++ * 7 % 360} 60% 50%)`;
    context.fillRect(0, 0, 1280, 720);
    context.fillStyle = 'white';
    context.fillRect(frame * 11 % 1280, frame * 5 % 720, 200, 120);
  }, 50);
  const track = canvas.captureStream(20).getVideoTracks()[0];
  const connection = window.sender = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const transceiver = connection.addTransceiver(track, {direction: 'sendonly', sendEncodings: encodings});
  const {codecs} = RTCRtpSender.getCapabilities('video');
  transceiver.setCodecPreferences(codecs.filter(({mimeType}) => new RegExp(`/(${codec}|rtx)$`, 'i').test(mimeType)));
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}"""
THREE_SIZES: list[dict[str, object]] = [
    {"rid": "q", "scaleResolutionDownBy": 4, "maxBitrate": 150_000},
    {"rid": "h", "scaleResolutionDownBy": 2, "maxBitrate": 500_000},
    {"rid": "f", "scaleResolutionDownBy": 1, "maxBitrate": 1_500_000},
]
WATCH = """async () => {
  const connection = window.watcher = new RTCPeerConnection({bundlePolicy: 'max-bundle'});
  const transceiver = connection.addTransceiver('video', {direction: 'recvonly'}), {receiver} = transceiver;
  transceiver.setHeaderExtensionsToNegotiate(transceiver.getHeaderExtensionsToNegotiate().map(each =>
    /dependency-descriptor/.test(each.uri) ? {...each, direction: 'sendrecv'} : each));
  const video = document.createElement('video');
  Object.assign(video, {muted: true, autoplay: true, srcObject: new MediaStream([receiver.track])});
  document.body.append(video);
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}"""
ACCEPT = "([name, sdp]) => window[name].setRemoteDescription({type: 'answer', sdp})"
SHOWN = """async () => {
  for (const each of (await window.watcher.getStats()).values()) {
    if (each.type === 'inbound-rtp') return {
      width: each.frameWidth ?? 0, frames: each.framesDecoded ?? 0, frozen_s: each.totalFreezesDuration ?? 0,
      freezes: each.freezeCount ?? 0, plis: each.pliCount ?? 0, nacks: each.nackCount ?? 0, lost: each.packetsLost ?? 0,
    };
  }
}"""
PAUSE = """async wanted => {
  const [sender] = window.sender.getSenders();
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) encoding.active = wanted.includes(encoding.rid);
  await sender.setParameters(parameters);
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def page() -> AsyncIterator[Page]:
    async with chromium() as browser:
        yield await browser.new_page()


@pytest_asyncio.fixture(loop_scope="session")
async def sfu() -> AsyncIterator[Sfu]:
    running = Sfu(SfuSettings(host="127.0.0.1", port=0))
    await running.start()
    yield running
    await running.close()


async def shown(page: Page) -> dict[str, float]:
    found: dict[str, float] = await page.evaluate(SHOWN) or {"width": 0, "frames": 0}
    return found


async def until_width(page: Page, width: int) -> dict[str, float]:
    try:
        async with asyncio.timeout(PATIENCE_S):
            while (now := await shown(page))["width"] != width:
                await asyncio.sleep(0.1)
    except TimeoutError:
        pytest.fail(f"never {width} wide: {await shown(page)}")
    return now


async def connect(sfu: Sfu, page: Page, codec: str, encodings: list[dict[str, object]]) -> None:
    sender = PeerOffer(await page.evaluate(SEND, [codec, encodings]), {"0": "camera"}, {})
    await page.evaluate(ACCEPT, ["sender", await sfu.answer(KIOSK, sender)])
    watcher = PeerOffer(await page.evaluate(WATCH), {}, {"0": "camera"})
    await page.evaluate(ACCEPT, ["watcher", await sfu.answer(SEAT, watcher)])
    await sfu.route(SlotRef(SEAT, "camera"), SourceRef(KIOSK, "camera"))


async def pace(page: Page, seconds: float = 2.0) -> float:
    """Decoded frames in a second."""
    before = await shown(page)
    await asyncio.sleep(seconds)
    after = await shown(page)
    return (after["frames"] - before["frames"]) / seconds


@pytest.mark.parametrize("codec", ["vp8", "h264"])
async def test_the_watcher_is_shown_the_encoding_that_was_chosen(sfu: Sfu, page: Page, codec: str) -> None:
    wanted: list[SfuEvent] = []
    sfu.subscribe(lambda event: wanted.append(event) if isinstance(event, EncodingsWanted) else None)
    slot = SlotRef(SEAT, "camera")
    await connect(sfu, page, codec, THREE_SIZES)

    best = await until_width(page, 1280)
    for spatial, width in [(0, 320), (2, 1280), (1, 640), (0, 320), (2, 1280)]:
        await sfu.limit_layer(slot, spatial)
        now = await until_width(page, width)
        frames = now["frames"]
        async with asyncio.timeout(PATIENCE_S):
            while (await shown(page))["frames"] < frames + 10:
                await asyncio.sleep(0.05)
    last = await shown(page)
    assert last["frozen_s"] - best["frozen_s"] < 1.0, last
    assert last["lost"] <= 0 or last["nacks"] > 0, last

    await sfu.limit_layer(slot, 0)
    async with asyncio.timeout(PATIENCE_S):
        while not wanted or wanted[-1] != EncodingsWanted(SourceRef(KIOSK, "camera"), ("q",)):
            await asyncio.sleep(0.05)
    await page.evaluate(PAUSE, ["q"])
    await sfu.limit_layer(slot, 2)
    await asyncio.sleep(0)
    await page.evaluate(PAUSE, ["q", "h", "f"])
    await until_width(page, 1280)


@pytest.mark.parametrize(
    ("codec", "mode"), [("vp9", "L3T3"), ("vp9", "L3T3_KEY"), ("av1", "L3T3"), ("av1", "L3T3_KEY")]
)
async def test_spatial_layers_of_one_stream(sfu: Sfu, page: Page, codec: str, mode: str) -> None:
    slot = SlotRef(SEAT, "camera")
    await connect(sfu, page, codec, [{"scalabilityMode": mode, "maxBitrate": 2_000_000}])
    await until_width(page, 1280)
    for spatial, width in [(0, 320), (1, 640), (2, 1280), (0, 320), (2, 1280)]:
        await sfu.limit_layer(slot, spatial)
        await until_width(page, width)
        assert await pace(page, 1.0) > 3


@pytest.mark.parametrize(("codec", "mode"), [("vp9", "L1T3"), ("av1", "L1T3")])
async def test_temporal_layers_of_one_stream(sfu: Sfu, page: Page, codec: str, mode: str) -> None:
    slot = SlotRef(SEAT, "camera")
    await connect(sfu, page, codec, [{"scalabilityMode": mode, "maxBitrate": 1_000_000}])
    await asyncio.sleep(4.0)
    whole = await pace(page)
    await sfu.limit_layer(slot, 3, 0)
    await asyncio.sleep(1.0)
    quarter = await pace(page)
    await sfu.limit_layer(slot, 3, 1)
    await asyncio.sleep(1.0)
    half = await pace(page)
    await sfu.limit_layer(slot, 3, 3)
    await asyncio.sleep(1.0)
    assert 0.1 < quarter / whole < 0.4, (whole, half, quarter)
    assert 0.35 < half / whole < 0.75, (whole, half, quarter)
    assert await pace(page) > 0.75 * whole
    assert (await shown(page))["frozen_s"] < 1.0
