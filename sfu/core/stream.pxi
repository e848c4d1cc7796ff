# ICE-TCP (RFC 6544), passive side: connections with RFC 4571 frames, two bytes of length before each packet.

cdef enum:
    INBOX_BYTES = 2 + SLOT_BYTES
    OUTBOX_BYTES = 262144           # what waits for a slow network; beyond, packets are dropped as UDP would
    UNAUTHENTICATED_US = 10000000   # a connection that no STUN check has named is closed
    UNAUTHENTICATED_OF_ONE = 64     # such connections of one IP address; a clinic's patients may share one
    TAG_UDP = 0
    TAG_LISTEN = 1
    TAG_WAKE = 2
    TAG_OTHERS = 3
    TAG_CONNECTION = 16
    FRAMES_A_TURN = 16              # of one connection, so that one peer can't hold the thread
    ACCEPTED_A_TURN = 16            # looking for a place costs most where thousands are taken


cdef void close_connection(Core *core, int index) noexcept nogil:
    cdef Connection *connection = core.connections[index]
    cdef Peer *peer
    if connection == NULL:
        return
    peer = find_peer(core, &connection.address)
    if peer != NULL:
        forget_address(core, peer, &connection.address)
    epoll_ctl(core.others_fd, EPOLL_CTL_DEL, connection.fd, NULL)
    close(connection.fd)
    free(connection.inbox)
    free(connection.outbox)
    free(connection)
    core.connections[index] = NULL


cdef void accept_connections(Core *core, int64_t now) noexcept nogil:
    cdef sockaddr_storage name
    cdef unsigned int length
    cdef Address address
    cdef int fd, index, one = 1, turn
    cdef Connection *connection
    cdef epoll_event interest
    for turn in range(ACCEPTED_A_TURN):
        length = sizeof(sockaddr_storage)
        fd = accept4(core.tcp_fd, <sockaddr *>&name, &length, SOCK_NONBLOCK | SOCK_CLOEXEC)
        if fd < 0:
            return
        address_from_sockaddr(&name, &address)
        index = place_for_connection(core, &address)
        if index < 0:
            core.counters.dropped_connections += 1
            close(fd)
            continue
        connection = <Connection *>calloc(1, sizeof(Connection))
        if connection != NULL:
            connection.inbox = <uint8_t *>malloc(INBOX_BYTES)
        if connection == NULL or connection.inbox == NULL:
            free(connection)
            close(fd)
            continue
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(int))
        core.connection_generation += 1
        connection.fd = fd
        connection.opened_at = now
        connection.generation = core.connection_generation
        connection.address = address
        connection.address.transport = index + 1
        connection.address.generation = connection.generation
        core.connections[index] = connection
        interest.events = EPOLLIN
        interest.data.u64 = TAG_CONNECTION + index
        epoll_ctl(core.others_fd, EPOLL_CTL_ADD, fd, &interest)


cdef int place_for_connection(Core *core, const Address *address) noexcept nogil:
    """A free place; when all are taken, that of the one that has been silent longest. -1 if there is none, or if this
    IP address has too many already that have not shown who they are."""
    cdef int i, free_place = -1, oldest = -1, of_one = 0
    cdef Connection *connection
    for i in range(core.max_connections):
        connection = core.connections[i]
        if connection == NULL:
            if free_place < 0:
                free_place = i
        elif not connection.authenticated:
            of_one += memcmp(connection.address.ip, address.ip, sizeof(address.ip)) == 0
            if oldest < 0 or connection.opened_at < core.connections[oldest].opened_at:
                oldest = i
    if of_one >= UNAUTHENTICATED_OF_ONE:
        return -1
    if free_place < 0 and oldest >= 0:
        core.counters.dropped_connections += 1
        close_connection(core, oldest)
        return oldest
    return free_place


cdef void close_silent_connections(Core *core, int64_t now) noexcept nogil:
    cdef int i
    for i in range(core.max_connections):
        if core.connections[i] != NULL and not core.connections[i].authenticated:
            if now - core.connections[i].opened_at > UNAUTHENTICATED_US:
                core.counters.dropped_connections += 1
                close_connection(core, i)


