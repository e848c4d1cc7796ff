# One outgoing stream: a slot in which one layer of one track plays. A change of source happens at a key frame;
# sequence number, timestamp and picture ids go on as if nothing had happened.
#
# The rule that keeps AES-GCM safe: under one SSRC and sequence number only one packet is ever sealed. A packet that
# is older than the switch is dropped, and what is sent again goes out as RTX (RFC 4588), which has its own SSRC.

cdef enum:
    REPEAT_SPACING_US = 20000       # a packet asked for twice within this is sent again once
    # RTX towards one slot: larger, a lying viewer costs more; smaller, a bad minute is not mended
    REPEAT_BYTES_PER_S = 1000000
    REPEAT_BYTES_BURST = 300000
    # and where it is known what the connection carries: half of that. What fills its queue loses more than it mends
    REPEAT_LEAST_PER_S = 20000


cdef Subscriber *find_subscriber(Peer *peer, uint32_t ssrc) noexcept nogil:
    cdef int i
    for i in range(peer.subscriber_count):
        if peer.subscribers[i].ssrc == ssrc or (ssrc != 0 and peer.subscribers[i].rtx_ssrc == ssrc):
            return peer.subscribers[i]
    return NULL


cdef bint track_add_subscriber(Track *track, Subscriber *subscriber) noexcept nogil:
    cdef Subscriber **subscribers = <Subscriber **>grown(
        track.subscribers, track.subscriber_count, &track.subscriber_room
    )
    if subscribers == NULL:
        return False
    track.subscribers = subscribers
    track.subscribers[track.subscriber_count] = subscriber
    track.subscriber_count += 1
    return True


cdef void detach(Subscriber *subscriber) noexcept nogil:
    """Ends what plays in the slot; what comes next continues its numbers."""
    cdef Track *track = subscriber.track
    cdef int i
    if track == NULL:
        return
    for i in range(track.subscriber_count):
        if track.subscribers[i] == subscriber:
            track.subscriber_count -= 1
            track.subscribers[i] = track.subscribers[track.subscriber_count]
            break
    subscriber.track = NULL
    subscriber.current = NULL
    subscriber.pending = NULL
    subscriber.previous = NULL
    subscriber.target = NULL
    subscriber.stopped = False
    subscriber.share_bps = subscriber.raise_since = subscriber.raised_at = 0
    subscriber.over_since = subscriber.shown_again_at = 0
    subscriber.raise_wait = RAISE_US
    subscriber.redundant_until = 0


cdef bint attach(Core *core, Subscriber *subscriber, Track *track, int64_t now) noexcept nogil:
    detach(subscriber)
    if not track_add_subscriber(track, subscriber):
        return False
    subscriber.track = track
    if subscriber.kind == VIDEO:
        set_held(core, subscriber, False)
        share_out(core, subscriber.peer, now)
    else:
        subscriber.pending = best_layer(track, now)
    return True


cdef void ask_for_picture(Core *core, Subscriber *subscriber, int64_t now) noexcept nogil:
    # not before the viewer can receive: an answer that comes too early is lost, and the next one has to wait
    if subscriber.kind == VIDEO and subscriber.pending != NULL and (
        subscriber.peer.tx != NULL or subscriber.peer.tap != NULL
    ):
        want_key(core, subscriber.pending, now, True)


cdef void picture_anew(Core *core, Peer *peer, int64_t now) noexcept nogil:
    """The peer is on another network: what was under way is lost in both directions, and to ask for it all again takes
    longer than a key frame."""
    cdef int i, j
    for i in range(peer.subscriber_count):
        if peer.subscribers[i].kind == VIDEO and peer.subscribers[i].current != NULL:
            want_key(core, peer.subscribers[i].current, now, False)
    for i in range(peer.track_count):
        for j in range(peer.tracks[i].subscriber_count):
            if peer.tracks[i].kind == VIDEO and peer.tracks[i].subscribers[j].current != NULL:
                want_key(core, peer.tracks[i].subscribers[j].current, now, False)


cdef void wait_for_key(Core *core, Subscriber *subscriber, Layer *layer, int64_t now) noexcept nogil:
    """Nothing of the slot's track is forwarded until the layer's next key frame (sound: its next packet)."""
    if subscriber.stopped:
        return
    if subscriber.current != NULL:
        subscriber.previous = subscriber.current
    subscriber.current = NULL
    subscriber.pending = layer
    subscriber.pending_since = now
    ask_for_picture(core, subscriber, now)


cdef Layer *best_layer(Track *track, int64_t now) noexcept nogil:
    """Of the layers that come in now, the one with the most bits; the first one while none is known to."""
    cdef int i
    cdef Layer *best = NULL
    cdef Layer *layer
    for i in range(track.layer_count):
        layer = track.layers[i]
        if not layer.started:
            continue
        if best == NULL or (now - best.last_packet_at > 500000 and layer.last_packet_at > best.last_packet_at):
            best = layer
        elif now - layer.last_packet_at <= 500000 and layer.rate_bps > best.rate_bps:
            best = layer
    return best


