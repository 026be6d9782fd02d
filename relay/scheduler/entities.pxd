cimport cython

from relay.scheduler.index.profile cimport Profile


@cython.no_gc
cdef class Conversation:
    cdef public long long accepted_ms
    cdef public bint connected
    cdef public bint held
    cdef public tuple others
    cdef public tuple invitations


@cython.no_gc
cdef class Call:
    cdef public str id
    cdef public long long seq
    cdef public str key
    cdef public str kiosk
    cdef public str item
    cdef public str region
    cdef public object kind
    cdef public str language
    cdef public tuple media
    cdef public str priority
    cdef public str citizen
    cdef public str case
    cdef public object purpose
    cdef public str parent
    cdef public str appointment
    cdef public long long enqueued_ms
    cdef public long long virtual_ms
    cdef public long long search_ms
    cdef public int min_level
    cdef public int ring
    cdef public str scope
    cdef public int level
    cdef public long long widen_ms
    cdef public long long give_up_ms
    cdef public str sticky
    cdef public str target
    cdef public long long target_until_ms
    cdef public object phase
    cdef public str seat
    cdef public str offer
    cdef public long long offered_ms
    cdef public long long deadline_ms
    cdef public int attempts
    cdef public int revision
    cdef public str contact
    cdef public int callbacks
    cdef public long long retry_ms
    cdef public dict barred
    cdef public Conversation talk
    cdef public int wrapping
    cdef public bint indexed
    cdef public int line_number

    cpdef restore(self, list row)


@cython.no_gc
cdef class Seat:
    cdef public str id
    cdef public int index
    cdef public Profile profile
    cdef public object shift
    cdef public object presence
    cdef public str reason
    cdef public long long login_ms
    cdef public long long lease_ms
    cdef public long long shift_ms
    cdef public str offer
    cdef public str ringing
    cdef public dict calls
    cdef public dict wraps
    cdef public str reserved
    cdef public int unanswered
    cdef public long long idle_ms
    cdef public long long idle_seq
    cdef public long long busy_ms
    cdef public long long busy_from_ms
    cdef public int occupancy
    cdef public bint media_ready
    cdef public int rtt_ms
    cdef public bint available
    cdef public long long idle_place


@cython.no_gc
cdef class Kiosk:
    cdef public str id
    cdef public long long lease_ms
    cdef public tuple calls


@cython.no_gc
cdef class Window:
    cdef public str id
    cdef public str item
    cdef public str region
    cdef public long long start_ms
    cdef public long long end_ms
    cdef public long long slot_ms
    cdef public int capacity
    cdef public bint open
    cdef public dict taken


@cython.no_gc
cdef class Appointment:
    cdef public str id
    cdef public long long seq
    cdef public str key
    cdef public str window
    cdef public long long slot_ms
    cdef public str item
    cdef public str region
    cdef public str citizen
    cdef public object kind
    cdef public str language
    cdef public tuple media
    cdef public str case
    cdef public object phase
    cdef public bint due
    cdef public long long lookahead_ms
    cdef public long long missed_ms
    cdef public long long forget_ms
    cdef public str seat
    cdef public str call
    cdef public Call hold
