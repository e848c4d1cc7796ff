# RTCP: feedback and reports, built and read (RFC 3550, section 6; RFC 4585; RFC 5104; RFC 5506 for single packets).

cdef enum:
    RTCP_SR = 200
    RTCP_RR = 201
    RTCP_BYE = 203
    RTCP_RTPFB = 205
    RTCP_PSFB = 206
    FEEDBACK_NACK = 1
    FEEDBACK_TRANSPORT = 15
    FEEDBACK_PLI = 1
    FEEDBACK_FIR = 4
    FEEDBACK_APPLICATION = 15
    RTCP_MOST = 1200                # a NACK that we build, or the sender reports of one packet, are no larger
    SENDER_REPORT_BYTES = 28
    REPORT_BLOCKS = 10              # of one receiver report: three sources with three layers, and sound
    NACK_MOST = 60                  # entries of one NACK that are answered, of 17 packets each

# two of these: longer, and a clock that drifts is followed later; shorter, and a slow minute is taken for drift
cdef int64_t CLOCK_WINDOW_US = 60 * <int64_t>1000000
cdef int64_t CLOCK_STEP_US = 2 * <int64_t>1000000

# a listener's report of loss counts for so long: browsers report each second to each five
cdef int64_t HEARD_REPORT_US = 10 * <int64_t>1000000

# between a sender report and what is told of it: more, and one of the clocks was set, or the publisher lies
cdef int64_t REPORT_REACH_US = 86400 * <int64_t>1000000
cdef int64_t NTP_EPOCH_US = 2208988800 * 1000000


cdef inline int64_t ntp_to_us(uint32_t seconds, uint32_t fraction) noexcept nogil:
    return <int64_t>seconds * 1000000 + <int64_t>((<uint64_t>fraction * 1000000) >> 32)


