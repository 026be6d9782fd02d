"""Counters and the residence-time histogram of one worker: plain C arrays, read by name.

Every reason and every total has its meaning in one table here; metrics, documentation and tests iterate over the
tables.
"""

from libc.stdint cimport int64_t

DROPS = {
    Drop.FOREIGN_PROTOCOL: "first byte of no protocol known here (RFC 7983)",
    Drop.CUT: "longer than a receive cell, as a datagram or a frame",
    Drop.UNKNOWN_ADDRESS: "SRTP or SRTCP from an address of no peer",
    Drop.NO_KEYS: "SRTP or SRTCP before the DTLS handshake ended",
    Drop.MALFORMED_RTP: "RTP header, extension or padding overruns the packet",
    Drop.MALFORMED_RTCP: "RTCP packet overruns the compound, or has the wrong shape",
    Drop.AUTH_FAILED: "SRTP authentication tag is wrong",
    Drop.REPLAYED: "SRTP index seen before, or older than the replay window",
    Drop.SRTP_FAILED: "libsrtp refused the packet for another reason",
    Drop.OVER_RATE: "more than a peer may send",
    Drop.UNKNOWN_SSRC: "SSRC of no track, not to be learned from MID or payload type",
    Drop.UNKNOWN_PAYLOAD_TYPE: "payload type that the track did not negotiate",
    Drop.EMPTY_RTX: "retransmission without original packet: a probe for bandwidth",
    Drop.DUPLICATE: "sequence number of the track that came before",
    Drop.TOO_LATE: "sequence number older than what is remembered",
    Drop.TRAY_FULL: "no room for the control side's datagrams",
    Drop.AWAITING_KEYFRAME: "the slot waits for the first keyframe of its source",
    Drop.BEFORE_SWITCH: "older than the packet at which the slot switched to its source",
    Drop.PADDING_ONLY: "no payload: not forwarded, the gap is closed",
    Drop.LAYER_NOT_WANTED: "of a layer above what the slot forwards, the gap is closed",
    Drop.CODEC_MISMATCH: "the slot's receiver did not negotiate this codec",
    Drop.TOO_LARGE: "would not fit a datagram",
    Drop.NO_PATH: "the receiver has no path or no keys yet",
    Drop.PROTECT_FAILED: "libsrtp refused to protect it",
    Drop.SEND_QUEUE_FULL: "the socket takes no more, and neither does the queue before it",
    Drop.PACED_OUT: "waited longer than the receiver's downlink allows",
    Drop.SEND_REFUSED: "the kernel refused to send to this address",
    Drop.CONNECTION_FULL: "the receiver reads its TCP connection slower than it is sent to",
}

TOTALS = {
    Total.PACKETS_IN: "datagrams received",
    Total.BYTES_IN: "bytes received, without UDP headers",
    Total.PACKETS_OUT: "datagrams sent",
    Total.BYTES_OUT: "bytes sent, without UDP headers",
    Total.RECEIVE_CALLS: "system calls that received datagrams",
    Total.SEND_CALLS: "system calls that sent datagrams",
    Total.MESSAGES_OUT: "messages given to the kernel: several datagrams each where it segments",
    Total.SEND_BLOCKED: "times the socket took no more",
    Total.SEGMENTATION_REFUSED: "times the kernel refused to segment (then it is not asked again)",
    Total.STUN_IN: "STUN messages received",
    Total.DTLS_IN: "DTLS records received",
    Total.RTP_IN: "RTP packets accepted, retransmissions included",
    Total.RTCP_IN: "RTCP compound packets accepted",
    Total.RTX_IN: "missing packets that came by retransmission (RFC 4588)",
    Total.NACKS_OUT: "packets asked for again",
    Total.NACKS_IN: "packets that receivers asked for again",
    Total.RETRANSMITTED: "packets sent again",
    Total.NACKS_THROTTLED: "packets asked for again too soon or too often",
    Total.NACKS_UNANSWERABLE: "packets asked for again that are no longer kept",
    Total.PLIS_IN: "picture loss indications received",
    Total.FIRS_IN: "full intra requests received",
    Total.FEEDBACKS_OUT: "transport-wide feedback packets sent",
    Total.PARITY_OUT: "parity packets sent (FlexFEC)",
    Total.FEEDBACKS_IN: "transport-wide feedback messages received",
    Total.FEEDBACKS_UNASKED: "of them: from peers to which no numbers are sent",
    Total.FEEDBACKS_TOO_MANY: "of them: more than are read of one peer between two ticks",
    Total.REMBS_IN: "estimates of receivers (REMB) received",
    Total.PADDING_OUT: "packets of padding sent to probe a downlink",
    Total.CONNECTIONS_IN: "TCP connections taken",
}


cdef void note_residence(Hops* hops, int64_t stay_ns) noexcept nogil:
    """Nine buckets a decade; a negative stay (the clock was set) counts as none."""
    cdef int64_t unit = 10_000
    cdef int bucket = 0
    if stay_ns > 1_000_000_000:
        bucket = BUCKETS - 1
    elif stay_ns > unit:
        while stay_ns > 10 * unit:
            unit *= 10
            bucket += 9
        bucket += <int> ((stay_ns - 1) // unit)
    hops.residence[bucket] += 1


cdef dict counters_of(const Hops* hops):
    """Totals by label, then `drop_<reason>`."""
    named = {total.name.lower(): hops.totals[<int> total] for total in TOTALS}
    named.update({f"drop_{drop.name.lower()}": hops.drops[<int> drop] for drop in DROPS})
    return named


cdef tuple residence_of(const Hops* hops):
    """Upper bounds in seconds, and one count more than bounds."""
    bounds = [digit / 10.0**power for power in range(5, 0, -1) for digit in range(1, 10)] + [1.0]
    return bounds, [hops.residence[bucket] for bucket in range(BUCKETS)]
