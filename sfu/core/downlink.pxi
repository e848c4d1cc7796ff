# Where the estimate of the way to a peer meets the engine: its feedback taken in, its probes filled up.

cdef enum:
    FILLED_AT_ONCE = 16             # packets with which a probe is filled up in one step
    FILL_BACK = 24                  # of the last packets that are repeated for it
    FILL_LEAST_BYTES = 400          # smaller ones are not worth it
    FILL_TRIES = 4
    PADDING_BYTES = 255             # of a packet that is nothing else (RFC 3550, section 5.1)
    PLAYS_US = 1000000              # without a packet for so long, a slot does not play
    # of what the way carries, in bytes a second for each bit: half of it. More, and what is lost because there is too
    # much makes for even more; less, and 30% of loss can't be mended
    REPEAT_SHARE = 16
    REPEAT_LEAST_BYTES = 8000


cdef bint take_feedback(Core *core, Peer *peer, const uint8_t *part, int size, int64_t now) noexcept nogil:
    """Of a peer that was not asked for any it is ignored. False if it is not as it should be."""
    cdef Sending *sending = peer.sending
    if sending == NULL:
        return True
    if not spend(&sending.budget, &sending.budget_at, TOLD_A_SECOND, now):
        core.counters.dropped_feedback_rate += 1
        return True
    if not same_address(&sending.route, &peer.selected):
        if sending.told_at != 0:
            change_route(sending, peer.selected.transport != 0, now)
        sending.tcp = peer.selected.transport != 0
        sending.route = peer.selected
    if not take_message(sending, part, size, now):
        core.counters.dropped_feedback += 1
        return False
    core.counters.feedback_in += 1
    peer.estimate_bps = <int64_t>sending.bitrate
    estimate_changed(core, peer, now)
    if can_probe(sending, <double>peer.wanted_bps, now):
        schedule(core, peer, now)
    return True


cdef int64_t look_after_sending(Core *core, Peer *peer, int64_t now) noexcept nogil:
    """What time brings. Returns when to look again."""
    cdef Sending *sending = peer.sending
    cdef int64_t due, count
    if sending == NULL:
        return now + REPORT_US
    if pass_time(sending, now):
        peer.estimate_bps = <int64_t>sending.bitrate
        estimate_changed(core, peer, now)
    count = sending.probe.count
    due = probe_due(sending, <double>peer.wanted_bps, now)
    core.counters.probes_out += sending.probe.count - count
    if due > 0:
        fill_probe(core, peer, due, now)
    return now + (PROBE_STEP_US if sending.probe.going else REPORT_US)


cdef inline int64_t repeat_spacing(const Peer *peer) noexcept nogil:
    """So soon a repeated packet can't have come, nor have been missed again: it waits in the queues as well."""
    if peer.sending != NULL and peer.sending.delay.round_trip_us > peer.round_trip_us:
        return peer.sending.delay.round_trip_us * 3 // 4
    return peer.round_trip_us // 2


cdef bint may_repeat(Peer *peer, int64_t size, int64_t now) noexcept nogil:
    """Whether so many more bytes can be sent again, of all its slots together."""
    cdef Sending *sending = peer.sending
    cdef int64_t rate
    if peer.estimate_bps == 0 or sending == NULL:
        return True
    rate = max(peer.estimate_bps // REPEAT_SHARE, <int64_t>REPEAT_LEAST_BYTES)
    sending.repeats = min(sending.repeats + (now - sending.repeats_at) * rate // 1000000, rate // 2)
    sending.repeats_at = now
    if sending.repeats < size:
        return False
    sending.repeats -= size
    return True


cdef void fill_probe(Core *core, Peer *peer, int64_t bytes, int64_t now) noexcept nogil:
    """At least so many bytes of what nobody misses: recent packets once more, or padding."""
    cdef Subscriber *subscriber = slot_to_fill(peer, now)
    cdef int64_t before = peer.bytes_out
    cdef int i
    if subscriber == NULL:
        stop_probe(peer.sending)
        peer.sending.probe.next_at = now + PROBE_AGAIN_US
        return
    for i in range(FILLED_AT_ONCE):
        if peer.bytes_out - before >= bytes:
            break
        if now - subscriber.timestamp_at > PLAYS_US or not repeat_recent(core, subscriber):
            send_padding(core, subscriber)
        core.counters.probe_packets_out += 1


cdef Subscriber *slot_to_fill(const Peer *peer, int64_t now) noexcept nogil:
    """One with retransmissions that has played: the one that played last, as what it plays may be held just because
    nobody knows that there is enough for it. NULL if there is none."""
    cdef int i
    cdef Subscriber *subscriber
    cdef Subscriber *best = NULL
    for i in range(peer.subscriber_count):
        subscriber = peer.subscribers[i]
        if (
            subscriber.sent != NULL
            and subscriber.ext_transport_cc != 0
            and subscriber.track != NULL
            and padding_pt(subscriber) != NO_PT
            and (best == NULL or subscriber.timestamp_at > best.timestamp_at)
        ):
            best = subscriber
    return best


cdef bint repeat_recent(Core *core, Subscriber *subscriber) noexcept nogil:
    """False if there is nothing worth it."""
    cdef Sending *sending = subscriber.peer.sending
    cdef Packet packet
    cdef Sent *sent
    cdef int i
    cdef int64_t ext
    for i in range(FILL_TRIES):
        ext = subscriber.ext_last - (sending.next + i) % FILL_BACK
        sent = &subscriber.sent[ext & (SENT - 1)]
        if sent.ext_out != ext or not find_sent(subscriber, sent, &packet):
            continue
        if packet.payload_length < FILL_LEAST_BYTES or subscriber.rtx_pt_of[packet.codec] == NO_PT:
            continue
        send_again(core, subscriber, sent, &packet)
        return True
    return False


cdef inline uint8_t padding_pt(const Subscriber *subscriber) noexcept nogil:
    """Of retransmissions, of any codec: to whom it belongs does not matter, as there is no payload."""
    cdef int codec
    for codec in range(1, CODECS):
        if subscriber.rtx_pt_of[codec] != NO_PT:
            return subscriber.rtx_pt_of[codec]
    return NO_PT


cdef void send_padding(Core *core, Subscriber *subscriber) noexcept nogil:
    cdef Outgoing *out = next_outgoing(core)
    cdef int at = begin_rtp(
        subscriber, out, padding_pt(subscriber), False, subscriber.rtx_seq, subscriber.timestamp_last,
        subscriber.rtx_ssrc,
    )
    out.data[0] |= 0x20
    memset(out.data + at, 0, PADDING_BYTES)
    out.data[at + PADDING_BYTES - 1] = PADDING_BYTES
    out.length = at + PADDING_BYTES
    subscriber.rtx_seq += 1
    send_sealed_rtp(core, subscriber.peer, out)
