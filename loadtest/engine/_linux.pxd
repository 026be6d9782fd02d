"""Declarations only: sockets, epoll, timers and locks of the kernel and C library."""

from libc.stdint cimport int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cdef extern from *:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <arpa/inet.h>
    #include <errno.h>
    #include <netinet/in.h>
    #include <netinet/udp.h>
    #include <pthread.h>
    #include <sys/epoll.h>
    #include <sys/eventfd.h>
    #include <sys/socket.h>
    #include <sys/timerfd.h>
    #include <sys/uio.h>
    #include <time.h>
    #include <unistd.h>
    #ifndef UDP_SEGMENT
    #define UDP_SEGMENT 103
    #endif
    #ifndef SOL_UDP
    #define SOL_UDP 17
    #endif
    """
    enum:
        AF_INET
        CLOCK_MONOTONIC
        CLOCK_REALTIME
        EAGAIN
        EFD_NONBLOCK
        EPOLLIN
        EPOLL_CTL_ADD
        EPOLL_CTL_DEL
        MSG_DONTWAIT
        SCM_TIMESTAMPNS
        SOL_SOCKET
        SOL_UDP
        SO_RXQ_OVFL
        SO_TIMESTAMPNS
        TFD_NONBLOCK
        TFD_TIMER_ABSTIME
        UDP_SEGMENT

    struct timespec:
        int64_t tv_sec
        int64_t tv_nsec

    struct itimerspec:
        timespec it_interval
        timespec it_value

    struct in_addr:
        uint32_t s_addr

    struct sockaddr:
        pass

    struct sockaddr_in:
        uint16_t sin_family
        uint16_t sin_port
        in_addr sin_addr

    struct iovec:
        void* iov_base
        size_t iov_len

    struct msghdr:
        void* msg_name
        uint32_t msg_namelen
        iovec* msg_iov
        size_t msg_iovlen
        void* msg_control
        size_t msg_controllen
        int msg_flags

    struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len

    struct cmsghdr:
        size_t cmsg_len
        int cmsg_level
        int cmsg_type

    union epoll_data_t:
        uint64_t u64

    struct epoll_event:
        uint32_t events
        epoll_data_t data

    ctypedef struct pthread_mutex_t:
        pass

    cmsghdr* CMSG_FIRSTHDR(msghdr*) nogil
    cmsghdr* CMSG_NXTHDR(msghdr*, cmsghdr*) nogil
    uint8_t* CMSG_DATA(cmsghdr*) nogil
    size_t CMSG_SPACE(size_t) nogil
    size_t CMSG_LEN(size_t) nogil
    uint16_t htons(uint16_t) nogil
    uint16_t ntohs(uint16_t) nogil
    int inet_pton(int, const char*, void*) nogil
    const char* inet_ntop(int, const void*, char*, uint32_t) nogil
    int clock_gettime(int, timespec*) nogil
    int close(int) nogil
    ssize_t read(int, void*, size_t) nogil
    ssize_t write(int, const void*, size_t) nogil
    int epoll_create1(int) nogil
    int epoll_ctl(int, int, int, epoll_event*) nogil
    int epoll_wait(int, epoll_event*, int, int) nogil
    int eventfd(unsigned int, int) nogil
    int timerfd_create(int, int) nogil
    int timerfd_settime(int, int, const itimerspec*, itimerspec*) nogil
    int setsockopt(int, int, int, const void*, uint32_t) nogil
    int recvmmsg(int, mmsghdr*, unsigned int, int, void*) nogil
    ssize_t sendmsg(int, const msghdr*, int) nogil
    ssize_t sendto(int, const void*, size_t, int, const sockaddr*, uint32_t) nogil
    int pthread_mutex_init(pthread_mutex_t*, void*) nogil
    int pthread_mutex_destroy(pthread_mutex_t*) nogil
    int pthread_mutex_lock(pthread_mutex_t*) nogil
    int pthread_mutex_unlock(pthread_mutex_t*) nogil
