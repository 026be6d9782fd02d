"""The pure parts of the browser client, in the browser, row by row."""

from typing import Any

import msgspec
import pytest

from relay.server.messages import SlotQuality
from tests.browser.conftest import OpenPage
from tests.support.page_server import page_server

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

STREAM = {"type": "inbound-rtp", "id": "i", "mid": "5", "jitter": 0.012, "frameWidth": 640, "frameHeight": 480}
PAIR = {"type": "candidate-pair", "id": "p", "nominated": True, "currentRoundTripTime": 0.048}


async def rows(open_page: OpenPage, script: str, arguments: list[Any]) -> list[Any]:
    async with page_server("kiosk") as server:
        page = await open_page(server, "index.html", token="")
        return await page.evaluate(script, arguments)


async def test_quality_is_what_happened_since_the_last_report(open_page: OpenPage) -> None:
    before = {"timestamp": 1000, "bytesReceived": 0, "packetsReceived": 0, "packetsLost": 0, "framesDecoded": 0}
    after = {
        "timestamp": 3000,
        "bytesReceived": 250_000,
        "packetsReceived": 190,
        "packetsLost": 10,
        "framesDecoded": 50,
        "jitterBufferDelay": 2.0,
        "jitterBufferEmittedCount": 50,
        "freezeCount": 2,
        "totalFreezesDuration": 0.7,
    }
    script = """async (reports) => {
        const { QualityMeter, slotReports } = await import('./client/quality.js');
        const meter = new QualityMeter();
        const read = (report) => meter.read({ report: report.map((each) => [each.id, each]), sources: {}, slots: { 5: 'camera' } });
        return reports.map(read).map((quality) => ({ ...quality, told: slotReports(quality) }));
    }"""
    reports = [[STREAM | before, PAIR], [STREAM | after, PAIR]]
    _, quality = await rows(open_page, script, reports)
    camera = quality["slots"]["camera"]
    assert (camera["bitrate_bps"], camera["frames_per_s"], camera["loss"]) == (1_000_000, 25, 0.05)
    assert (camera["jitter_ms"], camera["width"], camera["height"]) == (12, 640, 480)
    assert (quality["rtt_ms"], quality["loss"], quality["grade"]) == (48, 0.05, "fair")
    (told,) = quality["told"]
    assert msgspec.convert(told, SlotQuality) == SlotQuality(
        slot="camera", jitter_buffer_ms=40, freezes=2, frozen_s=0.7, width=640, height=480
    )


async def test_grades(open_page: OpenPage) -> None:
    cases = [
        ({"loss": None, "rtt_ms": None, "jitter_ms": None}, "none"),
        ({"loss": 0.02, "rtt_ms": 200, "jitter_ms": 40}, "good"),
        ({"loss": 0.021, "rtt_ms": 20, "jitter_ms": 1}, "fair"),
        ({"loss": 0, "rtt_ms": 401, "jitter_ms": 1}, "poor"),
        ({"loss": None, "rtt_ms": 10, "jitter_ms": None}, "good"),
        ({"loss": 0.09, "rtt_ms": 10, "jitter_ms": 1}, "poor"),
        ({"loss": 0, "rtt_ms": 10, "jitter_ms": 60}, "fair"),
    ]
    script = "async (cases) => { const { grade } = await import('./client/quality.js'); return cases.map(grade); }"
    assert await rows(open_page, script, [quality for quality, _ in cases]) == [wanted for _, wanted in cases]


async def test_which_tile_is_enlarged(open_page: OpenPage) -> None:
    cases = [
        ([], None, "camera"),
        (["camera"], None, "camera"),
        (["camera", "document"], None, "document"),
        (["camera", "document", "screen"], None, "screen"),
        (["camera", "document", "screen"], "camera", "camera"),
        (["camera", "document"], "screen", "document"),
    ]
    script = """async (cases) => {
        const { enlarged } = await import('./ui/stage.js');
        return cases.map(([active, picked]) => enlarged(new Set(active), picked));
    }"""
    assert await rows(open_page, script, [case[:2] for case in cases]) == [case[2] for case in cases]


async def test_numbers_for_people(open_page: OpenPage) -> None:
    cases = [
        ("duration", [0], "0:00"),
        ("duration", [185.9], "3:05"),
        ("duration", [3661], "1:01:01"),
        ("duration", [-3], "0:00"),
        ("expectedWait", [None], "正在估算"),
        ("expectedWait", [44], "不到1分钟"),
        ("expectedWait", [89], "约1分钟"),
        ("expectedWait", [121], "约3分钟"),
        ("percent", [None], "–"),
        ("percent", [0.0312, 1], "3.1 %"),
        ("bitrate", [999_499], "999 kbit/s"),
        ("bitrate", [999_500], "1.0 Mbit/s"),
        ("milliseconds", [0.42, 1], "0.4 ms"),
    ]
    script = """async (cases) => {
        const format = await import('./ui/format.js');
        return cases.map(([name, given]) => format[name](...given));
    }"""
    assert await rows(open_page, script, [case[:2] for case in cases]) == [case[2] for case in cases]


async def test_a_track_that_comes_too_late_is_stopped(open_page: OpenPage) -> None:
    """Somebody may permit the camera after having given up the call."""
    script = """async () => {
        const { Capture } = await import('./client/capture.js');
        const capture = new Capture();
        const opening = capture.open(['microphone', 'camera']);
        capture.close();
        await opening;
        return [...capture.tracks.keys()];
    }"""
    assert await rows(open_page, script, []) == []


async def test_opening_twice_at_once_asks_once(open_page: OpenPage) -> None:
    script = """async () => {
        const { Capture } = await import('./client/capture.js');
        const capture = new Capture();
        const begun = [];
        capture.addEventListener('track', ({ detail }) => begun.push(detail.source));
        await Promise.all([capture.open(['camera']), capture.open(['microphone', 'camera'])]);
        capture.close();
        return begun.slice(0, -2).sort();
    }"""
    assert await rows(open_page, script, []) == ["camera", "microphone"]
