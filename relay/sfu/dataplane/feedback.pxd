"""Incoming RTCP, condensed to fixed records."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t


cdef enum:
    MAX_RECORDS = 520          # a compound of CELL bytes holds fewer
    MAX_SPANS = 512            # likewise


cdef enum RecordKind:
    SENDER_REPORT              # about `ssrc`: ntp, value = RTP timestamp
    REPORT_BLOCK               # about `ssrc`: value = LSR, extra = DLSR, lost = fraction, jitter
    NACK                       # of `ssrc`: value = PID and BLP
    PLI                        # of `ssrc`
    FIR                        # of `ssrc`: value = command sequence number
    BYE                        # of `ssrc`
    TRANSPORT_FEEDBACK         # value = where its packet begins; whole
    REMB                       # value = bit/s


ctypedef struct Record:
    RecordKind kind
    uint32_t ssrc
    uint32_t value
    uint32_t extra
    uint32_t jitter
    uint8_t lost
    uint64_t ntp


ctypedef struct Walk:
    int count
    int remainder              # bytes of packets that nobody here understands
    uint16_t spans[MAX_SPANS]  # where they are
    int span_count
    Record records[MAX_RECORDS]


cdef bint walk(const uint8_t* compound, int length, Walk* found) noexcept nogil
cdef void gather(uint8_t* compound, const Walk* found) noexcept nogil
