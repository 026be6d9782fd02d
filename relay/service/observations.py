"""What the service itself counts: things that neither the scheduler's events nor the SFU's statistics can tell."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from relay.metrics.histogram import SETUP_BOUNDS_S, Histogram
from relay.service.call_quality import CallBook
from relay.sfu.session.events import PathChanged, PeerConnected, SfuEvent, SlotStarted


@dataclass(slots=True)
class RecordingCounts:
    """Of recordings."""

    running: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    """By reason."""
    replaced: int = 0
    packets: int = 0
    lost_packets: int = 0
    written_bytes: int = 0


class Observations:
    """Counters and histograms, read by whoever exposes them."""

    def __init__(self) -> None:
        self.first_frame: dict[str, Histogram] = {}
        """Seconds from pick-up to the first decoded frame, as clients measured them, by kind of slot."""
        self.slot_started: dict[str, Histogram] = {}
        """Seconds from routing to the first packet (video: keyframe) sent, by kind of slot."""
        self.peer_setup = Histogram(SETUP_BOUNDS_S)
        """Seconds from SDP offer to connected media."""
        self.calls = CallBook()
        """How every call is for its parties."""
        self.path_changes = 0
        self.connections: Counter[str] = Counter()
        """Signalling connections by how they ended."""
        self.bad_messages = 0
        self.duplicate_requests = 0
        """Call requests that repeated an idempotency key."""
        self.recordings = RecordingCounts()
        self.whip_sessions: Callable[[], Mapping[str, int]] = dict
        """WHIP and WHEP sessions now, by protocol."""
        self.whip_ended: Counter[tuple[str, str]] = Counter()
        """Those that are over, by protocol and reason."""
        self.whip_requests: Counter[tuple[str, str, str]] = Counter()
        """HTTP requests, by protocol, method and status."""
        self.failed_outputs: Counter[str] = Counter()
        """What the switchboard wanted done and could not be, by kind."""

    def note_first_frame(self, slot: str, elapsed_s: float) -> None:
        """A client has decoded the first frame of a slot."""
        self.first_frame.setdefault(slot_kind(slot), Histogram(SETUP_BOUNDS_S)).observe(elapsed_s)

    def note_end(self, how: str) -> None:
        """A signalling connection has ended."""
        self.connections[how] += 1

    def note_media(self, event: SfuEvent) -> None:
        """An event of the SFU."""
        match event:
            case PeerConnected(_, setup_ms):
                self.peer_setup.observe(setup_ms / 1000)
            case SlotStarted(slot, elapsed_ms):
                kind = slot_kind(slot.slot)
                self.slot_started.setdefault(kind, Histogram(SETUP_BOUNDS_S)).observe(elapsed_ms / 1000)
            case PathChanged():
                self.path_changes += 1
            case _:
                pass


def slot_kind(slot: str) -> str:
    """The source a slot is for: `camera-2` is a camera."""
    return slot.partition("-")[0]
