"""What the terminal shows of a call: who sends and receives what, how well, and what the relay adds to it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from relay.metrics.histogram import Histogram
from relay.server.messages import CallState
from relay.sfu import PeerStats, SfuStats, StreamStats


@dataclass(frozen=True, slots=True)
class Queue:
    """Where the scheduler stands."""

    waiting: int
    in_call: int
    seats_ready: int


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is shown at one moment."""

    elapsed_s: float
    headline: str
    """The state of the call, for people."""
    peers: tuple[tuple[str, PeerStats], ...]
    """Name for people, and statistics, of each participant with media."""
    worker: SfuStats
    queue: Queue


@dataclass(slots=True)
class RateMeter:
    """Bits per second of every stream between two looks."""

    _bytes: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _looked_s: float = 0.0

    def measure(self, scene: Scene) -> dict[tuple[str, str, str], float]:
        """By (participant, direction, stream), since the scene before."""
        elapsed_s = max(scene.elapsed_s - self._looked_s, 1e-3)
        now = {
            (name, stream.direction, stream.name): stream.bytes for name, peer in scene.peers for stream in peer.streams
        }
        rates = {key: max(0, total - self._bytes.get(key, 0)) * 8 / elapsed_s for key, total in now.items()}
        self._bytes, self._looked_s = now, scene.elapsed_s
        return rates


def render(scene: Scene, rates: dict[tuple[str, str, str], float]) -> RenderableType:
    """The scene as a panel for a terminal of 80 columns or more."""
    title = Text.assemble((f" {scene.elapsed_s:5.1f} s  ", "dim"), (scene.headline, "bold"))
    return Panel(Group(_streams(scene, rates), _foot(scene)), title=title, title_align="left", border_style="cyan")


def in_words(call: CallState) -> str:
    """Where a kiosk's call is, as one line."""
    expected = f", about {call.expected_wait_s:.0f} s" if call.expected_wait_s else ""
    details = {
        "queued": f"waits, number {call.position or 1} in line{expected}",
        "offered": "a seat is being asked",
        "connected": f"talks to {call.party or 'a seat'}",
        "held": "is on hold",
        "ended": f"the call ended ({call.reason or 'hangup'})",
    }
    return f"kiosk: {details[call.state]}"


def _streams(scene: Scene, rates: dict[tuple[str, str, str], float]) -> Table:
    table = Table(box=None, padding=(0, 1), header_style="dim")
    table.add_column("stream", min_width=22)
    for heading in ("kbit/s", "packets", "loss", "jitter", "NACK", "PLI", "RTX"):
        table.add_column(heading, justify="right")
    for name, peer in scene.peers:
        for stream in sorted(peer.streams, key=lambda each: (each.direction != "up", each.name)):
            table.add_row(*_row(name, stream, rates.get((name, stream.direction, stream.name), 0.0)))
    return table


def _row(name: str, stream: StreamStats, rate_bps: float) -> Iterable[str | Text]:
    arrow = "▲" if stream.direction == "up" else "▼"
    idle = not stream.packets
    return (
        Text(f"{name} {arrow} {stream.name}", style="dim" if idle else ""),
        f"{rate_bps / 1000:.0f}",
        str(stream.packets),
        Text(f"{stream.loss_fraction:.1%}", style="red" if stream.loss_fraction > 0.02 else ""),
        f"{stream.jitter_ms:.1f} ms",
        str(stream.nacks),
        str(stream.plis),
        str(stream.retransmitted),
    )


def _foot(scene: Scene) -> Text:
    worker = scene.worker
    residence = Histogram(worker.residence_bounds_s, worker.residence_counts)
    median, tail = (_bound(residence.quantile(share)) for share in (0.5, 0.99))
    round_trips = "  ".join(f"{name} {_milliseconds(peer.rtt_ms)}" for name, peer in scene.peers)
    queue = scene.queue
    return Text.assemble(
        ("\nRTT ", "dim"),
        round_trips or "–",
        ("   in the relay p50/p99 ", "dim"),
        f"{median} / {tail}",
        ("\nqueue ", "dim"),
        f"{queue.waiting} waiting, {queue.in_call} in call, {queue.seats_ready} seats ready",
    )


def _bound(value_s: float | None) -> str:
    return "–" if value_s is None else f"≤ {_milliseconds(value_s * 1000)}"


def _milliseconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} ms" if value < 10 else f"{value:.0f} ms"
