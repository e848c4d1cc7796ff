# Sealing and sending. Packets are built in place in an outgoing slot, sealed there, and leave in batches.


cdef Outgoing *next_outgoing(Core *core) noexcept nogil:
    if core.out_count == SEND_BATCH:
        flush(core)
    return &core.out[core.out_count]


cdef void send_sealed_rtp(Core *core, Peer *peer, Outgoing *out) noexcept nogil:
    """Seals the RTP packet that stands in `out` and queues it for the peer's selected address."""
    if srtp_protect(peer.tx, out.data, &out.length) != 0:
        core.counters.dropped_seal += 1
        return
    out.address = peer.selected
    core.out_count += 1
    peer.bytes_out += out.length
    peer.packets_out += 1


cdef void send_sealed_rtcp(Core *core, Peer *peer, Outgoing *out) noexcept nogil:
    if srtp_protect_rtcp(peer.tx, out.data, &out.length) != 0:
        core.counters.dropped_seal += 1
        return
    out.address = peer.selected
    core.out_count += 1
    peer.bytes_out += out.length


cdef void send_clear(Core *core, const Address *address, const uint8_t *data, int length) noexcept nogil:
    """STUN and DTLS, which Python made."""
    cdef Outgoing *out
    if length <= 0 or length > SLOT_BYTES:
        return
    out = next_outgoing(core)
    memcpy(out.data, data, length)
    out.length = length
    out.address = address[0]
    core.out_count += 1


cdef void flush(Core *core) noexcept nogil:
    """Hands everything queued to the socket; without sockets, to `drained`."""
    cdef int i, datagrams = 0, sent
    cdef unsigned int name_length
    cdef Outgoing *out
    if core.out_count == 0:
        return
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
        name_length = address_to_sockaddr(&out.address, core.udp_is_v6, &core.out_names[datagrams])
        if name_length == 0 or core.udp_fd < 0:
            core.counters.dropped_send += 1
            continue
        core.out_vectors[datagrams].iov_base = out.data
        core.out_vectors[datagrams].iov_len = out.length
        core.out_messages[datagrams].msg_hdr.msg_name = &core.out_names[datagrams]
        core.out_messages[datagrams].msg_hdr.msg_namelen = name_length
        core.out_messages[datagrams].msg_hdr.msg_iov = &core.out_vectors[datagrams]
        core.out_messages[datagrams].msg_hdr.msg_iovlen = 1
        datagrams += 1
    core.out_count = 0
    i = 0
    while i < datagrams:
        sent = sendmmsg(core.udp_fd, core.out_messages + i, datagrams - i, MSG_DONTWAIT)
        if sent > 0:
            i += sent
        elif errno == EINTR:
            continue
        else:
            # a full socket buffer or one unreachable destination: drop this one, go on with the next
            core.counters.dropped_send += 1
            i += 1


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
