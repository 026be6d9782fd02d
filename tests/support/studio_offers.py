"""Offers of programs that cannot run in a test, in the form their makers publish: what they have and what they lack."""

OBS = """\
v=0
o=rtc 3767197920 0 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0 1
a=group:LS 0 1
a=msid-semantic:WMS *
a=setup:actpass
a=ice-ufrag:E2Fr
a=ice-pwd:OpQzg1PAwUdeOB244chlgd
a=ice-options:trickle
a=fingerprint:sha-256 B4:4A:B1:0C:CF:9A:30:1B:0C:1D:1A:84:B5:2C:8C:25:0B:5E:96:93:27:56:2B:A5:49:0B:9A:40:E4:7F:0D:22
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=sendonly
a=ssrc:3953174785 cname:bZ2vxrCqXOMtKnL4
a=ssrc:3953174785 msid:aJ9eKvpT0wWd0nIL aJ9eKvpT0wWd0nIL-audio
a=msid:aJ9eKvpT0wWd0nIL aJ9eKvpT0wWd0nIL-audio
a=rtcp-mux
a=rtpmap:111 opus/48000/2
a=fmtp:111 minptime=10;maxaveragebitrate=96000;stereo=1;sprop-stereo=1;useinbandfec=1
m=video 9 UDP/TLS/RTP/SAVPF 96
c=IN IP4 0.0.0.0
a=mid:1
a=sendonly
a=ssrc:3953174786 cname:bZ2vxrCqXOMtKnL4
a=ssrc:3953174786 msid:aJ9eKvpT0wWd0nIL aJ9eKvpT0wWd0nIL-video
a=msid:aJ9eKvpT0wWd0nIL aJ9eKvpT0wWd0nIL-video
a=rtcp-mux
a=rtpmap:96 H264/90000
a=rtcp-fb:96 nack
a=rtcp-fb:96 nack pli
a=rtcp-fb:96 goog-remb
a=fmtp:96 profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1
""".replace("\n", "\r\n")
"""OBS Studio 30 (libdatachannel): send-only, actpass at the session level, bundled, H.264 and Opus, no candidates."""

LARIX = (
    OBS.replace("a=mid:0", "a=mid:audio")
    .replace("a=mid:1", "a=mid:video")
    .replace("BUNDLE 0 1", "BUNDLE audio video")
    .replace("a=group:LS 0 1\r\n", "")
    .replace("a=sendonly", "a=sendrecv")
    .replace("a=setup:actpass", "a=setup:active")
)
"""The same as a sender that says sendrecv, names its sections, and insists on opening DTLS."""
