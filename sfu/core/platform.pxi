# What comes from libc, and libsrtp's functions as pylibsrtp's own binary has them.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.math cimport sqrt
from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memchr, memcmp, memcpy, memmove, memset

cdef extern from "errno.h" nogil:
    int errno
    int EAGAIN
    int EINTR

cdef extern from "time.h" nogil:
    struct timespec:
        long tv_sec
        long tv_nsec
    int CLOCK_MONOTONIC
    int clock_gettime(int clock, timespec *now)
    int nanosleep(const timespec *wanted, timespec *left)

cdef extern from "pthread.h" nogil:
    ctypedef struct pthread_mutex_t:
        pass
    int pthread_mutex_init(pthread_mutex_t *mutex, void *attributes)
    int pthread_mutex_destroy(pthread_mutex_t *mutex)
    int pthread_mutex_lock(pthread_mutex_t *mutex)
    int pthread_mutex_unlock(pthread_mutex_t *mutex)

cdef extern from * nogil:
    # gcc's: for the one field that is read without the lock
    int64_t load "__atomic_load_n"(const int64_t *field, int order)
    void store "__atomic_store_n"(int64_t *field, int64_t value, int order)
    int RELAXED "__ATOMIC_RELAXED"
    # a hint: any address may be given
    void prefetch "__builtin_prefetch"(const void *at, int for_writing)

cdef extern from "netinet/in.h" nogil:
    struct in6_addr:
        uint8_t s6_addr[16]
    struct sockaddr:
        unsigned short sa_family
    struct sockaddr_in6:
        unsigned short sin6_family
        uint16_t sin6_port
        in6_addr sin6_addr
    struct in_addr:
        uint32_t s_addr
    struct sockaddr_in:
        unsigned short sin_family
        uint16_t sin_port
        in_addr sin_addr
    struct sockaddr_storage:
        unsigned short ss_family
    int AF_INET
    int AF_INET6
    uint16_t htons(uint16_t value)
    uint16_t ntohs(uint16_t value)
    uint32_t htonl(uint32_t value)

cdef extern from "sys/socket.h" nogil:
    """
    #ifndef _GNU_SOURCE
    #define _GNU_SOURCE
    #endif
    """
    struct iovec:
        void *iov_base
        size_t iov_len
    struct msghdr:
        void *msg_name
        unsigned int msg_namelen
        iovec *msg_iov
        size_t msg_iovlen
        void *msg_control
        size_t msg_controllen
        int msg_flags
    struct mmsghdr:
        msghdr msg_hdr
        unsigned int msg_len
    int MSG_DONTWAIT
    int MSG_NOSIGNAL
    int MSG_TRUNC
    int MSG_WAITFORONE
    int SOCK_NONBLOCK
    int SOCK_CLOEXEC
    int recvmmsg(int fd, mmsghdr *messages, unsigned int count, int flags, void *timeout)
    int sendmmsg(int fd, mmsghdr *messages, unsigned int count, int flags)
    int accept4(int fd, sockaddr *address, unsigned int *length, int flags)
    ssize_t recv(int fd, void *buffer, size_t length, int flags)
    ssize_t send(int fd, const void *buffer, size_t length, int flags)
    int getsockname(int fd, sockaddr *address, unsigned int *length)
    int setsockopt(int fd, int level, int name, const void *value, unsigned int length)

cdef extern from "netinet/tcp.h" nogil:
    int IPPROTO_TCP
    int TCP_NODELAY

cdef extern from "sys/epoll.h" nogil:
    ctypedef union epoll_data_t:
        uint64_t u64
    struct epoll_event:
        uint32_t events
        epoll_data_t data
    int EPOLLIN
    int EPOLLOUT
    int EPOLLERR
    int EPOLLHUP
    int EPOLL_CTL_ADD
    int EPOLL_CTL_MOD
    int EPOLL_CTL_DEL
    int EPOLL_CLOEXEC
    int epoll_create1(int flags)
    int epoll_ctl(int epoll, int operation, int fd, epoll_event *event)
    int epoll_wait(int epoll, epoll_event *events, int count, int timeout_ms)

cdef extern from "sys/eventfd.h" nogil:
    int EFD_NONBLOCK
    int EFD_CLOEXEC
    int eventfd(unsigned int initial, int flags)

cdef extern from *:
    """
    #include <netinet/in.h>
    #include <string.h>
    #include <sys/socket.h>
    #ifndef UDP_SEGMENT
    #define UDP_SEGMENT 103
    #endif
    #define SEGMENT_CONTROL CMSG_SPACE(sizeof(unsigned short))
    /* The kernel cuts the message into datagrams of `size` bytes, the last may be shorter (udp(7), UDP_SEGMENT). */
    static inline void set_segment(struct msghdr *message, void *control, unsigned short size) {
        struct cmsghdr *header = (struct cmsghdr *)control;
        message->msg_control = control;
        message->msg_controllen = SEGMENT_CONTROL;
        header->cmsg_level = IPPROTO_UDP;
        header->cmsg_type = UDP_SEGMENT;
        header->cmsg_len = CMSG_LEN(sizeof(unsigned short));
        memcpy(CMSG_DATA(header), &size, sizeof(size));
    }
    """
    int SEGMENT_CONTROL
    void set_segment(msghdr *message, void *control, unsigned short size) nogil

