"""A web page without a line of ours: fetch and RTCPeerConnection publish by WHIP and watch by WHEP in Chromium."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, Page

from relay import Grants, Role
from tests.support.browser import until
from tests.support.clips import sound, video
from tests.support.running_relay import running_relay
from tests.support.whip_client import http, whip_session

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CLIENT = """
async function begin(connection, url, token) {
  await connection.setLocalDescription(await connection.createOffer());
  const headers = {authorization: `Bearer ${token}`, 'content-type': 'application/sdp'};
  const created = await fetch(url, {method: 'POST', headers, body: connection.localDescription.sdp});
  if (created.status !== 201) throw new Error(await created.text());
  const session = new URL(created.headers.get('location'), url).href;
  await connection.setRemoteDescription({type: 'answer', sdp: await created.text()});
  return {session, etag: created.headers.get('etag')};
}
async function publish(url, token) {
  const media = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 320, height: 240}});
  window.connection = new RTCPeerConnection();
  for (const track of media.getTracks()) connection.addTransceiver(track, {direction: 'sendonly', streams: [media]});
  window.session = await begin(connection, url, token);
}
async function watch(url, token) {
  window.connection = new RTCPeerConnection();
  window.stream = new MediaStream();
  connection.addTransceiver('audio', {direction: 'recvonly'});
  connection.addTransceiver('video', {direction: 'recvonly'});
  connection.ontrack = ({track}) => stream.addTrack(track);
  window.session = await begin(connection, url, token);
  window.picture = Object.assign(document.createElement('video'), {muted: true, srcObject: stream});
  await picture.play();
}
async function restart(token) {
  const offer = await connection.createOffer({iceRestart: true});
  await connection.setLocalDescription(offer);
  const line = (name) => offer.sdp.match(new RegExp(`a=${name}:.*`))[0];
  const body = [line('ice-ufrag'), line('ice-pwd'), 'm=audio 9 UDP/TLS/RTP/SAVPF 0', line('mid'), ''].join('\\r\\n');
  const headers = {authorization: `Bearer ${token}`, 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*'};
  const answered = await fetch(session.session, {method: 'PATCH', headers, body});
  if (answered.status !== 200) throw new Error(await answered.text());
  const fragment = await answered.text();
  const fresh = (name) => fragment.match(new RegExp(`a=${name}:.*`))[0];
  let sdp = connection.currentRemoteDescription.sdp;
  for (const name of ['ice-ufrag', 'ice-pwd']) sdp = sdp.replace(new RegExp(`a=${name}:.*`, 'g'), fresh(name));
  await connection.setRemoteDescription({type: 'answer', sdp});
  return answered.headers.get('etag') !== session.etag;
}
"""
PAGE = f"<!doctype html><title>studio</title><script>{CLIENT}</script>"


@asynccontextmanager
async def studio(browser: Browser, pages: int) -> AsyncIterator[list[Page]]:
    """Pages of another origin than the relay's, as a studio's would be."""
    context = await browser.new_context(permissions=["camera", "microphone", "local-network-access"])
    await context.route("http://localhost:8123/**", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    opened = [await context.new_page() for _ in range(pages)]
    for page in opened:
        await page.goto("http://localhost:8123/")
    yield opened
    await context.close()


async def test_a_page_publishes_another_watches_and_the_first_restarts_ice(browser: Browser) -> None:
    async with running_relay() as running, studio(browser, 2) as (publisher, watcher):
        token = running.token("studio", Role.MEDIA, grants=Grants(publish=("studio",), watch=("streams/studio",)))
        await publisher.evaluate("([url, token]) => publish(url, token)", [f"{running.url}/whip/studio", token])
        await until(publisher, "connection.connectionState === 'connected'", 20.0)
        await watcher.evaluate("([url, token]) => watch(url, token)", [f"{running.url}/whep/streams/studio", token])
        await until(watcher, "picture.videoWidth === 320 && stream.getTracks().length === 2", 20.0)

        assert await publisher.evaluate("token => restart(token)", token), "another ICE session has another tag"
        sent = await watcher.evaluate("picture.getVideoPlaybackQuality().totalVideoFrames")
        frames = "picture.getVideoPlaybackQuality().totalVideoFrames"
        await until(watcher, f"{frames} > {sent + 5}", 20.0)
        remove = "token => fetch(session.session, {method: 'DELETE', headers: {authorization: `Bearer ${token}`}}).then(r => r.status)"
        assert await publisher.evaluate(remove, token) == 200
        assert await publisher.evaluate(remove, token) == 404


async def test_chromium_publishes_to_aiortc_and_watches_aiortc(browser: Browser) -> None:
    sources = {"microphone": sound(), "camera": video("H264")}
    async with (
        running_relay() as running,
        http(running, publish="bots", watch="streams/studio") as client,
        studio(browser, 1) as (page,),
    ):
        token = running.token("studio", Role.MEDIA, grants=Grants(publish=("studio",), watch=("streams/bots",)))
        async with whip_session(client, "/whip/bots", sources=sources, video_codec="H264"):
            await page.evaluate("([url, token]) => watch(url, token)", [f"{running.url}/whep/streams/bots", token])
            await until(page, "picture.videoWidth === 192", 20.0)
        await page.evaluate("([url, token]) => publish(url, token)", [f"{running.url}/whip/studio", token])
        async with whip_session(client, "/whep/streams/studio", slots=["microphone", "camera"]) as watcher:
            async with asyncio.timeout(20.0):
                while min(each.frames for each in watcher.participant.received.values()) < 5:
                    await asyncio.sleep(0.02)
