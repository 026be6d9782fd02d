from relay.scheduler.entities cimport Call, Seat
from relay.scheduler.index.facets cimport Facets
from relay.scheduler.index.profile cimport Profile
from relay.scheduler.index.supply cimport Supply
from relay.scheduler.index.timers cimport Timers
from relay.scheduler.index.waiting cimport WaitingIndex
from relay.scheduler.recent cimport Recent
from relay.scheduler.rules cimport Rules


cdef class State:
    cdef public object settings
    cdef public long long clock_ms
    cdef public long long calls_made
    cdef public long long offers_made
    cdef public long long appointments_made
    cdef public long long releases
    cdef public object catalogue
    cdef public set regions
    cdef public dict calls
    cdef public dict seats
    cdef public dict kiosks
    cdef public dict windows
    cdef public dict appointments
    cdef public Recent keys
    cdef public Recent sticky
    cdef public Recent lost
    cdef public Recent no_shows
    cdef public Recent closed_offers
    cdef public Rules rules
    cdef public dict offers
    cdef public dict citizens
    cdef public dict booked
    cdef public dict shunned
    cdef public dict targeted
    cdef public Py_ssize_t waiting_calls
    cdef public list cap_counts
    cdef public Facets facets
    cdef public dict profiles
    cdef public WaitingIndex waiting
    cdef public WaitingIndex holds
    cdef public Supply supply
    cdef public Timers timers

    cpdef Call call(self, str call)
    cpdef Seat seat(self, str seat)