cdef void open_sent(Subscriber *subscriber) noexcept nogil:
    # without memory nothing can be sent again
    cdef int i
    subscriber.sent = <Sent *>malloc(SENT * sizeof(Sent))
    if subscriber.sent != NULL:
        for i in range(SENT):
            subscriber.sent[i].ext_out = -1


cdef void start_from(
    Core *core, Subscriber *subscriber, Layer *layer, const Packet *packet, int64_t now
) noexcept nogil:
    """From `packet` on the slot carries `layer`."""
    cdef int64_t elapsed
    if subscriber.current != NULL and subscriber.current != layer:
        subscriber.previous = subscriber.current
    subscriber.current = layer
    subscriber.pending = NULL
    subscriber.ext_from = packet.ext_seq
    if not subscriber.has_sent:
        subscriber.has_sent = True
        # half the range, so that a first roll-over is far and a receiver can't guess it wrong
        subscriber.ext_last = 65536 + <int64_t>(draw(core) & 0x7FFF)
        subscriber.timestamp_last = <uint32_t>draw(core)
        subscriber.timestamp_at = now
        subscriber.picture_last = <uint16_t>(draw(core) & 0x7FFF)
        subscriber.tl0_last = <uint8_t>draw(core)
        subscriber.rtx_seq = <uint16_t>(draw(core) & 0x7FFF)
        if subscriber.kind == VIDEO and subscriber.rtx_ssrc != 0:
            open_sent(subscriber)
    else:
        core.counters.switches += 1
    elapsed = max((now - subscriber.timestamp_at) * clock_rate(subscriber.kind) // 1000000, <int64_t>1)
    subscriber.timestamp_offset = subscriber.timestamp_last + <uint32_t>elapsed - packet.timestamp
    subscriber.sequence_offset = subscriber.ext_last + 1 - packet.ext_seq
    subscriber.picture_offset = subscriber.picture_last + 1 - packet.picture
    subscriber.tl0_offset = subscriber.tl0_last + 1 - packet.tl0
    thin_afresh(subscriber, packet)
    tell_slot_time(core, subscriber, now)


cdef void forward(Core *core, Subscriber *subscriber, Layer *layer, const Packet *packet, int64_t now) noexcept nogil:
    """One packet of the slot's track towards the slot's peer."""
    cdef int64_t ext
    cdef Packet later
    if subscriber.stopped or not can_receive(subscriber.peer):
        return
    if subscriber.current == NULL and subscriber.pending == NULL:
        subscriber.pending = layer
        subscriber.pending_since = now
        ask_for_picture(core, subscriber, now)
    if layer == subscriber.pending:
        if subscriber.kind == AUDIO or packet.key_start:
            if subscriber.pt_of[packet.codec] == NO_PT:
                core.counters.dropped_no_codec += 1
                return
            start_from(core, subscriber, layer, packet, now)
            pass_packet(core, subscriber, layer, packet, now)
            # the rest of the key frame may have come before its first packet did
            ext = packet.ext_seq + 1
            while subscriber.kind == VIDEO and ext <= layer.ext_highest:
                if history_find(&layer.history, ext, &later):
                    pass_packet(core, subscriber, layer, &later, now)
                ext += 1
            return
        if not layer.key_wanted and now - subscriber.pending_since >= KEY_REPEAT_US:
            subscriber.pending_since = now
            ask_for_picture(core, subscriber, now)
    if layer != subscriber.current:
        return
    if packet.ext_seq < subscriber.ext_from:
        core.counters.dropped_old += 1
        return
    pass_packet(core, subscriber, layer, packet, now)


cdef void send_packet(
    Core *core,
    Subscriber *subscriber,
    Layer *layer,
    const Packet *packet,
    int64_t sequence_offset,
    uint16_t picture_offset,
    int64_t now,
) noexcept nogil:
    cdef Outgoing *out
    cdef int at, before = 0
    cdef int64_t ext = packet.ext_seq + sequence_offset
    cdef uint8_t pt = subscriber.pt_of[packet.codec]
    cdef uint32_t timestamp = packet.timestamp + subscriber.timestamp_offset
    cdef Sent *sent
    if pt == NO_PT:
        core.counters.dropped_no_codec += 1
        return
    if subscriber.sent != NULL:
        sent = &subscriber.sent[ext & (SENT - 1)]
        if sent.ext_out >= ext:
            return
        sent.ext_out = ext
        sent.layer = layer.number
        sent.ext_in = packet.ext_seq
        sent.repeated_at = 0
        sent.timestamp_offset = subscriber.timestamp_offset
        sent.picture_offset = picture_offset
        sent.tl0_offset = subscriber.tl0_offset
    out = next_outgoing(core)
    at = begin_rtp(subscriber, out, pt, packet.marker, <uint32_t>(ext & 0xFFFF), timestamp, subscriber.ssrc)
    if subscriber.redundant_until > now:
        before = write_before(out.data + at, subscriber, layer, packet, MAX_RTP - at - packet.payload_length)
        if before:
            out.data[1] = out.data[1] & 0x80 | subscriber.rtx_pt_of[packet.codec]
            core.counters.redundant_out += 1
            at += before
    memcpy(out.data + at, packet.payload, packet.payload_length)
    shift_picture(out.data + at, packet, picture_offset, subscriber.tl0_offset)
    out.length = at + packet.payload_length
    send_sealed_rtp(core, subscriber.peer, out)
    core.counters.rtp_forwarded += 1
    subscriber.packets += 1
    subscriber.octets += packet.payload_length + before
    if ext > subscriber.ext_last:
        subscriber.ext_last = ext
        subscriber.timestamp_last = timestamp
        subscriber.timestamp_at = now
        if packet.picture_at >= 0:
            subscriber.picture_last = packet.picture + picture_offset
        if packet.tl0_at >= 0:
            subscriber.tl0_last = packet.tl0 + subscriber.tl0_offset


cdef void answer_nack(
    Core *core, Peer *peer, uint32_t ssrc, const uint8_t *entry, int count, int64_t now
) noexcept nogil:
    """Generic NACK, RFC 4585, section 6.2.1."""
    cdef Subscriber *subscriber = find_subscriber(peer, ssrc)
    cdef int i, bit
    cdef int64_t rate = REPEAT_BYTES_PER_S
    cdef uint16_t first, mask
    core.counters.nacks_in += 1
    if subscriber == NULL or subscriber.sent == NULL or subscriber.rtx_ssrc == 0:
        return
    if peer.estimate_bps:
        rate = min(rate, max(peer.estimate_bps // 16, <int64_t>REPEAT_LEAST_PER_S))
    subscriber.repeat_budget = min(
        subscriber.repeat_budget + (now - subscriber.repeat_budget_at) * rate // 1000000,
        rate * REPEAT_BYTES_BURST // REPEAT_BYTES_PER_S,
    )
    subscriber.repeat_budget_at = now
    for i in range(count):
        first = get16(entry + 4 * i)
        mask = get16(entry + 4 * i + 2)
        repeat(core, subscriber, first, now)
        for bit in range(16):
            if mask >> bit & 1:
                repeat(core, subscriber, <uint16_t>(first + bit + 1), now)


cdef void repeat(Core *core, Subscriber *subscriber, uint16_t seq, int64_t now) noexcept nogil:
    """Sends one packet again as RTX, RFC 4588, section 4."""
    cdef int64_t ext = subscriber.ext_last + <int16_t>(seq - <uint16_t>(subscriber.ext_last & 0xFFFF))
    cdef Sent *sent = &subscriber.sent[ext & (SENT - 1)]
    cdef Packet packet
    if sent.ext_out != ext:
        return
    if sent.repeated_at != 0:
        if now - sent.repeated_at < max(<int64_t>REPEAT_SPACING_US, repeat_spacing(subscriber.peer)):
            return
    if not find_sent(subscriber, sent, &packet):
        core.counters.repeats_unavailable += 1
        return
    if subscriber.rtx_pt_of[packet.codec] == NO_PT:
        return
    if subscriber.repeat_budget < packet.payload_length or not may_repeat(subscriber.peer, packet.payload_length, now):
        core.counters.dropped_repeat_budget += 1
        return
    subscriber.repeat_budget -= packet.payload_length
    sent.repeated_at = now
    send_again(core, subscriber, sent, &packet)
    core.counters.rtx_out += 1


cdef bint find_sent(const Subscriber *subscriber, const Sent *sent, Packet *packet) noexcept nogil:
    """Fills `packet` with what was sent, as it came in. False if it is not held any more."""
    if sent.layer == 0:
        # an empty one (`thinning.pxi`)
        memset(packet, 0, sizeof(Packet))
        packet.codec = sent.tl0_offset
        packet.picture_at = packet.tl0_at = -1
        return True
    if subscriber.current != NULL and subscriber.current.number == sent.layer:
        return history_find(&subscriber.current.history, sent.ext_in, packet)
    if subscriber.previous != NULL and subscriber.previous.number == sent.layer:
        return history_find(&subscriber.previous.history, sent.ext_in, packet)
    return False


cdef void send_again(Core *core, Subscriber *subscriber, const Sent *sent, const Packet *packet) noexcept nogil:
    cdef Outgoing *out = next_outgoing(core)
    cdef int at = begin_rtp(
        subscriber, out, subscriber.rtx_pt_of[packet.codec], packet.marker, subscriber.rtx_seq,
        packet.timestamp + sent.timestamp_offset, subscriber.rtx_ssrc,
    )
    put16(out.data + at, <uint32_t>(sent.ext_out & 0xFFFF))
    at += 2
    if packet.payload_length:
        memcpy(out.data + at, packet.payload, packet.payload_length)
    shift_picture(out.data + at, packet, sent.picture_offset, sent.tl0_offset)
    out.length = at + packet.payload_length
    subscriber.rtx_seq += 1
    send_sealed_rtp(core, subscriber.peer, out)
