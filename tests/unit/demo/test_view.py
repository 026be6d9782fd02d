"""What the terminal shows."""

import io
from dataclasses import replace

from rich.console import Console

from relay.demo.view import Queue, RateMeter, Scene, render
from relay.ids import PeerId
from relay.sfu import PeerStats, SfuStats, StreamStats

CAMERA = StreamStats(
    name="camera",
    direction="up",
    kind="video",
    packets=900,
    bytes=100_000,
    lost=3,
    loss_fraction=0.125,
    jitter_ms=4.25,
    nacks=7,
    plis=2,
    retransmitted=5,
)
WORKER = SfuStats(
    peers=1,
    sources=1,
    slots=0,
    counters={},
    residence_bounds_s=(0.0001, 0.001, 0.01),
    residence_counts=(90, 8, 2, 0),
)


def scene(elapsed_s: float, total_bytes: int) -> Scene:
    peer = PeerStats(PeerId("k"), "connected", 3.2, None, (replace(CAMERA, bytes=total_bytes),))
    return Scene(elapsed_s, "connected", (("kiosk", peer),), WORKER, Queue(2, 1, 0))


def shown(moment: Scene, rates: dict[tuple[str, str, str], float]) -> str:
    console = Console(file=io.StringIO(), width=100, record=True)
    console.print(render(moment, rates))
    return console.export_text()


def test_rates_are_of_the_time_between_two_looks() -> None:
    meter = RateMeter()
    meter.measure(scene(10.0, 100_000))
    assert meter.measure(scene(12.0, 300_000)) == {("kiosk", "up", "camera"): 800_000.0}


def test_a_stream_that_starts_again_has_no_negative_rate() -> None:
    meter = RateMeter()
    meter.measure(scene(10.0, 100_000))
    assert meter.measure(scene(12.0, 0)) == {("kiosk", "up", "camera"): 0.0}


def test_a_scene_shows_streams_round_trip_residence_and_queue() -> None:
    moment = scene(12.0, 300_000)
    text = shown(moment, {("kiosk", "up", "camera"): 800_000.0})
    row = next(line for line in text.splitlines() if "camera" in line)
    assert row.strip("│ ").split() == ["kiosk", "▲", "camera", "800", "900", "12.5%", "4.2", "ms", "7", "2", "5"]
    assert "kiosk 3.20 ms" in text
    assert "≤ 0.10 ms / ≤ 10 ms" in text
    assert "2 waiting, 1 in call, 0 seats ready" in text


def test_an_empty_house_is_shown_too() -> None:
    empty = Scene(0.0, "starting", (), replace(WORKER, residence_counts=(0, 0, 0, 0)), Queue(0, 0, 0))
    assert "– / –" in shown(empty, {})
