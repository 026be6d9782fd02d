import msgspec
import pytest

from relay.config import SfuSettings
from relay.errors import InvariantError, LimitReached, Malformed, RelayError
from relay.ids import PeerId
from relay.sfu import (
    PathChanged,
    PeerClosed,
    PeerConnected,
    PeerOffer,
    SfuEvent,
    SlotRef,
    SlotStarted,
    SourceRef,
    SourceStarted,
)
from relay.sfu.pool import messages
from relay.sfu.ports import CodecFamily, Payload
from relay.sfu.session.pipes import OpenPipe, PipedEncoding, PipedStream, TakeSource, WantEncodings

PEER = PeerId("kiosk/a/1")
CAMERA = SourceRef(PEER, "camera")
SLOT = SlotRef(PEER, "camera")
PAYLOADS = (Payload(5, CodecFamily.VP8, 96, 97, 90_000),)
STREAM = PipedStream(1, PAYLOADS, (PipedEncoding("q", 7, 9), PipedEncoding("h", 8, 10)))


@pytest.mark.parametrize(
    "message",
    [
        messages.Configure(messages.VERSION, 3, SfuSettings(port=5000, advertised_hosts=("192.0.2.1",)), 20),
        messages.Answer(1, PEER, PeerOffer("v=0", {"0": "camera"}, {"1": "camera"})),
        messages.Route(2, SLOT, CAMERA),
        messages.Route(2, SLOT, None),
        messages.Pipe(3, TakeSource("pipe/0-1/1", CAMERA, STREAM)),
        messages.Pipe(3, WantEncodings("pipe/0-1/1", CAMERA, 2)),
        messages.Stop(4),
    ],
)
def test_what_a_node_says_survives_the_channel(message: messages.ToWorker) -> None:
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(message), type=messages.ToWorker) == message


@pytest.mark.parametrize(
    "event",
    [
        PeerConnected(PEER, 12.5),
        PathChanged(PEER, ("192.0.2.1", 5000)),
        PeerClosed(PEER, "timeout"),
        SourceStarted(CAMERA),
        SlotStarted(SLOT, 80.0),
    ],
)
def test_events_survive_the_channel(event: SfuEvent) -> None:
    sent = msgspec.msgpack.encode(messages.happened(event))
    heard = msgspec.msgpack.decode(sent, type=messages.ToNode)
    assert isinstance(heard, messages.Happened)
    assert messages.event_of(heard) == event


def test_an_event_that_nobody_knows_is_malformed() -> None:
    with pytest.raises(Malformed):
        messages.event_of(messages.Happened("Unheard", msgspec.Raw(b"\x90")))


@pytest.mark.parametrize("error", [Malformed("no ice-ufrag", 7), LimitReached("4096 peers")])
def test_a_refusal_is_the_same_at_both_ends(error: RelayError) -> None:
    again = messages.error_of(messages.refused(1, error))
    assert (type(again), str(again)) == (type(error), str(error))


def test_an_unexpected_error_of_a_worker_is_a_bug() -> None:
    assert isinstance(messages.error_of(messages.refused(1, ZeroDivisionError("x"))), InvariantError)


def test_keys_are_not_shown() -> None:
    assert "secret" not in repr(messages.Pipe(1, OpenPipe("p", ("127.0.0.1", 1), 7, b"secret", b"secret")))
