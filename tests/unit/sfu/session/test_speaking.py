"""Who speaks, told to those who hear several."""

from relay.ids import PeerId
from relay.sfu import SlotRef, SourceRef, SpeakerChanged
from relay.sfu.negotiation.offer import understand
from relay.sfu.session.peer import Peer
from relay.sfu.session.speaking import Speaking
from relay.sfu.session.streams import Streams
from tests.support.memory_forwarder import MemoryForwarder
from tests.support.offers import offer, section

KIOSK, SEAT, COLLEAGUE = PeerId("kiosk"), PeerId("seat"), PeerId("colleague")
SPEECH = 100


class Conference:
    """Three who hear each other; `say` is a fifth of a second of packets."""

    def __init__(self) -> None:
        self.forwarder = MemoryForwarder()
        numbers = iter(range(1000, 2000))
        self.streams = Streams(self.forwarder, lambda: next(numbers))
        self.peers = {name: self.join(name) for name in (KIOSK, SEAT, COLLEAGUE)}
        self.speaking = Speaking(self.forwarder, self.streams, self.peers)
        self.now = 0.0

    def join(self, name: PeerId) -> Peer:
        text = offer(*(section(mid, "audio", "sendonly" if mid == "0" else "recvonly") for mid in "012"))
        slots = {"1": "microphone", "2": "microphone-2"}
        agreement = understand(text, {"0": "microphone"}, slots, frozenset({"opus"}), max_bytes=65_536, max_sections=32)
        peer = Peer(name, self.forwarder.add_peer(), None, agreement, None, 1, 0.0)  # type: ignore[arg-type]
        self.streams.apply(peer, 0)
        return peer

    def hear(self, listener: PeerId, *speakers: PeerId | None) -> None:
        for slot, speaker in zip(("microphone", "microphone-2"), speakers, strict=True):
            source = None if speaker is None else SourceRef(speaker, "microphone")
            self.streams.route(SlotRef(listener, slot), source, 0)
            self.speaking.routed(listener)

    def say(self, *speakers: PeerId, looks: int = 6) -> list[SpeakerChanged]:
        told: list[SpeakerChanged] = []
        for _ in range(looks):
            for name, peer in self.peers.items():
                track = peer.sources["microphone"].handle
                levels, total = self.forwarder.loud.get(track, (0, 0))
                self.forwarder.loud[track] = (levels + 10, total + 10 * (SPEECH if name in speakers else 20))
            told += self.speaking.handle_tick(self.now)
            self.now += 0.2
        return told


def test_a_listener_of_two_is_told_who_speaks_by_its_own_slots() -> None:
    conference = Conference()
    conference.hear(SEAT, KIOSK, COLLEAGUE)
    assert conference.say(KIOSK) == [SpeakerChanged(SlotRef(SEAT, "microphone"))]
    assert conference.say(COLLEAGUE) == [SpeakerChanged(SlotRef(SEAT, "microphone-2"))]
    assert conference.say(COLLEAGUE) == []


def test_who_hears_one_is_told_nothing_and_not_looked_at_any_more() -> None:
    conference = Conference()
    conference.hear(SEAT, KIOSK, None)
    assert conference.say(KIOSK) == []
    conference.hear(SEAT, KIOSK, COLLEAGUE)
    assert conference.say(KIOSK) == [SpeakerChanged(SlotRef(SEAT, "microphone"))]


def test_looks_are_as_far_apart_as_they_must_be() -> None:
    conference = Conference()
    conference.hear(SEAT, KIOSK, COLLEAGUE)
    conference.say(KIOSK, looks=1)
    conference.now = 0.1
    assert conference.say(KIOSK, looks=1) == []


def test_a_peer_that_is_gone_is_forgotten() -> None:
    conference = Conference()
    conference.hear(SEAT, KIOSK, COLLEAGUE)
    conference.streams.remove_peer(conference.peers.pop(SEAT))
    assert conference.say(KIOSK) == []
