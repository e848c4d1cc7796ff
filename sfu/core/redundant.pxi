# Redundant sound (RFC 2198) for the listener who loses packets, and for nobody else: each packet also holds the one
# before it, whole. Made here, where it is known who needs it; what is published and recorded is the same as ever.
#
# It costs as much again as the voice does. On a line that carries little that would cost more than it mends, so there
# the copies within Opus (RFC 6716, section 2.1.7) have to do.

cdef enum:
    # of 256 packets, as the listener reports, smoothed. From: Opus mends single losses roughly
    REDUNDANT_FROM = 8
    REDUNDANT_WHILE = 4
    REDUNDANT_US = 12000000         # after the last report of such loss; browsers report each second to each five
    REDUNDANT_LEAST_BPS = 120000    # of the estimate
    BLOCK_MOST_BYTES = 1023         # ten bits of length
    BLOCK_MOST_AGO = 16383          # fourteen of time: a third of a second of sound
    BLOCK_HEADERS = 5               # of the block before, and of the packet's own


cdef void judge_redundancy(Subscriber *slot, int64_t now) noexcept nogil:
    """After a report of the slot's listener."""
    cdef int64_t estimate = slot.peer.estimate_bps
    cdef int from_here = REDUNDANT_WHILE if now < slot.redundant_until else REDUNDANT_FROM
    if slot.kind != AUDIO or slot.track == NULL or slot.rtx_pt_of[OPUS] == NO_PT:
        return
    if estimate and estimate < REDUNDANT_LEAST_BPS:
        slot.redundant_until = 0
    elif slot.loss16 >= from_here * 16:
        slot.redundant_until = now + REDUNDANT_US
        slot.track.kept_until = max(slot.track.kept_until, slot.redundant_until)


cdef void keep_sound(Layer *layer, const Packet *packet, int64_t now) noexcept nogil:
    """For the packet behind it, while somebody is to get it twice."""
    if now < layer.track.kept_until:
        history_keep(&layer.history, packet, now)
    elif layer.history.store != NULL:
        history_free(&layer.history)


cdef int write_before(
    uint8_t *out, const Subscriber *slot, const Layer *layer, const Packet *packet, int room
) noexcept nogil:
    """The headers of two blocks and the packet before `packet` (RFC 2198, section 3). Returns how long that is, 0 if
    that packet is not there, or too long ago, or was not for this listener."""
    cdef Packet before
    cdef uint32_t ago
    if packet.ext_seq - 1 < slot.ext_from or not history_find(&layer.history, packet.ext_seq - 1, &before):
        return 0
    ago = packet.timestamp - before.timestamp
    if before.codec != packet.codec or ago == 0 or ago > BLOCK_MOST_AGO:
        return 0
    if before.payload_length > BLOCK_MOST_BYTES or BLOCK_HEADERS + before.payload_length > room:
        return 0
    out[0] = 0x80 | slot.pt_of[OPUS]
    put24(out + 1, ago << 10 | <uint32_t>before.payload_length)
    out[4] = slot.pt_of[OPUS]
    memcpy(out + BLOCK_HEADERS, before.payload, before.payload_length)
    return BLOCK_HEADERS + before.payload_length
