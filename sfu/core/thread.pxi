# The media thread: waits, receives, works through a batch, sends. It holds the lock only while it works.


cdef bint open_thread(Core *core, int udp_fd, int tcp_fd, int event_fd) noexcept nogil:
    cdef sockaddr_storage name
    cdef unsigned int length = sizeof(sockaddr_storage)
    cdef epoll_event interest
    core.epoll_fd = epoll_create1(EPOLL_CLOEXEC)
    core.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
    if core.epoll_fd < 0 or core.wake_fd < 0:
        return False
    core.udp_fd = udp_fd
    core.tcp_fd = tcp_fd
    core.event_fd = event_fd
    interest.events = EPOLLIN
    if udp_fd >= 0:
        if getsockname(udp_fd, <sockaddr *>&name, &length) == 0:
            core.udp_is_v6 = name.ss_family == AF_INET6
        interest.data.u64 = TAG_UDP
        epoll_ctl(core.epoll_fd, EPOLL_CTL_ADD, udp_fd, &interest)
    if tcp_fd >= 0:
        interest.data.u64 = TAG_LISTEN
        epoll_ctl(core.epoll_fd, EPOLL_CTL_ADD, tcp_fd, &interest)
    interest.data.u64 = TAG_WAKE
    epoll_ctl(core.epoll_fd, EPOLL_CTL_ADD, core.wake_fd, &interest)
    core.now = monotonic_us()
    core.running = True
    return True


cdef void receive_datagrams(Core *core) noexcept nogil:
    """Everything that waits in the UDP socket, a batch at a time, but not for ever: timers want their turn."""
    cdef int turn, i, got
    cdef Address address
    for turn in range(4):
        for i in range(RECEIVE_BATCH):
            core.in_vectors[i].iov_base = core.inbox + i * SLOT_BYTES
            core.in_vectors[i].iov_len = SLOT_BYTES
            core.in_messages[i].msg_hdr.msg_iov = &core.in_vectors[i]
            core.in_messages[i].msg_hdr.msg_iovlen = 1
            core.in_messages[i].msg_hdr.msg_name = &core.in_names[i]
            core.in_messages[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage)
            core.in_messages[i].msg_hdr.msg_flags = 0
        got = recvmmsg(core.udp_fd, core.in_messages, RECEIVE_BATCH, MSG_DONTWAIT, NULL)
        if got <= 0:
            return
        core.now = monotonic_us()
        for i in range(got):
            if core.in_messages[i].msg_hdr.msg_flags & MSG_TRUNC:
                core.counters.dropped_size += 1
                continue
            address_from_sockaddr(&core.in_names[i], &address)
            receive(core, core.inbox + i * SLOT_BYTES, core.in_messages[i].msg_len, &address, core.now)
        flush(core)
        if got < RECEIVE_BATCH:
            return


cdef void run_thread(Core *core) noexcept nogil:
    cdef epoll_event events[64]
    cdef int i, count, wait_ms
    cdef uint64_t tag, one = 1
    cdef int64_t closing_at = 0
    while not core.stop:
        if core.peer_count == 0:
            wait_ms = 1000
        else:
            wait_ms = <int>((core.tick_at - monotonic_us() + 999) // 1000)
            wait_ms = max(0, min(wait_ms, <int>(TICK_EVERY_US // 1000)))
        count = epoll_wait(core.epoll_fd, events, 64, wait_ms)
        pthread_mutex_lock(&core.lock)
        core.now = monotonic_us()
        for i in range(count):
            tag = events[i].data.u64
            if tag == TAG_UDP:
                receive_datagrams(core)
            elif tag == TAG_LISTEN:
                accept_connections(core, core.now)
            elif tag >= TAG_CONNECTION:
                if events[i].events & EPOLLOUT:
                    write_connection(core, <int>(tag - TAG_CONNECTION))
                if events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP):
                    read_connection(core, <int>(tag - TAG_CONNECTION), core.now)
        if core.now >= core.tick_at:
            tick(core, core.now)
        if core.now >= closing_at:
            closing_at = core.now + 1000000
            close_silent_connections(core, core.now)
        flush(core)
        if core.event_count and not core.event_signalled and core.event_fd >= 0:
            core.event_signalled = True
            write(core.event_fd, &one, 8)
        pthread_mutex_unlock(&core.lock)
