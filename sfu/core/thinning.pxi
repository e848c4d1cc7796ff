# Temporal layers: which pictures of a layer a slot leaves out, and how its numbers close over them.
#
# A picture is left out whole, and what follows counts on as if it had not been. Which numbers a packet gets is therefore
# decided by what was left out before it: packets that come late get those that were in force at their place, so a number
# is never used twice (the rule of `subscriber.pxi`), and what was lost on the way here can still be sent where the
# viewer waits for it.
#
# Not here: which temporal layer a slot shall have (`share.pxi`).

cdef enum:
    SYNC_PATIENCE_US = 3000000      # without a picture to begin a higher layer with for so long, a key frame is asked for


cdef void thin_afresh(Subscriber *subscriber, const Packet *packet) noexcept nogil:
    """Another layer begins in the slot, with `packet` of a key frame."""
    subscriber.ext_seen = packet.ext_seq - 1
    subscriber.picture_time = packet.timestamp
    subscriber.left_out = False
    subscriber.temporal_now = subscriber.temporal
    subscriber.sync_since = 0
    if subscriber.gaps != NULL:
        subscriber.gaps.count = 0
        subscriber.gaps.unfinished = False


cdef void pass_packet(
    Core *core, Subscriber *subscriber, Layer *layer, const Packet *packet, int64_t now
) noexcept nogil:
    """Sends a packet of the slot's layer, or leaves it out."""
    cdef int64_t sequence_offset = subscriber.sequence_offset
    cdef uint16_t picture_offset = subscriber.picture_offset
    if packet.ext_seq > subscriber.ext_seen:
        subscriber.ext_seen = packet.ext_seq
        if packet.timestamp != subscriber.picture_time:
            # decided once for each picture: half of one is of no use
            subscriber.picture_time = packet.timestamp
            subscriber.left_out = shall_be_left_out(core, subscriber, layer, packet, now)
            if subscriber.gaps != NULL:
                subscriber.gaps.unfinished = False
        if subscriber.left_out and close_over(subscriber, packet):
            core.counters.left_out += 1
            return
    elif subscriber.gaps != NULL and not find_offsets(subscriber, packet, &sequence_offset, &picture_offset):
        core.counters.left_out += 1
        return
    send_packet(core, subscriber, layer, packet, sequence_offset, picture_offset, now)


cdef bint shall_be_left_out(
    Core *core, Subscriber *subscriber, Layer *layer, const Packet *packet, int64_t now
) noexcept nogil:
    """Whether the picture that begins with `packet` is in a higher temporal layer than the slot has now."""
    if subscriber.temporal <= subscriber.temporal_now or packet.key_start:
        # less at once: what is left depends on nothing above it
        subscriber.temporal_now = subscriber.temporal
        subscriber.sync_since = 0
    elif packet.codec == VP8 and packet.sync and packet.temporal == subscriber.temporal_now + 1:
        # one layer after the other: what comes later in this one may need the one below
        subscriber.temporal_now = packet.temporal
        subscriber.sync_since = 0
    elif packet.codec != VP8 and packet.sync and packet.temporal <= subscriber.temporal_now:
        subscriber.temporal_now = subscriber.temporal
        subscriber.sync_since = 0
        return False
    if packet.temporal <= subscriber.temporal_now:
        return False
    if packet.temporal <= subscriber.temporal:
        if subscriber.sync_since == 0:
            subscriber.sync_since = now
        elif now - subscriber.sync_since > SYNC_PATIENCE_US:
            subscriber.sync_since = now
            want_key(core, layer, now, False)
    return True


cdef bint close_over(Subscriber *subscriber, const Packet *packet) noexcept nogil:
    """Lets the numbers after a packet that is left out follow on those before it. False without memory."""
    cdef Gaps *gaps = subscriber.gaps
    cdef Gap *gap
    if gaps == NULL:
        gaps = subscriber.gaps = <Gaps *>calloc(1, sizeof(Gaps))
        if gaps == NULL:
            return False
    gap = &gaps.ring[(gaps.next + GAPS - 1) % GAPS]
    if gaps.unfinished:
        # what is missing between two packets of a picture belongs to it
        subscriber.sequence_offset -= packet.ext_seq + 1 - gap.ext_to
        gap.ext_to = packet.ext_seq + 1
        return True
    gap = &gaps.ring[gaps.next]
    gaps.next = (gaps.next + 1) % GAPS
    gaps.count = min(gaps.count + 1, GAPS + 1)
    gaps.unfinished = True
    gap.ext_at = packet.ext_seq
    gap.ext_to = packet.ext_seq + 1
    gap.timestamp = packet.timestamp
    gap.sequence_offset = subscriber.sequence_offset
    gap.picture_offset = subscriber.picture_offset
    subscriber.sequence_offset -= 1
    if packet.codec == VP8 and packet.picture_at >= 0:
        # a VP8 decoder takes a picture id that it misses for loss; VP9's ids say what depends on what, and stay
        subscriber.picture_offset -= 1
    return True


cdef bint find_offsets(
    const Subscriber *subscriber, const Packet *packet, int64_t *sequence_offset, uint16_t *picture_offset
) noexcept nogil:
    """The offsets of a packet that comes late. False if it is of a picture that was left out, or older than what is
    remembered of those."""
    cdef const Gaps *gaps = subscriber.gaps
    cdef const Gap *gap
    cdef int i
    for i in range(min(gaps.count, <int>GAPS)):
        gap = &gaps.ring[(gaps.next + 2 * GAPS - 1 - i) % GAPS]
        if packet.timestamp == gap.timestamp:
            return False
        if packet.ext_seq >= gap.ext_to:
            return True
        if packet.ext_seq >= gap.ext_at:
            return False
        sequence_offset[0] = gap.sequence_offset
        picture_offset[0] = gap.picture_offset
    return gaps.count <= GAPS
