# A listener: a peer inside this process. It receives in slots like any other, but what it gets is not sealed and not
# sent: it waits here, in clear, until Python takes it. Who listens is somebody else's business; nothing else in the
# engine asks whether a peer is one.

cdef enum:
    # of one listener. Less, and a moment in which nobody takes anything loses packets: this is 3 s of two pictures at
    # 2.5 Mbit/s, or 1.3 s of five
    TAP_BYTES = 2097152
    TAP_HEADER = 12                 # the time, then the length


cdef bint open_tap(Peer *peer) noexcept nogil:
    """False without memory."""
    peer.tap = <Tap *>calloc(1, sizeof(Tap))
    if peer.tap != NULL:
        peer.tap.ring = <uint8_t *>malloc(TAP_BYTES)
        if peer.tap.ring == NULL:
            close_tap(peer)
    return peer.tap != NULL


cdef void close_tap(Peer *peer) noexcept nogil:
    if peer.tap != NULL:
        free(peer.tap.ring)
    free(peer.tap)
    peer.tap = NULL


cdef inline bint can_receive(const Peer *peer) noexcept nogil:
    """Whether what is sent to the peer gets anywhere."""
    return peer.tap != NULL or (peer.tx != NULL and peer.has_selected)


cdef void tap_write(Tap *tap, const void *data, int64_t length) noexcept nogil:
    cdef int64_t at = tap.written % TAP_BYTES
    cdef int64_t first = min(length, TAP_BYTES - at)
    memcpy(tap.ring + at, data, first)
    memcpy(tap.ring, <const uint8_t *>data + first, length - first)
    tap.written += length


cdef void tap_read(Tap *tap, void *data, int64_t length) noexcept nogil:
    cdef int64_t at = tap.taken % TAP_BYTES
    cdef int64_t first = min(length, TAP_BYTES - at)
    memcpy(data, tap.ring + at, first)
    memcpy(<uint8_t *>data + first, tap.ring, length - first)
    tap.taken += length


cdef void deliver(Core *core, Peer *peer, const Outgoing *out) noexcept nogil:
    """Leaves a clear packet for the listener; drops and counts it if it has not taken what came before."""
    cdef Tap *tap = peer.tap
    cdef int32_t length = out.length
    if tap.written - tap.taken + TAP_HEADER + length > TAP_BYTES:
        tap.dropped += 1
        core.counters.dropped_tap += 1
        return
    tap_write(tap, &core.now, sizeof(int64_t))
    tap_write(tap, &length, sizeof(int32_t))
    tap_write(tap, out.data, length)
    peer.bytes_out += length
    peer.packets_out += 1
