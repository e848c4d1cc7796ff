# What a batch of packets will touch is fetched into the processor's caches before their turn comes. With hundreds of
# rooms each packet finds its room's memory cold, and one miss waits for another: address, peer, layer, subscriber,
# receiving peer. Here the misses of a whole batch wait together, step by step. Nothing is decided and nothing changes:
# leaving this out changes no packet.

cdef enum:
    CACHE_LINE = 64
    # what a packet touches of each structure stands first in it (`model.pxi`)
    PEER_BYTES = 256
    LAYER_BYTES = 256
    SUBSCRIBER_BYTES = 256


cdef inline void fetch(const void *at, int size) noexcept nogil:
    cdef int offset = 0
    while offset < size:
        prefetch(<const uint8_t *>at + offset, 1)
        offset += CACHE_LINE


cdef void look_ahead(Core *core, int got) noexcept nogil:
    """For the first `got` datagrams of the inbox, whose addresses have been read."""
    cdef int i
    cdef const uint8_t *data
    cdef Ahead *ahead
    cdef Stream *stream
    cdef Track *track
    cdef History *history
    cdef Sending *sending
    for i in range(got):
        prefetch(&core.table[address_hash(&core.in_addresses[i]) & core.table_mask], 0)
    for i in range(got):
        ahead = &core.ahead[i]
        data = core.inbox + i * SLOT_BYTES
        ahead.peer = NULL
        if core.in_messages[i].msg_len >= 12 and 128 <= data[0] <= 191:
            ahead.peer = find_peer(core, &core.in_addresses[i])
            if ahead.peer != NULL:
                fetch(ahead.peer, PEER_BYTES)
    for i in range(got):
        ahead = &core.ahead[i]
        ahead.layer = NULL
        if ahead.peer != NULL:
            prefetch(ahead.peer.rx, 0)
            stream = find_stream(ahead.peer, get32(core.inbox + i * SLOT_BYTES + 8))
            if stream != NULL:
                ahead.layer = stream.layer
                fetch(ahead.layer, LAYER_BYTES)
    for i in range(got):
        ahead = &core.ahead[i]
        if ahead.layer != NULL:
            prefetch(ahead.layer.track, 0)
            history = &ahead.layer.history
            if history.store != NULL:
                fetch(history.store + history.written % history.capacity, core.in_messages[i].msg_len)
                # the next in order: what comes late is looked for in vain, and comes seldom
                prefetch(&history.kept[(ahead.layer.ext_highest + 1) & (KEPT - 1)], 1)
    for i in range(got):
        ahead = &core.ahead[i]
        ahead.subscriber = NULL
        if ahead.layer != NULL:
            track = ahead.layer.track
            if track.subscriber_count:
                ahead.subscriber = track.subscribers[0]
                fetch(ahead.subscriber, SUBSCRIBER_BYTES)
    for i in range(got):
        ahead = &core.ahead[i]
        if ahead.subscriber != NULL:
            fetch(ahead.subscriber.peer, PEER_BYTES // 2)
            if ahead.subscriber.sent != NULL:
                prefetch(&ahead.subscriber.sent[(ahead.subscriber.ext_last + 1) & (SENT - 1)], 1)
    for i in range(got):
        ahead = &core.ahead[i]
        if ahead.subscriber != NULL:
            prefetch(ahead.subscriber.peer.tx, 0)
            prefetch(ahead.subscriber.peer.sending, 1)
    for i in range(got):
        ahead = &core.ahead[i]
        if ahead.subscriber != NULL and ahead.subscriber.peer.sending != NULL:
            sending = ahead.subscriber.peer.sending
            prefetch(&sending.ring[sending.next & (DEPARTURES - 1)], 1)
