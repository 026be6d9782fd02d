"""Channels by label, as their peer opens and closes them."""

import random
from itertools import count

from relay.sfu.transport.sctp import (
    Association,
    ChannelClosed,
    ChannelMessage,
    ChannelOpened,
    Channels,
    Message,
    SctpLimits,
    StreamsReset,
)
from relay.sfu.transport.sctp.channels import MAX_CHANNELS
from relay.sfu.transport.sctp.outbound import OutboundMessage
from relay.sfu.transport.sctp.outputs import AssociationOutput, ChannelOutput
from relay.sfu.wire import dcep
from relay.sfu.wire.dcep import Open, Protocol


class Browser:
    """A peer that opens channels, joined to `Channels` without a network."""

    def __init__(self) -> None:
        self.association = Association(SctpLimits(), random.Random(1).randbytes)
        self.channels = Channels(SctpLimits(), random.Random(2).randbytes)
        self.told: list[ChannelOutput] = []
        self.heard: list[AssociationOutput] = []
        self._times = count()
        self.take(self.association.connect(0.0))

    def take(self, outputs: list[AssociationOutput] | None) -> None:
        for output in outputs or ():
            if isinstance(output, bytes):
                self.answer(self.channels.handle_packet(output, float(next(self._times))))
            else:
                self.heard.append(output)

    def answer(self, outputs: list[ChannelOutput] | None) -> None:
        for output in outputs or ():
            if isinstance(output, bytes):
                self.take(self.association.handle_packet(output, float(next(self._times))))
            else:
                self.told.append(output)

    def say(self, stream: int, protocol: Protocol, payload: bytes) -> None:
        self.take(self.association.send(OutboundMessage(stream, protocol, payload), float(next(self._times))))

    def open(self, stream: int, opened: Open) -> None:
        self.say(stream, Protocol.DCEP, opened.serialise())

    def send(self, label: str, payload: bytes, *, text: bool = True) -> bool:
        outputs = self.channels.send(label, payload, float(next(self._times)), text=text)
        self.answer(outputs)
        return outputs is not None

    def messages(self) -> list[Message]:
        return [output for output in self.heard if isinstance(output, Message)]


def test_an_opened_channel_is_acknowledged_and_carries_both_ways() -> None:
    browser = Browser()
    browser.open(0, Open("annotation"))
    browser.say(0, Protocol.STRING, "你好".encode())
    browser.say(0, Protocol.BINARY_EMPTY, b"\x00")
    assert browser.told == [
        ChannelOpened("annotation"),
        ChannelMessage("annotation", "你好".encode(), text=True),
        ChannelMessage("annotation", b"", text=False),
    ]
    assert browser.send("annotation", b"", text=True)
    assert browser.send("annotation", b"\x01\x02", text=False)
    assert browser.messages() == [
        Message(0, Protocol.DCEP, dcep.ACK),
        Message(0, Protocol.STRING_EMPTY, b"\x00"),
        Message(0, Protocol.BINARY, b"\x01\x02"),
    ]


def test_there_is_nothing_to_say_without_a_channel() -> None:
    browser = Browser()
    assert not browser.send("pointer", b"x")
    browser.say(4, Protocol.STRING, b"never opened")
    assert browser.told == []


def test_a_closed_channel_is_closed_from_both_sides_and_can_be_opened_anew() -> None:
    browser = Browser()
    browser.open(2, Open("pointer", ordered=False, max_retransmits=0))
    browser.take(browser.association.reset(2, 100.0))
    assert browser.told[-1] == ChannelClosed("pointer")
    assert StreamsReset((2,)) in browser.heard
    assert browser.channels.labels == ()
    browser.open(2, Open("annotation"))
    browser.say(2, Protocol.STRING, b"again")
    assert browser.told[-1] == ChannelMessage("annotation", b"again", text=True)


def test_a_peer_has_so_many_channels_and_no_more() -> None:
    browser = Browser()
    for stream in range(MAX_CHANNELS + 1):
        browser.open(stream, Open(f"channel-{stream}"))
    assert len(browser.channels.labels) == MAX_CHANNELS
    assert StreamsReset((MAX_CHANNELS,)) in browser.heard


def test_what_is_no_open_closes_the_stream() -> None:
    browser = Browser()
    browser.say(6, Protocol.DCEP, b"\x03garbage")
    assert StreamsReset((6,)) in browser.heard
