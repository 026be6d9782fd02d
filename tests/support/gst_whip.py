"""A WHIP publisher and a WHEP watcher of GStreamer's webrtcbin: for the system's Python, which has the bindings.

    /usr/bin/python3 gst_whip.py publish URL TOKEN vp8 | h264=FILM.ts
    /usr/bin/python3 gst_whip.py watch URL TOKEN vp8 | h264

Debian's openh264enc refuses its own parameters, so H.264 comes from a file.

Prints one JSON object a line: {"state": …} and, for a watcher, {"video": frames, "audio": buffers}. Ends when standard input does.
"""

import json
import sys
import urllib.parse
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402  the versions are chosen first

VIDEO = {
    "vp8": "videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1 ! vp8enc deadline=1 cpu-used=8 keyframe-max-dist=15 ! rtpvp8pay picture-id-mode=15-bit pt=96",
    "h264": "filesrc location={film} ! tsdemux ! queue ! h264parse config-interval=-1 ! identity sync=true ! "
    "rtph264pay pt=96 config-interval=-1 aggregate-mode=zero-latency",
}
CAPS = {
    "vp8": "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000",
    "h264": "application/x-rtp,media=video,encoding-name=H264,payload=96,clock-rate=90000,packetization-mode=(string)1,"
    "profile-level-id=(string)42e01f",
}
OPUS = "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,encoding-params=(string)2"
DECODING = {
    "VP8": "rtpvp8depay ! vp8dec",
    "H264": "rtph264depay ! h264parse ! openh264dec",
    "OPUS": "rtpopusdepay ! opusdec",
}
SOURCES = (
    "webrtcbin name=peer bundle-policy=max-bundle "
    "audiotestsrc is-live=true wave=ticks ! opusenc ! rtpopuspay pt=111 ! {opus} ! peer. "
    "{video} ! {caps} ! peer. "
)


def say(**fields):
    print(json.dumps(fields), flush=True)


class Session:
    """One webrtcbin and its HTTP session."""

    def __init__(self, url, token):
        self.url = url
        self.headers = {"authorization": f"Bearer {token}", "content-type": "application/sdp"}
        self.location = None
        self.counts = {"video": 0, "audio": 0}
        self.loop = GLib.MainLoop()

    def publish(self, media):
        codec, _, film = media.partition("=")
        video = VIDEO[codec].format(film=film)
        self.pipeline = Gst.parse_launch(
            SOURCES.format(opus=OPUS, video=video, caps=CAPS[codec].replace("42e01f", "42c00c"))
        )
        self.peer = self.pipeline.get_by_name("peer")
        for number in range(2):
            self.peer.emit("get-transceiver", number).set_property(
                "direction", GstWebRTC.WebRTCRTPTransceiverDirection.SENDONLY
            )

    def watch(self, codec):
        self.pipeline = Gst.Pipeline.new(None)
        self.peer = Gst.ElementFactory.make("webrtcbin", "peer")
        self.peer.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self.peer)
        receive = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
        for caps in (OPUS, CAPS[codec] + ",rtcp-fb-nack-pli=(boolean)true"):
            self.peer.emit("add-transceiver", receive, Gst.Caps.from_string(caps))
        self.peer.connect("pad-added", self.on_pad)

    def run(self):
        self.peer.connect("on-negotiation-needed", self.on_negotiation_needed)
        self.peer.connect("notify::connection-state", self.on_state)
        self.peer.connect("notify::ice-gathering-state", self.on_gathering)
        GLib.io_add_watch(sys.stdin.fileno(), GLib.IO_HUP | GLib.IO_IN, lambda *_: self.loop.quit())
        GLib.timeout_add(100, self.tell)
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self.on_error)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        if self.location:
            self.request("DELETE", self.location, None)
        self.pipeline.set_state(Gst.State.NULL)

    def on_error(self, _bus, message):
        error, detail = message.parse_error()
        say(error=str(error), detail=detail)
        self.loop.quit()

    def on_negotiation_needed(self, _peer):
        GLib.idle_add(self.offer)

    def offer(self):
        promise = Gst.Promise.new()
        self.peer.emit("create-offer", None, promise)
        promise.wait()
        reply = promise.get_reply()
        self.peer.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())
        return False

    def on_gathering(self, peer, _property):
        if peer.get_property("ice-gathering-state") == GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            GLib.idle_add(self.negotiate)

    def negotiate(self):
        if self.location is None:
            offer = self.peer.get_property("local-description").sdp.as_text()
            body, headers = self.request("POST", self.url, offer)
            self.location = urllib.parse.urljoin(self.url, headers["location"])
            _, message = GstSdp.SDPMessage.new_from_text(body)
            answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
            self.peer.emit("set-remote-description", answer, Gst.Promise.new())
        return False

    def request(self, method, url, body):
        data = None if body is None else body.encode()
        with urllib.request.urlopen(
            urllib.request.Request(url, data, self.headers, method=method), timeout=10
        ) as response:
            return response.read().decode(), response.headers

    def on_state(self, peer, _property):
        say(state=peer.get_property("connection-state").value_nick)

    def on_pad(self, _peer, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        caps = (pad.get_current_caps() or pad.query_caps(None)).get_structure(0)
        kind, decoding = caps.get_string("media"), DECODING[caps.get_string("encoding-name")]
        decoder = Gst.parse_bin_from_description(
            f"queue ! {decoding} ! fakesink name=sink sync=false async=false", True
        )
        decoder.get_by_name("sink").set_property("signal-handoffs", True)
        decoder.get_by_name("sink").connect("handoff", self.on_decoded, kind)
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def on_decoded(self, _sink, _buffer, _pad, kind):
        self.counts[kind] += 1

    def tell(self):
        if any(self.counts.values()):
            say(**self.counts)
        return True


def main():
    role, url, token, media = sys.argv[1:]
    Gst.init(None)
    session = Session(url, token)
    getattr(session, role)(media)
    session.run()


if __name__ == "__main__":
    main()
