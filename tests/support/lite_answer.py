"""An SDP answer that a browser accepts, from an ICE-lite peer that never speaks: enough for tests of pages."""

FINGERPRINT = "a=fingerprint:sha-256 " + ":".join(["AB"] * 32)
TRANSPORT = ("a=ice-ufrag:silent", "a=ice-pwd:silentsilentsilentsilent", FINGERPRINT, "a=setup:passive")
KEPT = ("a=mid:", "a=rtpmap:", "a=fmtp:", "a=rtcp-fb:", "a=rtcp-mux", "a=rtcp-rsize", "a=extmap:")
MIRRORED = {
    "a=sendonly": "a=recvonly",
    "a=recvonly": "a=sendonly",
    "a=sendrecv": "a=sendrecv",
    "a=inactive": "a=inactive",
}


def lite_answer(offer: str) -> str:
    """Accept every section of the offer as it is, with nothing behind it."""
    lines = offer.splitlines()
    bundle = next(line for line in lines if line.startswith("a=group:BUNDLE"))
    answer = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=ice-lite", bundle]
    for line in lines:
        if line.startswith("m="):
            answer += [line, "c=IN IP4 127.0.0.1", "a=candidate:1 1 udp 1 127.0.0.1 9 typ host", *TRANSPORT]
        elif line in MIRRORED:
            answer.append(MIRRORED[line])
        elif line.startswith(KEPT):
            answer.append(line)
    return "\r\n".join([*answer, ""])
