"""One form for every address: IPv6 bytes, IPv4 mapped into them, and a port."""

from ._inet cimport sockaddr_in6
from .types cimport Endpoint


cdef void read_sockaddr(const sockaddr_in6* name, Endpoint* endpoint) noexcept nogil
cdef unsigned int write_sockaddr(const Endpoint* endpoint, int family, sockaddr_in6* name) noexcept nogil
cdef int parse_address(tuple address, Endpoint* endpoint) except -1
cdef tuple format_address(const Endpoint* endpoint)
