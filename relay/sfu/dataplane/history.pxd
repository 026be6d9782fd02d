"""What can be sent again: one copy of each incoming packet per track, and what every slot made of it."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from .types cimport Label, Packet


cdef enum:
    VIDEO_PACKETS = 512        # remembered at first
    AUDIO_PACKETS = 128
    MAX_KEPT = 8192            # packets of one ring
    MAX_SENT = 4096            # entries of one log
    MAX_RESENDS = 5


ctypedef struct Budget:
    # shared by all rings and logs of a worker
    int64_t limit_bytes
    int64_t used_bytes


ctypedef struct Kept:
    int64_t position
    uint64_t at                # place in the run of all bytes ever kept
    int64_t received_ns
    uint32_t length            # 0: nothing kept here yet
    uint32_t spare


ctypedef struct Ring:
    # given
    Budget* budget             # NULL: closed
    # owned
    uint8_t* bytes
    uint64_t capacity          # of `bytes`, a power of two
    uint64_t start             # the run in memory begins here, or at `end` − `capacity` if that is more
    uint64_t end
    int64_t lap_ns             # when the writer last passed the beginning of `bytes`
    Kept* index                # by position
    int64_t mask


cdef enum SentForm:
    TAKEN = 1
    EMPTY = 2                  # without its payload
    MARKED = 4                 # with the marker


ctypedef struct Sent:
    int64_t track              # handle
    int64_t position
    uint32_t timestamp
    uint32_t at_us             # when it left last; low 32 bits
    uint16_t sequence
    uint16_t picture
    uint8_t level
    uint8_t key
    uint8_t resends
    uint8_t form               # SentForm bits; 0: nothing left under this number
    uint8_t stamped            # it left, with what follows
    uint16_t departure
    uint32_t send_time


ctypedef struct SentLog:
    # given
    Budget* budget             # NULL: closed
    # owned
    Sent* entries              # by outgoing sequence number
    int mask


cdef enum Recall:
    ANSWER
    THROTTLED
    UNKNOWN


cdef bint ring_open(Ring* ring, Budget* budget, bint video) noexcept nogil
cdef void ring_close(Ring* ring) noexcept nogil
cdef void ring_keep(Ring* ring, const Packet* packet) noexcept nogil
cdef const Kept* ring_find(const Ring* ring, int64_t position) noexcept nogil
cdef uint8_t* ring_bytes(const Ring* ring, const Kept* kept) noexcept nogil

cdef bint sent_open(SentLog* log, Budget* budget, bint video) noexcept nogil
cdef void sent_close(SentLog* log) noexcept nogil
cdef void sent_clear(SentLog* log) noexcept nogil
cdef void sent_note(
    SentLog* log, int64_t track, int64_t position, const Label* label, bint empty, int64_t now_ns
) noexcept nogil
cdef const Sent* sent_find(const SentLog* log, uint16_t sequence) noexcept nogil
cdef void sent_forget(SentLog* log, uint16_t sequence) noexcept nogil
cdef void sent_stamp(SentLog* log, const Label* label) noexcept nogil
cdef Recall sent_recall(
    SentLog* log, uint16_t sequence, int64_t now_ns, int64_t round_trip_ns, const Sent** found
) noexcept nogil
