# The media thread: waits, receives, works through a batch, sends. It holds the lock only while it works.
#
# Waking up is what costs most. How it waits therefore depends on how fast packets come (`judge_pace`):
#   slowly    in epoll, for everything: nothing is late
#   flowing   in the UDP socket itself, one system call less for each packet. Everything else is looked at every
#             FLOW_OTHERS_US, and FLOW_WAIT_US after the last packet at the latest
#   fast      it gathers: it sleeps for `gather_us`, whatever comes, and then takes all that has come


cdef bint watch(int epoll, int fd, uint64_t tag) noexcept nogil:
    cdef epoll_event interest
    interest.events = EPOLLIN
    interest.data.u64 = tag
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest) == 0


cdef bint open_thread(Core *core, int udp_fd, int tcp_fd, int event_fd) noexcept nogil:
    cdef sockaddr_storage name
    cdef unsigned int length = sizeof(sockaddr_storage)
    core.others_fd = epoll_create1(EPOLL_CLOEXEC)
    core.any_fd = epoll_create1(EPOLL_CLOEXEC)
    core.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
    if core.others_fd < 0 or core.any_fd < 0 or core.wake_fd < 0:
        return False
    core.udp_fd = udp_fd
    core.tcp_fd = tcp_fd
    core.event_fd = event_fd
    if udp_fd >= 0:
        if not wait_in_socket(udp_fd, FLOW_WAIT_US):
            return False
        if getsockname(udp_fd, <sockaddr *>&name, &length) == 0:
            core.udp_is_v6 = name.ss_family == AF_INET6
        if not watch(core.any_fd, udp_fd, TAG_UDP):
            return False
    if tcp_fd >= 0 and not watch(core.others_fd, tcp_fd, TAG_LISTEN):
        return False
    if not watch(core.others_fd, core.wake_fd, TAG_WAKE) or not watch(core.any_fd, core.others_fd, TAG_OTHERS):
        return False
    prepare_inbox(core, RECEIVE_BATCH)
    core.now = monotonic_us()
    core.running = True
    return True


cdef void prepare_inbox(Core *core, int count) noexcept nogil:
    """The first `count` places, which the kernel has written to."""
    cdef int i
    for i in range(count):
        core.in_vectors[i].iov_base = core.inbox + i * SLOT_BYTES
        core.in_vectors[i].iov_len = SLOT_BYTES
        core.in_messages[i].msg_hdr.msg_iov = &core.in_vectors[i]
        core.in_messages[i].msg_hdr.msg_iovlen = 1
        core.in_messages[i].msg_hdr.msg_name = &core.in_names[i]
        core.in_messages[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage)
        core.in_messages[i].msg_hdr.msg_flags = 0


cdef void take_datagrams(Core *core, int got) noexcept nogil:
    """The first `got` places of the inbox."""
    cdef int i
    core.now = monotonic_us()
    for i in range(got):
        address_from_sockaddr(&core.in_names[i], &core.in_addresses[i])
    look_ahead(core, got)
    for i in range(got):
        if core.in_messages[i].msg_hdr.msg_flags & MSG_TRUNC:
            core.counters.dropped_size += 1
            continue
        receive(
            core, core.inbox + i * SLOT_BYTES, core.in_messages[i].msg_len, &core.in_addresses[i], core.now
        )
    prepare_inbox(core, got)
    flush(core)


cdef int receive_datagrams(Core *core) noexcept nogil:
    """Takes what waits in the UDP socket, a batch at a time, but not for ever: timers want their turn. Returns how
    many there were."""
    cdef int turn, got, taken = 0
    for turn in range(4):
        got = recvmmsg(core.udp_fd, core.in_messages, RECEIVE_BATCH, MSG_DONTWAIT, NULL)
        if got <= 0:
            break
        taken += got
        take_datagrams(core, got)
        if got < RECEIVE_BATCH:
            break
    return taken


