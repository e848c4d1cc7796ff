# One incoming stream: its order, what is missing of it, and its key frames.

cdef enum:
    NACK_DELAY_US = 5000            # a packet that is only late by this much is not asked for
    NACK_REPEAT_LEAST_US = 20000
    NACK_REPEAT_MOST_US = 250000
    NACK_TIMES = 10
    # Where the answer takes longer than this, each question is asked twice: one that is lost costs a round trip more,
    # and a browser answers the second only if it did not get the first
    NACK_TWICE_FROM_US = 40000
    NACK_TWICE_AFTER_US = 10000
    NACK_AGE_US = 1000000           # nobody waits longer for a picture; a key frame is asked for instead
    KEY_REPEAT_US = 200000          # an unanswered key-frame request is repeated
    KEY_REPEAT_SLOW_US = 1000000    # after KEY_PATIENCE of them: the camera may be off
    KEY_PATIENCE = 15
    KEY_SPACING_US = 400000         # a viewer's request this soon after a key frame is answered by that one
    RESTART_JUMP = 3000             # a larger step in sequence numbers is a new start, not loss


cdef Layer *new_layer(Core *core, Track *track, uint32_t ssrc) noexcept nogil:
    cdef Layer *layer
    if track.layer_count == MAX_LAYERS:
        return NULL
    layer = <Layer *>calloc(1, sizeof(Layer))
    if layer == NULL:
        return NULL
    core.next_layer += 1
    layer.number = core.next_layer
    layer.track = track
    layer.rank = track.layer_count
    layer.temporal_parts[0] = layer.temporal_parts[1] = 256
    layer.ssrc = ssrc
    track.layers[track.layer_count] = layer
    track.layer_count += 1
    return layer


cdef Layer *unused_layer(Track *track) noexcept nogil:
    """The place of a stream that the offer did not name, and that has not come so far; NULL if there is none."""
    cdef int i
    for i in range(track.layer_count):
        if not track.layers[i].taken and track.layers[i].rid_length == 0:
            return track.layers[i]
    return NULL


cdef void free_layer(Layer *layer) noexcept nogil:
    history_free(&layer.history)
    free(layer)


cdef inline int clock_rate(int kind) noexcept nogil:
    return 48000 if kind == AUDIO else 90000


cdef int layer_take(Core *core, Layer *layer, Packet *packet, int64_t now) noexcept nogil:
    """Sets `packet.ext_seq`. 1 = new and to be forwarded, 0 = seen before or too old."""
    cdef int64_t ext, gap
    cdef int16_t step
    if not layer.started:
        layer.started = True
        layer.ext_highest = 65536 + <int64_t>packet.seq
        layer.ext_first = layer.ext_highest
        memset(layer.seen, 0, sizeof(layer.seen))
        ext = layer.ext_highest
        if layer.key_wanted:
            # there was nobody to ask before
            schedule(core, layer.track.peer, now)
    else:
        step = <int16_t>(packet.seq - <uint16_t>(layer.ext_highest & 0xFFFF))
        ext = layer.ext_highest + step
        if step > 0:
            gap = step
            if gap >= SEEN:
                memset(layer.seen, 0, sizeof(layer.seen))
            else:
                forget_seen(layer, layer.ext_highest + 1, ext)
            if layer.track.kind == VIDEO:
                note_missing(core, layer, layer.ext_highest + 1, ext, now)
            layer.ext_highest = ext
        elif layer.ext_highest - ext >= SEEN:
            core.counters.dropped_old += 1
            return 0
        elif layer.seen[(ext & (SEEN - 1)) >> 6] >> (ext & 63) & 1:
            core.counters.dropped_duplicate += 1
            return 0
        else:
            found_missing(layer, ext)
    layer.seen[(ext & (SEEN - 1)) >> 6] |= <uint64_t>1 << (ext & 63)
    packet.ext_seq = ext
    layer.received += 1
    layer.bytes += packet.payload_length
    layer.rate_bytes += packet.length
    layer.last_packet_at = now
    return 1


cdef inline void forget_seen(Layer *layer, int64_t first, int64_t last) noexcept nogil:
    cdef int64_t ext
    for ext in range(first, last + 1):
        layer.seen[(ext & (SEEN - 1)) >> 6] &= ~(<uint64_t>1 << (ext & 63))


