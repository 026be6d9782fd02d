"""Declarations only: the kernel's datagram calls. Elsewhere than on Linux, loops of single calls stand in for the
batch calls, and the option that Linux alone has is -1: it is not asked for then."""

from libc.stdint cimport int64_t, uint32_t

from ._inet cimport mmsghdr, msghdr, sockaddr

cdef extern from *:
    """
    #include <errno.h>
    #include <sys/socket.h>
    #include <time.h>
    #if defined(__linux__) && !defined(RELAY_SINGLE_CALLS)
    #define relay_receive_batch(fd, messages, count) recvmmsg(fd, messages, count, MSG_DONTWAIT, NULL)
    #define relay_send_batch(fd, messages, count) sendmmsg(fd, messages, count, MSG_DONTWAIT)
    #else
    static int relay_receive_batch(int fd, struct mmsghdr *messages, int count) {
        for (int done = 0; done < count; done++) {
            ssize_t length = recvmsg(fd, &messages[done].msg_hdr, MSG_DONTWAIT);
            if (length < 0)
                return done ? done : -1;
            messages[done].msg_len = (unsigned int) length;
        }
        return count;
    }
    static int relay_send_batch(int fd, struct mmsghdr *messages, int count) {
        for (int done = 0; done < count; done++)
            if (sendmsg(fd, &messages[done].msg_hdr, MSG_DONTWAIT) < 0)
                return done ? done : -1;
        return count;
    }
    #endif
    #ifdef MSG_NOSIGNAL
    #define RELAY_NOSIGNAL MSG_NOSIGNAL
    #else
    #define RELAY_NOSIGNAL 0
    #endif
    #ifndef SO_TIMESTAMPNS
    #define SO_TIMESTAMPNS -1
    #define SCM_TIMESTAMPNS -1
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
        MSG_NOSIGNAL "RELAY_NOSIGNAL"
        SCM_TIMESTAMPNS
        SOL_SOCKET
        SO_TIMESTAMPNS

    struct timespec:
        int64_t tv_sec
        int64_t tv_nsec

    int receive_batch "relay_receive_batch" (int fd, mmsghdr* messages, int count) nogil
    int send_batch "relay_send_batch" (int fd, mmsghdr* messages, int count) nogil
    ssize_t sendmsg(int, const msghdr*, int) nogil
    int getsockname(int, sockaddr*, uint32_t*) nogil
    int getpeername(int, sockaddr*, uint32_t*) nogil
    ssize_t recv(int, void*, size_t, int) nogil
    int setsockopt(int, int, int, const void*, uint32_t) nogil
    int clock_gettime(int, timespec*) nogil
