# What a publisher is told to send at most: what its viewers can take of it. It is told by REMB
# (draft-alvestrand-rmcat-remb-03), which caps what transport-wide congestion control finds out.
#
# The largest layer in use follows its viewers: as low as the weakest of those that are not much weaker than the best.
# Who is weaker than that gets a smaller layer. A listener takes what there is. Where there is only one layer, all get
# less before some get nothing.

cdef enum:
    CEILING_SPACING_US = 20000      # downwards
    CEILING_CALM_US = 200000        # upwards
    CEILING_REFRESH_US = 1000000    # one that is lost is told again
    CEILING_LIFTED_US = 3000000     # and for so long that there is none any more
    CEILING_STREAMS = 8
    ONE_LAYER_BPS = 300000

cdef int64_t NO_CEILING_BPS = 1000000000


cdef int64_t takeable(const Subscriber *slot) noexcept nogil:
    """What the publisher may send so that it fits with what has to be sent again."""
    cdef int64_t most = most_of(slot.target)
    cdef int64_t again = slot.share_bps * slot.loss16 // 4096
    cdef int64_t wanted = slot.peer.wanted_bps
    if slot.share_bps == 0:
        return most
    if 0 < wanted < slot.peer.estimate_bps:
        # more is carried than anybody wants: there is room for repeats beside the share
        again -= min(again, (slot.peer.estimate_bps - wanted) * slot.share_bps // wanted)
    return min(slot.share_bps - again, most)


cdef int64_t ceiling_of(const Track *track) noexcept nogil:
    """For all layers of the track together; 0 = none is needed."""
    cdef int i, largest = -1
    cdef int64_t best = 0, least, taken, total
    cdef const Subscriber *slot
    for i in range(track.subscriber_count):
        slot = track.subscribers[i]
        if slot.target != NULL:
            largest = max(largest, slot.target.rank)
    for i in range(track.subscriber_count):
        slot = track.subscribers[i]
        if slot.target != NULL and slot.target.rank == largest and slot.peer.tap == NULL:
            best = max(best, takeable(slot))
    if best == 0:
        return 0
    least = best
    for i in range(track.subscriber_count):
        slot = track.subscribers[i]
        if slot.target != NULL and slot.target.rank == largest and slot.peer.tap == NULL:
            taken = takeable(slot)
            if track.layer_count == 1:
                least = min(least, max(taken, min(best, <int64_t>ONE_LAYER_BPS)))
            elif taken * 10 >= best * 7:
                least = min(least, taken)
    if least >= most_of(track.layers[largest]):
        return 0
    total = least
    for i in range(largest):
        if track.wanted >> i & 1:
            total += most_of(track.layers[i])
    return total


cdef int64_t ceiling_for(const Peer *peer) noexcept nogil:
    """For all that the peer sends; 0 = none, -1 = as before: nobody watches."""
    cdef int i
    cdef int64_t total = 0, one, audio = 0
    cdef const Track *track
    for i in range(peer.track_count):
        track = peer.tracks[i]
        if track.paused:
            continue
        if track.kind == AUDIO:
            audio += sound_of(track)
        elif track.wanted:
            one = ceiling_of(track)
            if one == 0:
                return 0
            total += one
    return total + audio if total else -1


cdef void follow_viewers(Core *core, Peer *peer, int64_t now) noexcept nogil:
    """Tells a publisher what it may send, if that is another than it knows, or again."""
    cdef int64_t told = peer.ceiling_bps
    cdef int64_t since = now - peer.ceiling_at
    cdef int64_t ceiling, step = told // 32
    if not peer.takes_ceilings or peer.tx == NULL or not peer.has_selected:
        return
    ceiling = ceiling_for(peer)
    if ceiling < 0:
        return
    if ceiling == 0:
        if told:
            peer.ceiling_lifted_at = now
        elif peer.ceiling_lifted_at == 0 or now - peer.ceiling_lifted_at > CEILING_LIFTED_US:
            return
        elif since < CEILING_REFRESH_US:
            return
    elif told == 0 or ceiling < told - step:
        if since < CEILING_SPACING_US:
            return
    elif since < (CEILING_CALM_US if ceiling > told + step else CEILING_REFRESH_US):
        return
    peer.ceiling_bps = ceiling
    peer.ceiling_at = now
    send_ceiling(core, peer, ceiling if ceiling else NO_CEILING_BPS)


cdef void send_ceiling(Core *core, Peer *peer, int64_t bps) noexcept nogil:
    cdef Outgoing *out = next_outgoing(core)
    cdef int i, j, count = 0, at = 20
    cdef uint32_t exponent = 0
    for i in range(peer.track_count):
        for j in range(peer.tracks[i].layer_count):
            if peer.tracks[i].layers[j].started and count < CEILING_STREAMS:
                put32(out.data + at, peer.tracks[i].layers[j].ssrc)
                at += 4
                count += 1
    # 18 bits of mantissa, 6 of exponent
    while bps >= 1 << 18:
        bps >>= 1
        exponent += 1
    write_rtcp_header(out.data, FEEDBACK_APPLICATION, RTCP_PSFB, at)
    put32(out.data + 4, peer.rtcp_ssrc)
    put32(out.data + 8, 0)
    memcpy(out.data + 12, b"REMB", 4)
    out.data[16] = count
    put24(out.data + 17, exponent << 18 | <uint32_t>bps)
    out.length = at
    send_sealed_rtcp(core, peer, out)
    core.counters.ceilings_out += 1