cdef void note_missing(Core *core, Layer *layer, int64_t first, int64_t before, int64_t now) noexcept nogil:
    cdef int64_t ext
    cdef Missing *missing
    if before == first:
        return
    if before - first + layer.missing_count > MAX_MISSING or before - first > RESTART_JUMP:
        layer.missing_count = 0
        want_key(core, layer, now, True)
        return
    for ext in range(first, before):
        missing = &layer.missing[layer.missing_count]
        missing.ext_seq = ext
        missing.since = now
        missing.ask_at = now + NACK_DELAY_US
        missing.asked = 0
        layer.missing_count += 1
    schedule(core, layer.track.peer, now + NACK_DELAY_US)


cdef void found_missing(Layer *layer, int64_t ext) noexcept nogil:
    cdef int i
    for i in range(layer.missing_count):
        if layer.missing[i].ext_seq == ext:
            # order kept: a NACK's bitmap wants rising numbers
            memmove(&layer.missing[i], &layer.missing[i + 1], (layer.missing_count - i - 1) * sizeof(Missing))
            layer.missing_count -= 1
            return


cdef void note_arrival(Layer *layer, Packet *packet, int64_t now) noexcept nogil:
    """Interarrival jitter, RFC 3550, appendix A.8."""
    cdef int64_t transit, difference
    transit = now * clock_rate(layer.track.kind) // 1000000 - <int64_t>packet.timestamp
    if layer.has_transit:
        difference = transit - layer.last_transit
        if difference < 0:
            difference = -difference
        # a step of seconds is a wrapped or restarted timestamp, not jitter
        if difference < 450000:
            layer.jitter16 += difference - ((layer.jitter16 + 8) >> 4)
    layer.has_transit = True
    layer.last_transit = transit


cdef void want_key(Core *core, Layer *layer, int64_t now, bint urgent) noexcept nogil:
    """Asks the publisher for a key frame, at most once in KEY_REPEAT_US, until one comes."""
    if not urgent and layer.key_seen_at != 0 and now - layer.key_seen_at < KEY_SPACING_US:
        return
    if not layer.key_wanted:
        layer.key_wanted = True
        layer.key_asked = 0
        schedule(core, layer.track.peer, now + KEY_REPEAT_US)
    if layer.key_asked_at == 0 or now - layer.key_asked_at >= KEY_REPEAT_US:
        ask_key(core, layer, now)


cdef void ask_key(Core *core, Layer *layer, int64_t now) noexcept nogil:
    cdef Peer *peer = layer.track.peer
    if not layer.started or peer.tx == NULL or not peer.has_selected:
        return
    send_key_request(core, peer, layer.ssrc)
    layer.key_asked_at = now
    layer.key_asked += 1


cdef int64_t repeat_key(Core *core, Layer *layer, int64_t now) noexcept nogil:
    """Asks again if it is time to. Returns when it will be."""
    cdef int64_t wait = KEY_REPEAT_US if layer.key_asked < KEY_PATIENCE else KEY_REPEAT_SLOW_US
    wait = max(wait, layer.track.peer.round_trip_us)
    if not layer.key_wanted:
        return now + KEY_REPEAT_SLOW_US
    if not layer.track.paused and now - layer.key_asked_at >= wait:
        ask_key(core, layer, now)
    return max(layer.key_asked_at, now - wait // 2) + wait


cdef int64_t ask_missing(Core *core, Layer *layer, int64_t now) noexcept nogil:
    """One NACK for everything that is due; what is too old is given up for a key frame. Returns when more will be."""
    cdef int i, due = 0, left = 0
    cdef int64_t next_at = now + NACK_AGE_US
    cdef uint16_t wanted[MAX_MISSING]
    cdef int64_t again = max(layer.track.peer.round_trip_us, <int64_t>NACK_REPEAT_LEAST_US)
    cdef bint given_up = False
    cdef Missing *missing
    cdef int times
    again = min(again, <int64_t>NACK_REPEAT_MOST_US)
    times = 2 if again >= NACK_TWICE_FROM_US else 1
    for i in range(layer.missing_count):
        missing = &layer.missing[i]
        if missing.asked >= NACK_TIMES * times or now - missing.since > NACK_AGE_US:
            given_up = True
            continue
        if missing.ask_at <= now:
            wanted[due] = missing.ext_seq & 0xFFFF
            due += 1
            missing.asked += 1
            missing.ask_at = now + (NACK_TWICE_AFTER_US if missing.asked % times else again)
        next_at = min(next_at, missing.ask_at)
        layer.missing[left] = missing[0]
        left += 1
    layer.missing_count = left
    if due:
        send_nack(core, layer.track.peer, layer.ssrc, wanted, due)
    if given_up:
        want_key(core, layer, now, False)
    return next_at
