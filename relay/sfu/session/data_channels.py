"""Data channels between peers: what one says in a channel is said in the channel of that name of whoever its `data` is routed to.

A route is as for media: slot `data` ← source `data` of the first other party, `data-2` of the second, and so on. A message
in the channel `pointer` comes out of `pointer` of a peer that hears its sender as the first party, of `pointer-2` where it is
the second; so the receiver knows who speaks, and no sender can pass for another. How it is sent, ordered or not and how often
again, is what the receiver chose when it opened its channel.

Bounds: what a peer says is limited in rate before it is acknowledged, so a reliable channel slows down; what a receiver does not
take in time is dropped for it alone, and counted.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from relay.sfu.negotiation.agreement import DATA
from relay.sfu.negotiation.answer import MAX_MESSAGE_BYTES
from relay.sfu.session.deadlines import Deadlines
from relay.sfu.session.events import MessageElsewhere, SfuEvent, SlotRef, SourceRef
from relay.sfu.session.peer import Peer
from relay.sfu.session.routes import RouteTable
from relay.sfu.session.transports import TransportEvent, Transports
from relay.sfu.transport.sctp import ChannelMessage, Channels, Ended, SctpLimits
from relay.sfu.transport.sctp.outputs import ChannelOutput

_LIMITS: Final = SctpLimits(message_bytes=MAX_MESSAGE_BYTES)
_MESSAGE_COST_BYTES: Final = 500
_BURST_S: Final = 2.0
_OF_ANOTHER_PARTY: Final = re.compile(r"-[2-9]$|-[1-9][0-9]+$")
_PLACE: Final = re.compile(rf"{DATA}(-[0-9]+)?")


def is_data(name: str) -> bool:
    """Whether a slot of this name is data channels."""
    return _PLACE.fullmatch(name) is not None


class Deliver(msgspec.Struct, frozen=True, tag=True):
    """A message that was said at another worker, for a peer of this one. It has no reply, and may be lost."""

    slot: SlotRef
    label: str
    payload: bytes
    text: bool


@dataclass(slots=True, eq=False)
class _Speaker:
    """One peer with data channels."""

    peer: Peer
    channels: Channels
    credit_bytes: float
    credited_at: float


class DataChannels:
    """given: transports, entropy, rate. owned: the channels of peers that use any, routes, timers, counts."""

    def __init__(self, transports: Transports, entropy: Callable[[int], bytes], max_bps: int) -> None:
        self._transports = transports
        self._entropy = entropy
        self._bytes_per_s = max_bps / 8
        self._speakers: dict[str, _Speaker] = {}
        self._routes = RouteTable()
        self._deadlines: Deadlines[Peer] = Deadlines()
        self.counts: Counter[str] = Counter()
        """Messages and bytes in and out, and drops by reason; the names are those of `SfuStats.counters`."""

    def route(self, slot: SlotRef, source: SourceRef | None) -> None:
        """Let the slot hear the source, or nobody."""
        self._routes.route(slot, source)

    def remove(self, peer: Peer) -> None:
        """The peer is gone."""
        self._routes.remove_peer(peer.id)
        self._speakers.pop(peer.id, None)
        self._deadlines.forget(peer)

    def handle_packet(self, peer: Peer, data: bytes, now: float) -> list[TransportEvent]:
        """An SCTP packet of a peer."""
        speaker = self._speaker(peer, now)
        if speaker is None:
            return []
        if not self._admit(speaker, len(data), now):
            self.counts["data_drop_rate"] += 1
            return []
        return self._carry_out(speaker, speaker.channels.handle_packet(data, now), now)

    def deliver(self, message: Deliver, now: float) -> list[TransportEvent]:
        """Say something in a channel of a peer of ours."""
        speaker = self._speakers.get(message.slot.peer)
        outputs = None
        if speaker is not None:
            label = message.label + message.slot.slot.removeprefix(DATA)
            outputs = speaker.channels.send(label, message.payload, now, text=message.text)
        if speaker is None or outputs is None:
            self.counts["data_drop_receiver"] += 1
            return []
        self.counts["data_messages_out"] += 1
        self.counts["data_bytes_out"] += len(message.payload)
        return self._carry_out(speaker, outputs, now)

    def handle_timeout(self, now: float) -> list[TransportEvent]:
        """Let every association whose time has come act."""
        events: list[TransportEvent] = []
        for peer in self._deadlines.due(now):
            speaker = self._speakers.get(peer.id)
            if speaker is not None and speaker.peer is peer:
                events += self._carry_out(speaker, speaker.channels.handle_timeout(now), now)
        return events

    def deadline(self) -> float | None:
        """When to call `handle_timeout`."""
        return self._deadlines.next()

    def _speaker(self, peer: Peer, now: float) -> _Speaker | None:
        """Made at the first packet: many peers have data channels agreed on and never use them."""
        port = peer.agreement.sctp_port
        if not port:
            self.counts["data_drop_not_agreed"] += 1
            return None
        speaker = self._speakers.get(peer.id)
        if speaker is None or speaker.peer is not peer:
            channels = Channels(_LIMITS, self._entropy, port)
            speaker = self._speakers[peer.id] = _Speaker(peer, channels, self._bytes_per_s * _BURST_S, now)
        return speaker

    def _admit(self, speaker: _Speaker, size_bytes: int, now: float) -> bool:
        earned = (now - speaker.credited_at) * self._bytes_per_s
        speaker.credit_bytes = min(self._bytes_per_s * _BURST_S, speaker.credit_bytes + earned)
        speaker.credited_at = now
        if speaker.credit_bytes < size_bytes:
            return False
        speaker.credit_bytes -= size_bytes
        return True

    def _carry_out(self, speaker: _Speaker, outputs: Iterable[ChannelOutput], now: float) -> list[TransportEvent]:
        events: list[TransportEvent] = []
        for output in outputs:
            match output:
                case bytes():
                    events += self._transports.send_application(speaker.peer, output, now)
                case ChannelMessage():
                    speaker.credit_bytes -= _MESSAGE_COST_BYTES
                    events += self._relay(speaker.peer, output, now)
                case Ended(reason):
                    self.counts[f"data_ended_{reason}"] += 1
        self._deadlines.schedule(speaker.peer, speaker.channels.deadline())
        return events

    def _relay(self, sender: Peer, message: ChannelMessage, now: float) -> list[TransportEvent]:
        self.counts["data_messages_in"] += 1
        self.counts["data_bytes_in"] += len(message.payload)
        if _OF_ANOTHER_PARTY.search(message.label):
            self.counts["data_drop_label"] += 1
            return []
        slots = self._routes.slots_of(SourceRef(sender.id, DATA))
        if not slots:
            self.counts["data_drop_no_listener"] += 1
        events: list[TransportEvent] = []
        for slot in slots:
            events += self._to(slot, sender, message, now)
        return events

    def _to(self, slot: SlotRef, sender: Peer, message: ChannelMessage, now: float) -> list[TransportEvent]:
        if slot.peer in self._speakers:
            return self.deliver(Deliver(slot, message.label, message.payload, message.text), now)
        elsewhere: SfuEvent = MessageElsewhere(sender.id, slot, message.label, message.payload, message.text)
        return [elsewhere]