cdef extern from *:
    """
    #include <fcntl.h>
    #include <stdint.h>
    #include <sys/socket.h>
    #include <sys/time.h>
    /* Lets a receiving call without MSG_DONTWAIT wait, for so many microseconds at most (socket(7), SO_RCVTIMEO; the
       kernel's ticks make it a few milliseconds more). */
    static inline int wait_in_socket(int fd, int64_t us) {
        int flags = fcntl(fd, F_GETFL);
        struct timeval most = {us / 1000000, us % 1000000};
        return flags >= 0 && fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == 0 &&
               setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most)) == 0;
    }
    """
    bint wait_in_socket(int fd, int64_t us) nogil

cdef extern from *:
    """
    #include <stdint.h>
    #include <sys/prctl.h>
    #include <sys/resource.h>
    #include <sys/syscall.h>
    #include <unistd.h>
    /* Names this thread, as `top -H` shows it, and asks the scheduler to let it in soon after it wakes up, although
       another one of this process is at work: a shorter slice (sched(7), Linux 6.12 and newer; ignored by older ones),
       and where it is allowed a higher priority. Without either it only waits longer when there are fewer cores than
       threads at work. */
    static inline void prefer_this_thread(const char *name) {
        prctl(PR_SET_NAME, name);
        struct {
            uint32_t size, policy;
            uint64_t flags;
            int32_t nice;
            uint32_t priority;
            uint64_t runtime, deadline, period;
        } wish = {sizeof wish, 0, 0, -10, 0, 100000, 0, 0};
        if (syscall(SYS_sched_setattr, 0, &wish, 0) != 0) {
            wish.nice = getpriority(PRIO_PROCESS, 0);
            syscall(SYS_sched_setattr, 0, &wish, 0);
        }
    }
    """
    void prefer_this_thread(const char *name) nogil

cdef extern from "unistd.h" nogil:
    int close(int fd)
    ssize_t read(int fd, void *buffer, size_t length)
    ssize_t write(int fd, const void *buffer, size_t length)

# libsrtp 2.x: in place, the length is read and written; 0 is success
ctypedef int (*srtp_function)(void *session, void *packet, int *length) noexcept nogil
ctypedef int (*srtp_remove_function)(void *session, unsigned int ssrc_network_order) noexcept nogil

cdef srtp_function srtp_protect = NULL
cdef srtp_function srtp_unprotect = NULL
cdef srtp_function srtp_protect_rtcp = NULL
cdef srtp_function srtp_unprotect_rtcp = NULL
cdef srtp_remove_function srtp_remove_stream = NULL


def _bind_libsrtp():
    """Takes the addresses of libsrtp's functions from pylibsrtp's module: no headers, no second copy of the library."""
    global srtp_protect, srtp_unprotect, srtp_protect_rtcp, srtp_unprotect_rtcp, srtp_remove_stream
    from pylibsrtp._binding import ffi, lib

    def address(name):
        return int(ffi.cast("uintptr_t", ffi.addressof(lib, name)))

    srtp_protect = <srtp_function><size_t>address("srtp_protect")
    srtp_unprotect = <srtp_function><size_t>address("srtp_unprotect")
    srtp_protect_rtcp = <srtp_function><size_t>address("srtp_protect_rtcp")
    srtp_unprotect_rtcp = <srtp_function><size_t>address("srtp_unprotect_rtcp")
    srtp_remove_stream = <srtp_remove_function><size_t>address("srtp_remove_stream")


_bind_libsrtp()


cdef inline int64_t monotonic_us() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return <int64_t>now.tv_sec * 1000000 + now.tv_nsec // 1000


cdef inline void sleep_us(int64_t us) noexcept nogil:
    cdef timespec wanted
    if us > 0:
        wanted.tv_sec = us // 1000000
        wanted.tv_nsec = us % 1000000 * 1000
        nanosleep(&wanted, NULL)


cdef inline uint16_t get16(const uint8_t *at) noexcept nogil:
    return (<uint16_t>at[0] << 8) | at[1]


cdef inline uint32_t get24(const uint8_t *at) noexcept nogil:
    return (<uint32_t>at[0] << 16) | (<uint32_t>at[1] << 8) | at[2]


cdef inline uint32_t get32(const uint8_t *at) noexcept nogil:
    return (<uint32_t>at[0] << 24) | (<uint32_t>at[1] << 16) | (<uint32_t>at[2] << 8) | at[3]


cdef inline void put16(uint8_t *at, uint32_t value) noexcept nogil:
    at[0] = (value >> 8) & 0xFF
    at[1] = value & 0xFF


cdef inline void put24(uint8_t *at, uint32_t value) noexcept nogil:
    at[0] = (value >> 16) & 0xFF
    at[1] = (value >> 8) & 0xFF
    at[2] = value & 0xFF


cdef inline void put32(uint8_t *at, uint32_t value) noexcept nogil:
    at[0] = value >> 24
    at[1] = (value >> 16) & 0xFF
    at[2] = (value >> 8) & 0xFF
    at[3] = value & 0xFF
