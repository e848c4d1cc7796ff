# The packets of a layer, in clear, so that a NACK can be answered: a byte ring that grows until it holds about
# one second, and an index by sequence number. One copy serves every subscriber.

cdef enum:
    HISTORY_FIRST_BYTES = 65536
    HISTORY_MOST_BYTES = 524288     # larger: more memory per layer; smaller: 4 Mbit/s is forgotten within a round trip
    HISTORY_WANTED_US = 1000000


cdef void history_free(History *history) noexcept nogil:
    free(history.store)
    free(history.kept)
    memset(history, 0, sizeof(History))


cdef bint history_open(History *history) noexcept nogil:
    cdef int i
    history.store = <uint8_t *>malloc(HISTORY_FIRST_BYTES)
    history.kept = <Kept *>malloc(KEPT * sizeof(Kept))
    if history.store == NULL or history.kept == NULL:
        history_free(history)
        return False
    history.capacity = HISTORY_FIRST_BYTES
    for i in range(KEPT):
        history.kept[i].ext_seq = -1
    return True


cdef inline bint history_holds(const History *history, const Kept *kept) noexcept nogil:
    return kept.ext_seq >= 0 and history.written - kept.position <= history.capacity


cdef void history_grow(History *history) noexcept nogil:
    """Twice the bytes, with everything that is still held."""
    cdef int64_t capacity = history.capacity * 2
    cdef uint8_t *store = <uint8_t *>malloc(capacity)
    cdef int64_t at = 0
    cdef int i
    cdef Kept *kept
    if store == NULL:
        return
    for i in range(KEPT):
        kept = &history.kept[i]
        if history_holds(history, kept):
            memcpy(store + at, history.store + kept.position % history.capacity, kept.length)
            kept.position = at
            at += kept.length
        else:
            kept.ext_seq = -1
    free(history.store)
    history.store = store
    history.capacity = capacity
    history.written = at


cdef void history_keep(History *history, const Packet *packet, int64_t now) noexcept nogil:
    cdef Kept *kept
    cdef int64_t at
    if history.store == NULL and not history_open(history):
        return
    at = history.written % history.capacity
    if at + packet.payload_length > history.capacity:
        # payloads are kept in one piece: skip to the start
        if now - history.wrapped_at < HISTORY_WANTED_US and history.capacity < HISTORY_MOST_BYTES:
            history_grow(history)
            at = history.written % history.capacity
        else:
            history.written += history.capacity - at
            at = 0
        history.wrapped_at = now
    memcpy(history.store + at, packet.payload, packet.payload_length)
    kept = &history.kept[packet.ext_seq & (KEPT - 1)]
    kept.ext_seq = packet.ext_seq
    kept.position = history.written
    kept.timestamp = packet.timestamp
    kept.length = packet.payload_length
    kept.picture = packet.picture
    kept.picture_at = packet.picture_at
    kept.tl0_at = packet.tl0_at
    kept.codec = packet.codec
    kept.picture_bytes = packet.picture_bytes
    kept.tl0 = packet.tl0
    kept.temporal = packet.temporal | (SYNC_BIT if packet.sync else 0)
    kept.marker = packet.marker
    kept.key_start = packet.key_start
    history.written += packet.payload_length


cdef bint history_find(const History *history, int64_t ext_seq, Packet *packet) noexcept nogil:
    """Fills `packet` with what was kept. False if it is not held any more."""
    cdef const Kept *kept
    if history.kept == NULL:
        return False
    kept = &history.kept[ext_seq & (KEPT - 1)]
    if kept.ext_seq != ext_seq or not history_holds(history, kept):
        return False
    memset(packet, 0, sizeof(Packet))
    packet.ext_seq = ext_seq
    packet.seq = ext_seq & 0xFFFF
    packet.payload = history.store + kept.position % history.capacity
    packet.payload_length = kept.length
    packet.timestamp = kept.timestamp
    packet.picture = kept.picture
    packet.picture_at = kept.picture_at
    packet.tl0_at = kept.tl0_at
    packet.codec = kept.codec
    packet.picture_bytes = kept.picture_bytes
    packet.tl0 = kept.tl0
    packet.temporal = kept.temporal & ~SYNC_BIT
    packet.sync = (kept.temporal & SYNC_BIT) != 0
    packet.marker = kept.marker
    packet.key_start = kept.key_start
    return True
