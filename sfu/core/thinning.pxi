# Temporal layers: which pictures of a layer a slot leaves out, and how its numbers close over them.
#
# A picture is left out whole, and what follows counts on as if it had not been. Which numbers a packet gets is
# therefore decided by what was left out before it: packets that come late get those that were in force at their place,
# so a number is never used twice (the rule of `subscriber.pxi`), and what was lost on the way here can still be sent
# where the viewer waits for it.
#
# Not here: which temporal layer a slot shall have (`share.pxi`).

cdef enum:
    # what becomes of a packet that comes late
    LEFT_OUT = 0                    # the numbers have closed over it, or it is too old
    LEFT_A_HOLE = 1                 # it is left out, but a number waits for it
    SENT_LATE = 2
    SYNC_PATIENCE_US = 3000000      # a higher layer is waited for so long, then a key frame is asked for


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
    cdef int64_t before
    cdef int place, limit
    if packet.ext_seq > subscriber.ext_seen:
        before = subscriber.ext_seen
        subscriber.ext_seen = packet.ext_seq
        if packet.timestamp != subscriber.picture_time:
            # decided once for each picture: half of one is of no use
            subscriber.picture_time = packet.timestamp
            limit = subscriber.temporal_now
            subscriber.left_out = shall_be_left_out(core, subscriber, layer, packet, now)
            if limit != subscriber.temporal_now:
                note_limit(subscriber, packet, before + 1, limit)
            elif subscriber.gaps != NULL:
                subscriber.gaps.unfinished = False
        if subscriber.left_out and close_over(subscriber, packet):
            core.counters.left_out += 1
            return
    elif subscriber.gaps != NULL:
        place = find_place(subscriber, packet, &sequence_offset, &picture_offset)
        if place != SENT_LATE:
            core.counters.left_out += 1
            if place == LEFT_A_HOLE:
                fill_hole(core, subscriber, packet, packet.ext_seq + sequence_offset)
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


cdef Gap *new_gap(Subscriber *subscriber, int64_t ext, uint32_t timestamp) noexcept nogil:
    """An empty one before `ext`, with what is in force now. NULL without memory."""
    cdef Gaps *gaps = subscriber.gaps
    cdef Gap *gap
    if gaps == NULL:
        gaps = subscriber.gaps = <Gaps *>calloc(1, sizeof(Gaps))
        if gaps == NULL:
            return NULL
    gap = &gaps.ring[gaps.next]
    gaps.next = (gaps.next + 1) % GAPS
    gaps.count = min(gaps.count + 1, GAPS + 1)
    gaps.unfinished = False
    gap.ext_at = gap.ext_to = ext
    gap.timestamp = timestamp
    gap.sequence_offset = subscriber.sequence_offset
    gap.picture_offset = subscriber.picture_offset
    gap.temporal = <uint8_t>subscriber.temporal_now
    return gap


cdef void note_limit(Subscriber *subscriber, const Packet *packet, int64_t ext_next, int before) noexcept nogil:
    """The slot has another highest temporal layer from the picture of `packet` on; what is missing before it counts as
    part of it where that does no harm."""
    cdef int64_t ext = ext_next if before < subscriber.temporal_now else packet.ext_seq
    cdef Gap *gap = new_gap(subscriber, ext, 0)
    if gap != NULL:
        gap.temporal = <uint8_t>before


cdef bint close_over(Subscriber *subscriber, const Packet *packet) noexcept nogil:
    """Lets the numbers after a packet that is left out follow on those before it. False without memory."""
    cdef Gaps *gaps = subscriber.gaps
    cdef Gap *gap
    if gaps != NULL and gaps.unfinished:
        # what is missing between two packets of a picture belongs to it
        gap = &gaps.ring[(gaps.next + GAPS - 1) % GAPS]
    else:
        gap = new_gap(subscriber, packet.ext_seq, packet.timestamp)
        if gap == NULL:
            return False
        subscriber.gaps.unfinished = True
        if packet.codec == VP8 and packet.picture_at >= 0:
            # a VP8 decoder takes a picture id that it misses for loss; VP9's ids say what depends on what, and stay
            subscriber.picture_offset -= 1
    subscriber.sequence_offset -= packet.ext_seq + 1 - gap.ext_to
    gap.ext_to = packet.ext_seq + 1
    return True


cdef int find_place(
    const Subscriber *subscriber, const Packet *packet, int64_t *sequence_offset, uint16_t *picture_offset
) noexcept nogil:
    """What becomes of a packet that comes late, and its offsets."""
    cdef const Gaps *gaps = subscriber.gaps
    cdef const Gap *gap
    cdef int i, limit = subscriber.temporal_now
    cdef bint left_out = False
    for i in range(min(gaps.count, <int>GAPS)):
        gap = &gaps.ring[(gaps.next + 2 * GAPS - 1 - i) % GAPS]
        left_out |= gap.ext_at != gap.ext_to and packet.timestamp == gap.timestamp
        if packet.ext_seq >= gap.ext_to:
            return LEFT_A_HOLE if left_out or packet.temporal > limit else SENT_LATE
        if packet.ext_seq >= gap.ext_at:
            return LEFT_OUT
        sequence_offset[0] = gap.sequence_offset
        picture_offset[0] = gap.picture_offset
        limit = gap.temporal
    if gaps.count > GAPS:
        return LEFT_OUT
    # a picture that was lost whole on its way here: what it is made from may have been left out
    return LEFT_A_HOLE if left_out or packet.temporal > limit else SENT_LATE


cdef void fill_hole(Core *core, Subscriber *subscriber, const Packet *packet, int64_t ext) noexcept nogil:
    """An empty packet, so that the viewer doesn't wait for this number and doesn't ask for it."""
    cdef Outgoing *out
    cdef Sent *sent
    cdef uint8_t pt = subscriber.pt_of[packet.codec]
    if pt == NO_PT:
        return
    if subscriber.sent != NULL:
        sent = &subscriber.sent[ext & (SENT - 1)]
        if sent.ext_out >= ext:
            return
        sent.ext_out = ext
        # of no layer; what it takes to send it again stands where the offsets of others do
        sent.layer = 0
        sent.repeated_at = 0
        sent.timestamp_offset = packet.timestamp + subscriber.timestamp_offset
        sent.tl0_offset = packet.codec
    out = next_outgoing(core)
    out.length = begin_rtp(
        subscriber,
        out,
        pt,
        False,
        <uint32_t>(ext & 0xFFFF),
        packet.timestamp + subscriber.timestamp_offset,
        subscriber.ssrc,
    )
    send_sealed_rtp(core, subscriber.peer, out)
    subscriber.packets += 1
    subscriber.ext_last = max(subscriber.ext_last, ext)
