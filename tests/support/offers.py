"""Offers as text: a small one that tests bend, and the parts of a section."""

FINGERPRINT = "sha-256 " + ":".join(["AB"] * 32)

VIDEO_FORMATS = """\
a=rtpmap:96 VP8/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtcp-fb:96 ccm fir
a=rtcp-fb:96 goog-remb
a=rtpmap:97 rtx/90000
a=fmtp:97 apt=96
a=rtpmap:98 H264/90000
a=rtcp-fb:98 nack
a=fmtp:98 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
"""
AUDIO_FORMATS = "a=rtpmap:111 opus/48000/2\na=fmtp:111 minptime=10;useinbandfec=1\n"


def section(mid: str, kind: str = "video", direction: str = "sendonly", extra: str = "") -> str:
    formats = VIDEO_FORMATS if kind == "video" else AUDIO_FORMATS
    numbers = "96 97 98" if kind == "video" else "111"
    return (
        f"m={kind} 9 UDP/TLS/RTP/SAVPF {numbers}\nc=IN IP4 0.0.0.0\na=mid:{mid}\na={direction}\n"
        f"a=rtcp-mux\na=rtcp-rsize\na=setup:actpass\n"
        f"a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\n{formats}{extra}"
    )


def offer(*sections: str, ufrag: str = "abcd", head: str = "") -> str:
    mids = [line.removeprefix("a=mid:") for text in sections for line in text.splitlines() if line.startswith("a=mid:")]
    session = (
        f"v=0\no=- 1 1 IN IP4 127.0.0.1\ns=-\nt=0 0\na=group:BUNDLE {' '.join(mids)}\n"
        f"a=ice-ufrag:{ufrag}\na=ice-pwd:{'p' * 24}\na=fingerprint:{FINGERPRINT}\n{head}"
    )
    return (session + "".join(sections)).replace("\n", "\r\n")