cdef void judge_pace(Core *core, int taken) noexcept nogil:
    """How to wait for the next ones: how fast packets come says what pays."""
    cdef int i
    cdef int64_t since
    for i in range(min(taken, <int>PACE_PACKETS)):
        core.came[core.came_next % PACE_PACKETS] = core.now
        core.came_next += 1
    # the oldest in the ring
    since = core.now - core.came[core.came_next % PACE_PACKETS]
    # it begins at twice the rate at which it ends, or it would come and go
    core.gathering = since < (2 * core.gather_us if core.gathering else core.gather_us)
    core.flowing = not core.gathering and since < FLOW_US


cdef void run_thread(Core *core) noexcept nogil:
    cdef epoll_event events[64]
    cdef epoll_event ready[2]
    cdef int i, count, kinds, got, taken
    cdef uint64_t tag, one = 1
    cdef int64_t closing_at = 0, others_at = 0, until_tick = 0, gather_us = 0
    cdef bint datagrams, stopping = False, gathering = False, flowing = False
    prefer_this_thread(b"media")
    while not stopping:
        count = got = 0
        datagrams = core.udp_fd >= 0
        if flowing:
            got = recvmmsg(core.udp_fd, core.in_messages, RECEIVE_BATCH, MSG_WAITFORONE, NULL)
            # only a full batch leaves something behind
            datagrams = got == RECEIVE_BATCH
            if got <= 0 or monotonic_us() >= others_at:
                others_at = monotonic_us() + FLOW_OTHERS_US
                count = epoll_wait(core.others_fd, events, 64, 0)
        elif gathering:
            sleep_us(min(until_tick, gather_us))
            count = epoll_wait(core.others_fd, events, 64, 0)
        else:
            kinds = epoll_wait(core.any_fd, ready, 2, <int>min((until_tick + 999) // 1000, <int64_t>1000))
            datagrams = False
            for i in range(kinds):
                if ready[i].data.u64 == TAG_UDP:
                    datagrams = True
                else:
                    count = epoll_wait(core.others_fd, events, 64, 0)
        pthread_mutex_lock(&core.lock)
        core.now = monotonic_us()
        taken = max(got, 0)
        if taken:
            take_datagrams(core, taken)
        if datagrams:
            taken += receive_datagrams(core)
        if taken or datagrams or flowing:
            judge_pace(core, taken)
        for i in range(count):
            if monotonic_us() - core.now > OTHERS_US:
                break  # the rest are still ready the next time, behind those that became ready since
            tag = events[i].data.u64
            if tag == TAG_WAKE:
                read(core.wake_fd, &one, 8)
                one = 1
            elif tag == TAG_LISTEN:
                accept_connections(core, core.now)
            elif tag >= TAG_CONNECTION:
                if events[i].events & EPOLLOUT:
                    write_connection(core, <int>(tag - TAG_CONNECTION))
                if events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP):
                    read_connection(core, <int>(tag - TAG_CONNECTION), core.now)
        if core.now >= tick_at(core):
            tick(core, core.now)
        if core.now >= closing_at:
            closing_at = core.now + 1000000
            close_silent_connections(core, core.now)
        flush(core)
        signal_facts(core)
        stopping = core.stop
        gathering = core.gathering
        gather_us = core.gather_us
        flowing = core.flowing
        until_tick = max(tick_at(core) - monotonic_us(), <int64_t>0)
        # while it gathers or packets flow it looks at the clock before anybody could wake it
        core.waits_until = 0 if flowing or gathering else tick_at(core)
        pthread_mutex_unlock(&core.lock)


cdef void wake_thread(Core *core) noexcept nogil:
    """If something is due before the thread would look. Called with the lock."""
    cdef uint64_t one = 1
    signal_facts(core)
    if core.running and (core.stop or tick_at(core) < core.waits_until):
        core.waits_until = tick_at(core)
        write(core.wake_fd, &one, 8)
