"""The least that any relay must do for a packet it forwards: copy it, protect it, give it to the kernel.

No routing, no rewriting, no statistics, no segmentation: `protect` and `sendmmsg` of the same sizes to the same sockets.
"""

import cython

from libc.stdint cimport int32_t, uint8_t, uint16_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from relay.sfu.dataplane._inet cimport AF_INET, iovec, mmsghdr, sockaddr_in6
from relay.sfu.dataplane._linux cimport receive_batch, send_batch
from relay.sfu.dataplane.endpoint cimport parse_address, write_sockaddr
from relay.sfu.dataplane.srtp cimport open_session, protect, session_pointer
from relay.sfu.dataplane.types cimport Endpoint

cdef enum:
    CELL = 1536
    DRAINED = 64


@cython.final
cdef class Floor:
    """Sends one RTP packet again and again to every receiver, each under a key of its own."""

    cdef int fd
    cdef list sessions
    cdef bytes packet
    cdef uint16_t sequence
    cdef int receivers
    cdef int room
    cdef void** pointers
    cdef sockaddr_in6* names
    cdef unsigned int* name_lengths
    cdef uint8_t* cells
    cdef mmsghdr* headers
    cdef iovec* vectors

    def __cinit__(self, int fd, list addresses, int profile, bytes key, bytes packet, int burst):
        cdef Endpoint endpoint
        cdef int row
        self.fd = fd
        self.packet = packet
        self.receivers = <int> len(addresses)
        self.room = self.receivers * burst
        self.sessions = [open_session(profile, key, False) for _ in addresses]
        self.pointers = <void**> calloc(self.receivers, sizeof(void*))
        self.names = <sockaddr_in6*> calloc(self.receivers, sizeof(sockaddr_in6))
        self.name_lengths = <unsigned int*> calloc(self.receivers, sizeof(unsigned int))
        self.cells = <uint8_t*> calloc(self.room, CELL)
        self.headers = <mmsghdr*> calloc(self.room, sizeof(mmsghdr))
        self.vectors = <iovec*> calloc(self.room, sizeof(iovec))
        for row in range(self.receivers):
            parse_address(addresses[row], &endpoint)
            self.name_lengths[row] = write_sockaddr(&endpoint, AF_INET, &self.names[row])
            self.pointers[row] = session_pointer(self.sessions[row])

    def __dealloc__(self):
        free(self.pointers)
        free(self.names)
        free(self.name_lengths)
        free(self.cells)
        free(self.headers)
        free(self.vectors)

    def send(self, int burst) -> int:
        """`burst` packets to every receiver, by one call as far as the kernel takes them; how many left."""
        cdef const uint8_t* packet = self.packet
        cdef int32_t length = <int32_t> len(self.packet), row = 0, sent = 0, count
        with nogil:
            for _ in range(burst):
                self.sequence += 1
                for receiver in range(self.receivers):
                    self._put(row, receiver, packet, length)
                    row += 1
            while sent < row:
                count = send_batch(self.fd, &self.headers[sent], row - sent)
                if count <= 0:
                    break
                sent += count
        return sent

    cdef void _put(self, int row, int receiver, const uint8_t* packet, int length) noexcept nogil:
        cdef uint8_t* cell = self.cells + row * CELL
        cdef mmsghdr* header = &self.headers[row]
        memcpy(cell, packet, length)
        cell[2] = self.sequence >> 8
        cell[3] = self.sequence & 0xFF
        protect(self.pointers[receiver], cell, &length)
        self.vectors[row].iov_base = cell
        self.vectors[row].iov_len = length
        header.msg_hdr.msg_name = &self.names[receiver]
        header.msg_hdr.msg_namelen = self.name_lengths[receiver]
        header.msg_hdr.msg_iov = &self.vectors[row]
        header.msg_hdr.msg_iovlen = 1


def drain(int fd) -> int:
    """Throw away what a socket has received; how many datagrams that was."""
    cdef uint8_t[DRAINED] bytes_
    cdef mmsghdr[DRAINED] headers
    cdef iovec vector
    cdef int total = 0, count = DRAINED, row
    vector.iov_base = bytes_
    vector.iov_len = DRAINED
    memset(headers, 0, sizeof(headers))
    for row in range(DRAINED):
        headers[row].msg_hdr.msg_iov = &vector
        headers[row].msg_hdr.msg_iovlen = 1
    while count == DRAINED:
        count = receive_batch(fd, headers, DRAINED)
        total += max(count, 0)
    return total
