# Sealing and sending. Packets are built in place in an outgoing slot, sealed there, and leave in batches; those for one
# address leave as one message, which the kernel cuts up behind its own slow part (generic segmentation offload).


cdef Outgoing *next_outgoing(Core *core) noexcept nogil:
    if core.out_count == SEND_BATCH:
        flush(core)
    return &core.out[core.out_count]


cdef void queue_for_peer(Core *core, Peer *peer, Outgoing *out) noexcept nogil:
    """Joins what is queued for the same address already, so that both can leave in one piece."""
    out.address = peer.selected
    out.next = -1
    out.follows = False
    if peer.batch == core.batch and same_address(&core.out[peer.queued].address, &out.address):
        core.out[peer.queued].next = core.out_count
        out.follows = True
    peer.batch = core.batch
    peer.queued = core.out_count
    core.out_count += 1


cdef inline int begin_rtp(
    const Subscriber *subscriber, Outgoing *out, uint8_t pt, bint marker, uint32_t seq, uint32_t timestamp,
    uint32_t ssrc,
) noexcept nogil:
    """Everything before the payload. Returns how much that is."""
    write_rtp_header(out.data, pt, marker, seq, timestamp, ssrc)
    if subscriber.ext_transport_cc == 0:
        return 12
    return write_transport_seq(out.data, subscriber.ext_transport_cc, <uint32_t>subscriber.peer.sending.next)


cdef void send_sealed_rtp(Core *core, Peer *peer, Outgoing *out) noexcept nogil:
    """Seals the RTP packet that stands in `out` and queues it for the peer's selected address."""
    if peer.tap != NULL:
        deliver(core, peer, out)
        return
    if srtp_protect(peer.tx, out.data, &out.length) != 0:
        core.counters.dropped_seal += 1
        return
    if out.data[0] & 0x10:
        # it carries the next number, which it has used up only now
        note_departure(peer.sending, out.length, core.now)
    queue_for_peer(core, peer, out)
    peer.bytes_out += out.length
    peer.packets_out += 1


cdef void send_sealed_rtcp(Core *core, Peer *peer, Outgoing *out) noexcept nogil:
    if peer.tap != NULL:
        deliver(core, peer, out)
        return
    if srtp_protect_rtcp(peer.tx, out.data, &out.length) != 0:
        core.counters.dropped_seal += 1
        return
    queue_for_peer(core, peer, out)
    peer.bytes_out += out.length


cdef void send_clear(Core *core, const Address *address, const uint8_t *data, int length) noexcept nogil:
    """STUN and DTLS."""
    cdef Outgoing *out
    if length <= 0 or length > SLOT_BYTES:
        return
    out = next_outgoing(core)
    memcpy(out.data, data, length)
    out.length = length
    out.next = -1
    out.follows = False
    out.address = address[0]
    core.out_count += 1


cdef void flush(Core *core) noexcept nogil:
    """Hands everything queued to the socket; without sockets, to `drained`."""
    cdef int i, at, messages = 0, vectors = 0
    cdef unsigned int name_length
    cdef Outgoing *out
    if core.out_count == 0:
        return
    core.batch += 1
    if core.udp_fd < 0 and core.tcp_fd < 0:
        drain_outgoing(core)
        return
    for i in range(core.out_count):
        out = &core.out[i]
        core.counters.packets_out += 1
        core.counters.bytes_out += out.length
        if out.address.transport != 0:
            send_on_connection(core, out)
            continue
        if out.follows:
            continue
        name_length = address_to_sockaddr(&out.address, core.udp_is_v6, &core.out_names[i])
        at = i
        while at >= 0:
            if name_length == 0 or core.udp_fd < 0:
                core.counters.dropped_send += 1
                at = core.out[at].next
                continue
            core.out_messages[messages].msg_hdr.msg_name = &core.out_names[i]
            core.out_messages[messages].msg_hdr.msg_namelen = name_length
            at = compose(core, at, messages, &vectors)
            messages += 1
    core.out_count = 0
    send_messages(core, messages)


cdef int compose(Core *core, int at, int index, int *vectors) noexcept nogil:
    """Makes one message of the packets from `at` on that are of one size, the last of them may be shorter. Returns
    where the next message starts, -1 at the end."""
    cdef msghdr *message = &core.out_messages[index].msg_hdr
    cdef int size = core.out[at].length, segments = 0
    cdef Outgoing *out
    message.msg_iov = &core.out_vectors[vectors[0]]
    while at >= 0 and segments < SEGMENTS and core.out[at].length <= size:
        out = &core.out[at]
        core.out_vectors[vectors[0]].iov_base = out.data
        core.out_vectors[vectors[0]].iov_len = out.length
        vectors[0] += 1
        segments += 1
        at = out.next
        if out.length < size:
            break
    message.msg_iovlen = segments
    message.msg_control = NULL
    message.msg_controllen = 0
    if segments > 1:
        set_segment(message, core.out_controls + index * SEGMENT_CONTROL, size)
    return at


cdef void send_messages(Core *core, int count) noexcept nogil:
    cdef int i = 0, sent
    while i < count:
        sent = sendmmsg(core.udp_fd, core.out_messages + i, count - i, MSG_DONTWAIT)
        if sent > 0:
            i += sent
        elif errno == EINTR:
            continue
        else:
            # a full socket buffer or one unreachable destination: drop this one, go on with the next
            if core.out_messages[i].msg_hdr.msg_iovlen > 1:
                send_apart(core, &core.out_messages[i].msg_hdr)
            else:
                core.counters.dropped_send += 1
            i += 1


cdef void send_apart(Core *core, const msghdr *message) noexcept nogil:
    """One by one, where the kernel or the way there can't take them in one piece."""
    cdef size_t i
    cdef mmsghdr single
    memset(&single, 0, sizeof(mmsghdr))
    single.msg_hdr.msg_name = message.msg_name
    single.msg_hdr.msg_namelen = message.msg_namelen
    single.msg_hdr.msg_iovlen = 1
    for i in range(message.msg_iovlen):
        single.msg_hdr.msg_iov = message.msg_iov + i
        if sendmmsg(core.udp_fd, &single, 1, MSG_DONTWAIT) != 1:
            core.counters.dropped_send += 1


cdef void drain_outgoing(Core *core) noexcept nogil:
    cdef int i, room
    cdef Outgoing *grown
    for i in range(core.out_count):
        if core.drained.count == core.drained.room:
            room = core.drained.room * 2 if core.drained.room else 256
            grown = <Outgoing *>realloc(core.drained.items, room * sizeof(Outgoing))
            if grown == NULL:
                core.counters.dropped_send += 1
                continue
            core.drained.items = grown
            core.drained.room = room
        core.drained.items[core.drained.count] = core.out[i]
        core.drained.count += 1
        core.counters.packets_out += 1
        core.counters.bytes_out += core.out[i].length
    core.out_count = 0
