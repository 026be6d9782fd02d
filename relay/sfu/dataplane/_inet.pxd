"""Declarations only: the shapes of addresses and messages, and what reads and writes them without a system call."""

from libc.stdint cimport uint8_t, uint16_t, uint32_t

cdef extern from *:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    #include <arpa/inet.h>
    #include <netinet/in.h>
    #include <string.h>
    #include <sys/socket.h>
    #include <sys/uio.h>
    #ifdef __linux__
    #include <netinet/udp.h>
    #ifndef UDP_SEGMENT
    #define UDP_SEGMENT 103
    #endif
    #define RELAY_IP_PKTINFO IP_PKTINFO
    #define RELAY_IPV6_PKTINFO IPV6_PKTINFO
    #define RELAY_IPV6_RECVPKTINFO IPV6_RECVPKTINFO
    #else
    struct in_pktinfo { int ipi_ifindex; struct in_addr ipi_spec_dst; struct in_addr ipi_addr; };
    struct in6_pktinfo { struct in6_addr ipi6_addr; unsigned int ipi6_ifindex; };
    #define RELAY_IP_PKTINFO -1
    #define RELAY_IPV6_PKTINFO -1
    #define RELAY_IPV6_RECVPKTINFO -1
    struct mmsghdr { struct msghdr msg_hdr; unsigned int msg_len; };
    #define UDP_SEGMENT -1
    #define SOL_UDP -1
    #endif
    """
    enum:
        AF_INET
        AF_INET6
        IPPROTO_IP
        IPPROTO_IPV6
        IP_PKTINFO "RELAY_IP_PKTINFO"                  # these three -1: not asked for
        IPV6_PKTINFO "RELAY_IPV6_PKTINFO"
        IPV6_RECVPKTINFO "RELAY_IPV6_RECVPKTINFO"
        MSG_TRUNC
        SOL_UDP
        UDP_SEGMENT            # -1: the kernel does not segment

    struct in_addr:
        uint32_t s_addr

    struct in6_addr:
        uint8_t s6_addr[16]

    struct sockaddr:
        pass

    struct sockaddr_in:
        uint16_t sin_family
        uint16_t sin_port
        in_addr sin_addr

    struct sockaddr_in6:
        uint16_t sin6_family
        uint16_t sin6_port
        in6_addr sin6_addr
        uint32_t sin6_scope_id

    struct in_pktinfo:
        int ipi_ifindex
        in_addr ipi_spec_dst       # receiving: our address; sending: the source address

    struct in6_pktinfo:
        in6_addr ipi6_addr
        unsigned int ipi6_ifindex

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

    cmsghdr* CMSG_FIRSTHDR(msghdr*) nogil
    cmsghdr* CMSG_NXTHDR(msghdr*, cmsghdr*) nogil
    uint8_t* CMSG_DATA(cmsghdr*) nogil
    size_t CMSG_SPACE(size_t) nogil
    size_t CMSG_LEN(size_t) nogil

    int inet_pton(int, const char*, void*) nogil
    const char* inet_ntop(int, const void*, char*, uint32_t) nogil
    uint16_t htons(uint16_t) nogil
    uint16_t ntohs(uint16_t) nogil
    uint32_t htonl(uint32_t) nogil
