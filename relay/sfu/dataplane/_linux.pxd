"""Declarations only: the kernel's datagram calls. Elsewhere than on Linux, loops of single calls stand in for the
batch calls, and the option that Linux alone has is -1: it is not asked for then."""

from libc.stdint cimport int64_t, uint32_t

from ._inet cimport mmsghdr, msghdr, sockaddr

cdef extern from *:
    """
    #include <errno.h>
    #include <sys/socket.h>
    #include <time.h>
    #ifndef __linux__
    #define SO_TIMESTAMPNS -1
    #define SCM_TIMESTAMPNS -1
    static int recvmmsg(int fd, struct mmsghdr *m, unsigned int n, int flags, void *timeout) {
        unsigned int i;
        for (i = 0; i < n; i++) {
            ssize_t got = recvmsg(fd, &m[i].msg_hdr, flags);
            if (got < 0) return i ? (int)i : -1;
            m[i].msg_len = (unsigned int)got;
        }
        return (int)i;
    }
    static int sendmmsg(int fd, struct mmsghdr *m, unsigned int n, int flags) {
        unsigned int i;
        for (i = 0; i < n; i++)
            if (sendmsg(fd, &m[i].msg_hdr, flags) < 0) return i ? (int)i : -1;
        return (int)i;
    }
    #endif
    """
    enum:
        CLOCK_REALTIME
        EAGAIN
        EBADF
        EINTR
        EINVAL
        EIO
        EMSGSIZE
        ENOBUFS
        ENOTSOCK
        MSG_DONTWAIT
        SCM_TIMESTAMPNS
        SOL_SOCKET
        SO_TIMESTAMPNS

    struct timespec:
        int64_t tv_sec
        int64_t tv_nsec

    int recvmmsg(int, mmsghdr*, unsigned int, int, void*) nogil
    int sendmmsg(int, mmsghdr*, unsigned int, int) nogil
    ssize_t sendmsg(int, const msghdr*, int) nogil
    ssize_t sendto(int, const void*, size_t, int, const sockaddr*, uint32_t) nogil
    int getsockname(int, sockaddr*, uint32_t*) nogil
    int setsockopt(int, int, int, const void*, uint32_t) nogil
    int clock_gettime(int, timespec*) nogil