cdef inline uint32_t ntp_seconds(int64_t now) noexcept nogil:
    return <uint32_t>((now + NTP_EPOCH_US) // 1000000)


cdef inline uint32_t ntp_fraction(int64_t now) noexcept nogil:
    return <uint32_t>((<uint64_t>((now + NTP_EPOCH_US) % 1000000) << 32) // 1000000)


cdef inline uint32_t ntp_middle(int64_t now) noexcept nogil:
    return (ntp_seconds(now) << 16) | (ntp_fraction(now) >> 16)


cdef inline void write_rtcp_header(uint8_t *at, int count, int kind, int length) noexcept nogil:
    # `length` in bytes, a multiple of four
    at[0] = 0x80 | count
    at[1] = kind
    put16(at + 2, length // 4 - 1)


cdef void send_key_request(Core *core, Peer *peer, uint32_t ssrc) noexcept nogil:
    """Picture loss indication, RFC 4585, section 6.3.1."""
    cdef Outgoing *out = next_outgoing(core)
    write_rtcp_header(out.data, FEEDBACK_PLI, RTCP_PSFB, 12)
    put32(out.data + 4, peer.rtcp_ssrc)
    put32(out.data + 8, ssrc)
    out.length = 12
    send_sealed_rtcp(core, peer, out)
    core.counters.key_requests_out += 1


cdef void send_nack(Core *core, Peer *peer, uint32_t ssrc, const uint16_t *wanted, int count) noexcept nogil:
    """Generic NACK, RFC 4585, section 6.2.1. `wanted` rises."""
    cdef Outgoing *out
    cdef int i = 0, at = 12
    cdef uint16_t first, mask, step
    if peer.tx == NULL or not peer.has_selected:
        return
    out = next_outgoing(core)
    while i < count and at + 4 <= RTCP_MOST:
        first = wanted[i]
        mask = 0
        i += 1
        while i < count:
            step = <uint16_t>(wanted[i] - first)
            if step == 0 or step > 16:
                break
            mask |= 1 << (step - 1)
            i += 1
        put16(out.data + at, first)
        put16(out.data + at + 2, mask)
        at += 4
    write_rtcp_header(out.data, FEEDBACK_NACK, RTCP_RTPFB, at)
    put32(out.data + 4, peer.rtcp_ssrc)
    put32(out.data + 8, ssrc)
    out.length = at
    send_sealed_rtcp(core, peer, out)
    core.counters.nacks_out += 1


cdef inline int fraction_of(int64_t part, int64_t whole) noexcept nogil:
    """0 to 255, RFC 3550, section 6.4.1."""
    return <int>min((part << 8) // whole, <int64_t>255) if part > 0 and whole > 0 else 0


cdef void write_report_block(uint8_t *at, Layer *layer, int64_t now) noexcept nogil:
    """RFC 3550, section 6.4.1 and appendix A.3."""
    cdef int64_t expected = layer.ext_highest - layer.ext_first + 1
    cdef int64_t lost = expected - layer.received
    cdef int64_t expected_now = expected - layer.expected_before
    cdef int64_t lost_now = expected_now - (layer.received - layer.received_before)
    layer.expected_last = max(expected_now, <int64_t>0)
    layer.missed_last = max(lost_now + layer.repaired - layer.repaired_before, <int64_t>0)
    layer.expected_before = expected
    layer.received_before = layer.received
    layer.repaired_before = layer.repaired
    put32(at, layer.ssrc)
    at[4] = max(fraction_of(lost_now, expected_now), worst_heard(layer.track, now))
    put24(at + 5, <uint32_t>max(min(lost, <int64_t>0x7FFFFF), <int64_t>0))
    put32(at + 8, <uint32_t>(layer.ext_highest - 65536))
    put32(at + 12, <uint32_t>(layer.jitter16 >> 4))
    if layer.has_report:
        put32(at + 16, layer.report_ntp_mid)
        put32(at + 20, <uint32_t>(((now - layer.report_at) << 16) // 1000000))
    else:
        put32(at + 16, 0)
        put32(at + 20, 0)


cdef int worst_heard(const Track *track, int64_t now) noexcept nogil:
    """Of sound, what its listeners lost as they last reported, 0 to 255. A browser sends sound that mends itself
    (RFC 6716, section 2.1.7) only where it is told of loss, and on our way to the listeners it is needed as much."""
    cdef int i, worst = 0
    cdef const Subscriber *slot
    if track.kind == AUDIO:
        for i in range(track.subscriber_count):
            slot = track.subscribers[i]
            if now - slot.reported_at < HEARD_REPORT_US:
                worst = max(worst, slot.fraction_lost)
    return worst


cdef void send_reports(Core *core, Peer *peer, int64_t now) noexcept nogil:
    """One compound packet: a sender report for each slot that plays, and a receiver report of all that comes in."""
    cdef Outgoing *out = next_outgoing(core)
    cdef int i, at = 0
    for i in range(peer.subscriber_count):
        if at + SENDER_REPORT_BYTES > RTCP_MOST:
            break
        at += write_sender_report(out.data + at, peer.subscribers[i], now)
    at += write_receiver_report(out.data + at, peer, now)
    if at:
        out.length = at
        send_sealed_rtcp(core, peer, out)


cdef int write_receiver_report(uint8_t *out, Peer *peer, int64_t now) noexcept nogil:
    """RFC 3550, section 6.4.2. Returns its length, 0 if there is nothing to tell."""
    cdef int i, j, count = 0, at = 8
    cdef Track *track
    cdef Layer *layer
    for i in range(peer.track_count):
        track = peer.tracks[i]
        for j in range(track.layer_count):
            layer = track.layers[j]
            if layer.started and count < REPORT_BLOCKS:
                write_report_block(out + at, layer, now)
                at += 24
                count += 1
    if count == 0:
        return 0
    write_rtcp_header(out, count, RTCP_RR, at)
    put32(out + 4, peer.rtcp_ssrc)
    return at


cdef int write_sender_report(uint8_t *out, Subscriber *subscriber, int64_t now) noexcept nogil:
    """Our clock and the RTP time that the publisher's own reports give to it, so that a browser keeps the sound
    and the picture of one person together however many sources a slot has had (RFC 3550, section 6.4.1). Returns
    its length, 0 if nothing is known to tell."""
    cdef Layer *layer = subscriber.current
    cdef int64_t elapsed_us, elapsed
    cdef uint32_t timestamp
    if layer == NULL or not subscriber.has_sent or not layer.has_report or not layer.track.peer.has_clock:
        return 0
    elapsed_us = now - layer.track.peer.clock_delta_us - layer.report_ntp_us
    if not -REPORT_REACH_US < elapsed_us < REPORT_REACH_US:
        return 0
    elapsed = elapsed_us * clock_rate(subscriber.kind) // 1000000
    timestamp = <uint32_t>(<int64_t>layer.report_rtp + elapsed) + subscriber.timestamp_offset
    write_rtcp_header(out, 0, RTCP_SR, SENDER_REPORT_BYTES)
    put32(out + 4, subscriber.ssrc)
    put32(out + 8, ntp_seconds(now))
    put32(out + 12, ntp_fraction(now))
    put32(out + 16, timestamp)
    put32(out + 20, subscriber.packets)
    put32(out + 24, subscriber.octets)
    return SENDER_REPORT_BYTES


cdef void tell_slot_time(Core *core, Subscriber *subscriber, int64_t now) noexcept nogil:
    """A sender report for one slot, before the first packet of another source: until the next one its receiver would
    have to guess which moment the new timestamps mean."""
    cdef Outgoing *out = next_outgoing(core)
    out.length = write_sender_report(out.data, subscriber, now)
    if out.length:
        send_sealed_rtcp(core, subscriber.peer, out)


cdef bint read_rtcp(Core *core, Peer *peer, const uint8_t *data, int length, int64_t now) noexcept nogil:
    """A compound or single packet, already opened. False at the first part that is not as it should be."""
    cdef int at = 0, size, kind, count, blocks
    cdef const uint8_t *part
    while at + 4 <= length:
        part = data + at
        if (part[0] >> 6) != 2:
            return False
        size = 4 * (get16(part + 2) + 1)
        if at + size > length:
            return False
        count = part[0] & 0x1F
        kind = part[1]
        if kind == RTCP_SR:
            if size < 28 + 24 * count:
                return False
            read_sender_report(peer, part, now)
            read_report_blocks(peer, part + 28, count, now)
        elif kind == RTCP_RR:
            if size < 8 + 24 * count:
                return False
            read_report_blocks(peer, part + 8, count, now)
        elif kind == RTCP_RTPFB and count == FEEDBACK_NACK:
            if size < 12:
                return False
            answer_nack(core, peer, get32(part + 8), part + 12, min((size - 12) // 4, <int>NACK_MOST), now)
        elif kind == RTCP_RTPFB and count == FEEDBACK_TRANSPORT:
            if not take_feedback(core, peer, part, size, now):
                return False
        elif kind == RTCP_PSFB and count == FEEDBACK_PLI:
            if size < 12:
                return False
            key_requested(core, peer, get32(part + 8), now)
        elif kind == RTCP_PSFB and count == FEEDBACK_FIR:
            blocks = 12
            while blocks + 8 <= size:
                key_requested(core, peer, get32(part + blocks), now)
                blocks += 8
        at += size
    return at == length


cdef void read_sender_report(Peer *peer, const uint8_t *part, int64_t now) noexcept nogil:
    cdef Stream *stream = find_stream(peer, get32(part + 4))
    cdef Layer *layer
    cdef int64_t delta
    if stream == NULL or stream.rtx:
        return
    layer = stream.layer
    layer.has_report = True
    layer.report_ntp_us = ntp_to_us(get32(part + 8), get32(part + 12))
    layer.report_ntp_mid = (get32(part + 8) << 16) | (get32(part + 12) >> 16)
    layer.report_rtp = get32(part + 16)
    layer.report_at = now
    # the report that came through fastest tells the clocks' distance best: of the last minute or two, as clocks
    # drift. A step is a clock that was set
    delta = now - layer.report_ntp_us
    if not peer.has_clock or delta - peer.clock_delta_us > CLOCK_STEP_US:
        peer.has_clock = True
        peer.clock_before_us = peer.clock_least_us = delta
        peer.clock_window_at = now
    elif now - peer.clock_window_at >= CLOCK_WINDOW_US:
        peer.clock_before_us = peer.clock_least_us
        peer.clock_least_us = delta
        peer.clock_window_at = now
    else:
        peer.clock_least_us = min(peer.clock_least_us, delta)
    peer.clock_delta_us = min(peer.clock_before_us, peer.clock_least_us)


cdef void read_report_blocks(Peer *peer, const uint8_t *block, int count, int64_t now) noexcept nogil:
    cdef int i
    cdef uint32_t last_report, delay, round_trip
    cdef Subscriber *subscriber
    for i in range(count):
        subscriber = find_subscriber(peer, get32(block))
        if subscriber != NULL and subscriber.ssrc == get32(block):
            subscriber.fraction_lost = block[4]
            subscriber.loss16 += (subscriber.fraction_lost * 16 - subscriber.loss16) // 4
            subscriber.reported_at = now
            subscriber.packets_told = subscriber.packets - subscriber.packets_before
            subscriber.packets_before = subscriber.packets
            judge_redundancy(subscriber, now)
            last_report = get32(block + 16)
            delay = get32(block + 20)
            if last_report != 0:
                # RFC 3550, section 6.4.1: in units of 1/65536 s; more than ten seconds is a lie or an old report
                round_trip = ntp_middle(now) - last_report - delay
                if round_trip < 655360:
                    note_round_trip(peer, (<int64_t>round_trip * 1000000) >> 16)
        block += 24


cdef inline void note_round_trip(Peer *peer, int64_t us) noexcept nogil:
    us = max(us, <int64_t>1)
    peer.round_trip_us = us if peer.round_trip_us == 0 else (peer.round_trip_us * 7 + us) // 8


cdef void key_requested(Core *core, Peer *peer, uint32_t ssrc, int64_t now) noexcept nogil:
    cdef Subscriber *subscriber = find_subscriber(peer, ssrc)
    core.counters.key_requests_in += 1
    if subscriber != NULL:
        picture_wanted(core, subscriber, now)


cdef void picture_wanted(Core *core, Subscriber *subscriber, int64_t now) noexcept nogil:
    if subscriber.kind != VIDEO:
        return
    if subscriber.current != NULL:
        want_key(core, subscriber.current, now, False)
    elif subscriber.pending != NULL:
        want_key(core, subscriber.pending, now, False)