cdef void read_connection(Core *core, int index, int64_t now) noexcept nogil:
    cdef Connection *connection = core.connections[index]
    cdef int frames = 0, size
    cdef ssize_t got
    cdef uint8_t packet[SLOT_BYTES]
    if connection == NULL:
        return
    while frames < FRAMES_A_TURN:
        # first the length, then exactly the rest of that frame: no second buffer, no shifting
        size = 2
        if connection.inbox_length >= 2:
            size = 2 + get16(connection.inbox)
        got = recv(
            connection.fd, connection.inbox + connection.inbox_length, size - connection.inbox_length, MSG_DONTWAIT
        )
        if got < 0:
            if errno == EINTR:
                continue
            if errno != EAGAIN:
                close_connection(core, index)
            return
        if got == 0:
            close_connection(core, index)
            return
        connection.inbox_length += <int>got
        if connection.inbox_length < 2:
            continue
        size = get16(connection.inbox)
        if size > SLOT_BYTES:
            core.counters.dropped_frame_size += 1
            close_connection(core, index)
            return
        if connection.inbox_length == 2 + size:
            connection.inbox_length = 0
            frames += 1
            memcpy(packet, connection.inbox + 2, size)
            receive(core, packet, size, &connection.address, now)


cdef void watch_writing(Core *core, int index, bint wanted) noexcept nogil:
    cdef Connection *connection = core.connections[index]
    cdef epoll_event interest
    if connection.wants_out == wanted:
        return
    connection.wants_out = wanted
    interest.events = EPOLLIN | (EPOLLOUT if wanted else 0)
    interest.data.u64 = TAG_CONNECTION + index
    epoll_ctl(core.others_fd, EPOLL_CTL_MOD, connection.fd, &interest)


cdef void send_on_connection(Core *core, const Outgoing *out) noexcept nogil:
    """Written with the last packet that the batch has for the connection."""
    cdef int index = out.address.transport - 1
    cdef Connection *connection = core.connections[index] if index < core.max_connections else NULL
    if connection == NULL or connection.generation != out.address.generation:
        core.counters.dropped_send += 1
        return
    if connection.outbox == NULL:
        # most connections that strangers open are never answered
        connection.outbox = <uint8_t *>malloc(OUTBOX_BYTES)
    if connection.outbox == NULL or connection.outbox_length + 2 + out.length > OUTBOX_BYTES:
        core.counters.dropped_send += 1
    else:
        put16(connection.outbox + connection.outbox_length, out.length)
        memcpy(connection.outbox + connection.outbox_length + 2, out.data, out.length)
        connection.outbox_length += 2 + out.length
    if out.next < 0 and not connection.wants_out:
        write_connection(core, index)


cdef void write_connection(Core *core, int index) noexcept nogil:
    cdef Connection *connection = core.connections[index]
    cdef ssize_t sent
    if connection == NULL:
        return
    while connection.outbox_length > 0:
        sent = send(connection.fd, connection.outbox, connection.outbox_length, MSG_DONTWAIT | MSG_NOSIGNAL)
        if sent < 0:
            if errno == EINTR:
                continue
            if errno == EAGAIN:
                watch_writing(core, index, True)
                return
            # closed by the reader, which sees the end too: closing here would pull the frame from under its feet
            connection.outbox_length = 0
            return
        memmove(connection.outbox, connection.outbox + sent, connection.outbox_length - sent)
        connection.outbox_length -= <int>sent
    watch_writing(core, index, False)


cdef Connection *connection_of(Core *core, const Address *address) noexcept nogil:
    cdef int index = address.transport - 1
    if index < 0 or index >= core.max_connections or core.connections[index] == NULL:
        return NULL
    if core.connections[index].generation != address.generation:
        return NULL
    return core.connections[index]


cdef void authenticate_connection(Core *core, const Address *address) noexcept nogil:
    cdef Connection *connection = connection_of(core, address)
    if connection != NULL:
        connection.authenticated = True


cdef void release_connection(Core *core, const Address *address) noexcept nogil:
    # it is nobody's now: it is closed like one that never spoke, unless a check claims it in time
    cdef Connection *connection = connection_of(core, address)
    if connection != NULL:
        connection.authenticated = False
        connection.opened_at = core.now
