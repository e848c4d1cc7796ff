# Transport-wide feedback to a publisher (draft-holmer-rmcat-transport-wide-cc-extensions-01): every packet's arrival.
# Without it Chromium stays below 100 kbit/s.
#
# A report costs us and the publisher as much as a packet. So one is sent when enough is to be told: looked at 50 ms
# after the first packet that is to be told, then every 50 ms, and sent after 200 ms at the latest. That makes 13
# reports a second of a full stream, 6 of sound alone. Of a new connection, where the sender still finds out what the
# network carries, each look sends one.

cdef enum:
    FEEDBACK_US = 50000
    FEEDBACK_LATE_US = 100000
    FEEDBACK_LATEST_US = 200000
    FEEDBACK_WORTH = 20             # packets that are worth a report after FEEDBACK_US
    FEEDBACK_WORTH_LATE = 8         # and after FEEDBACK_LATE_US
    FEEDBACK_START_US = 3000000     # for so long a connection is new
    FEEDBACK_EARLY = 300            # so many packets waiting are reported at once
    FEEDBACK_PACKETS = 350          # of one report: fits 1,200 bytes even if every delta takes two
    TICK_US = 250
    REFERENCE_US = 64000


cdef void note_transport(Core *core, Peer *peer, uint16_t seq, uint32_t ssrc, int64_t now) noexcept nogil:
    cdef Arrivals *arrivals = peer.arrivals
    cdef int64_t ext, at
    cdef int16_t step
    if arrivals == NULL:
        # most connections that negotiated them send something, but not those that only watch
        arrivals = peer.arrivals = <Arrivals *>calloc(1, sizeof(Arrivals))
        if arrivals == NULL:
            return
    arrivals.media_ssrc = ssrc
    if not arrivals.started:
        arrivals.started = True
        arrivals.ext_next = 65536 + <int64_t>seq
        arrivals.ext_highest = arrivals.ext_next - 1
        arrivals.started_at = now
    step = <int16_t>(seq - <uint16_t>(arrivals.ext_highest & 0xFFFF))
    ext = arrivals.ext_highest + step
    if ext < arrivals.ext_next:
        return
    if ext - arrivals.ext_next >= ARRIVALS:
        # a jump that no report can span: what came before it is told, then it starts again from here
        send_feedback(core, peer)
    if ext - arrivals.ext_next >= ARRIVALS:
        memset(arrivals.at, 0, sizeof(arrivals.at))
        arrivals.ext_next = ext
        arrivals.ext_highest = ext - 1
    if arrivals.ext_highest < arrivals.ext_next:
        arrivals.waiting_since = now
        peer.feedback_at = now + FEEDBACK_US
        schedule(core, peer, peer.feedback_at)
    if ext > arrivals.ext_highest:
        arrivals.ext_highest = ext
    arrivals.at[ext & (ARRIVALS - 1)] = now
    if arrivals.ext_highest - arrivals.ext_next >= FEEDBACK_EARLY:
        send_feedback(core, peer)


cdef int64_t feed_back(Core *core, Peer *peer, int64_t now) noexcept nogil:
    """Reports if it is time to. Returns when to look again."""
    cdef Arrivals *arrivals = peer.arrivals
    cdef int64_t waiting, waited
    if arrivals == NULL or arrivals.ext_highest < arrivals.ext_next or not arrivals.started:
        return now + REPORT_US
    if now < peer.feedback_at:
        return peer.feedback_at
    waiting = arrivals.ext_highest - arrivals.ext_next + 1
    waited = now - arrivals.waiting_since
    if (
        waiting >= FEEDBACK_WORTH
        or (waiting >= FEEDBACK_WORTH_LATE and waited >= FEEDBACK_LATE_US)
        or waited >= FEEDBACK_LATEST_US
        or now - arrivals.started_at < FEEDBACK_START_US
    ):
        send_feedback(core, peer)
        return now + REPORT_US
    peer.feedback_at = now + FEEDBACK_US
    return peer.feedback_at


cdef void send_feedback(Core *core, Peer *peer) noexcept nogil:
    """All that waits to be told."""
    cdef Arrivals *arrivals = peer.arrivals
    if peer.tx == NULL or not peer.has_selected:
        return
    while arrivals.ext_next <= arrivals.ext_highest:
        # one that has nothing to say has passed over lost packets: what came after them still has to be told
        send_one_feedback(core, peer)


cdef bint send_one_feedback(Core *core, Peer *peer) noexcept nogil:
    """Reports from `ext_next` on, as many as one packet holds. False if there was nothing to say."""
    cdef Arrivals *arrivals = peer.arrivals
    cdef Outgoing *out
    cdef uint8_t symbols[FEEDBACK_PACKETS]
    cdef int16_t deltas[FEEDBACK_PACKETS]
    cdef int count = 0, i, run, at, symbol
    cdef int64_t ext, arrived, reference = 0, last = 0, delta
    cdef uint16_t chunk
    cdef bint begun = False
    ext = arrivals.ext_next
    while ext <= arrivals.ext_highest and count < FEEDBACK_PACKETS:
        arrived = arrivals.at[ext & (ARRIVALS - 1)]
        symbol = 0
        if arrived != 0:
            if not begun:
                reference = arrived // REFERENCE_US
                last = reference * (REFERENCE_US // TICK_US)
                begun = True
            delta = arrived // TICK_US - last
            if delta > 32767 or delta < -32768:
                break
            last += delta
            deltas[count] = <int16_t>delta
            symbol = 1 if 0 <= delta <= 255 else 2
        symbols[count] = symbol
        arrivals.at[ext & (ARRIVALS - 1)] = 0
        count += 1
        ext += 1
    if count == 0 or not begun:
        arrivals.ext_next = ext
        return False
    out = next_outgoing(core)
    put32(out.data + 4, peer.rtcp_ssrc)
    put32(out.data + 8, arrivals.media_ssrc)
    put16(out.data + 12, <uint32_t>(arrivals.ext_next & 0xFFFF))
    put16(out.data + 14, count)
    put24(out.data + 16, <uint32_t>(reference & 0xFFFFFF))
    out.data[19] = arrivals.count
    arrivals.count += 1
    arrivals.ext_next = ext
    at = 20
    i = 0
    while i < count:
        run = 1
        while i + run < count and symbols[i + run] == symbols[i] and run < 8191:
            run += 1
        if run >= 7 or i + run == count:
            chunk = (symbols[i] << 13) | run
            i += run
        else:
            chunk = 0xC000
            for run in range(7):
                if i + run < count:
                    chunk |= symbols[i + run] << (12 - 2 * run)
            i += 7
        put16(out.data + at, chunk)
        at += 2
    for i in range(count):
        if symbols[i] == 1:
            out.data[at] = <uint8_t>deltas[i]
            at += 1
        elif symbols[i] == 2:
            put16(out.data + at, <uint16_t>deltas[i])
            at += 2
    # padding to a multiple of four, its length in the last byte (RFC 3550, section 6.4.1)
    i = (4 - at % 4) % 4
    memset(out.data + at, 0, i)
    at += i
    write_rtcp_header(out.data, FEEDBACK_TRANSPORT, RTCP_RTPFB, at)
    if i:
        out.data[0] |= 0x20
        out.data[at - 1] = i
    out.length = at
    send_sealed_rtcp(core, peer, out)
    core.counters.feedback_out += 1
    return True
