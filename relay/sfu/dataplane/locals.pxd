"""The addresses of this machine that datagrams have come to."""

from libc.stdint cimport uint32_t

from ._inet cimport in6_pktinfo, in_pktinfo
from .batch cimport Inbox


cdef uint32_t local_via4(Inbox* inbox, const in_pktinfo* given) noexcept nogil
cdef uint32_t local_via6(Inbox* inbox, const in6_pktinfo* given) noexcept nogil
