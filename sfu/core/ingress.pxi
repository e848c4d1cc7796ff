# A datagram from the socket to its layer: demultiplexing (RFC 7983), opening, and finding the stream (RFC 8843,
# section 9.2; RFC 8852).

cdef enum:
    STRANGER_RATE = 50              # RTP packets a second of SSRCs that fit no track: opened and thrown away
    PEER_DTLS_RATE = 50             # DTLS datagrams a second after the handshake: a client then only says goodbye
    # A camera at its best, a shared screen, sound and repetitions stay below. More would only hurt those who receive it
    PEER_BPS = 12000000
    PEER_PPS = 3000


cdef bint spend(int64_t *budget, int64_t *at, int64_t rate, int64_t now) noexcept nogil:
    """One second's worth saved at most. False when it is used up."""
    if at[0] == 0:
        budget[0] = rate * 1000000
    else:
        budget[0] = min(budget[0] + (now - at[0]) * rate, rate * 1000000)
    at[0] = now
    if budget[0] < 1000000:
        return False
    budget[0] -= 1000000
    return True


cdef bint within_rate(Core *core, Peer *peer, int length, int64_t now) noexcept nogil:
    """Whether a packet that the peer has sent is within what one peer may send; one second's worth may come at once.
    Asked only of what was opened: what a stranger sends in a peer's name must not use up what it may send."""
    cdef int64_t cost = max(<int64_t>length * 8000000 // core.peer_bps, 1000000 // core.peer_pps)
    cdef int64_t paid_until = max(peer.paid_until, now - 1000000)
    if paid_until + cost > now:
        core.counters.dropped_peer_rate += 1
        return False
    peer.paid_until = paid_until + cost
    return True


cdef void push_event(Core *core, Peer *peer, const uint8_t *data, int length) noexcept nogil:
    """A DTLS datagram, for Python."""
    cdef Event *event
    if core.event_count == EVENT_QUEUE or peer.pending_events >= EVENTS_PER_PEER:
        core.counters.dropped_events += 1
        return
    event = &core.events[(core.event_head + core.event_count) % EVENT_QUEUE]
    core.event_count += 1
    event.peer = peer.handle
    peer.pending_events += 1
    event.length = length
    memcpy(event.data, data, length)


cdef void receive(Core *core, uint8_t *data, int length, const Address *address, int64_t now) noexcept nogil:
    """One datagram, or one frame of an ICE-TCP connection. `data` is overwritten; SLOT_BYTES of it are writable."""
    cdef Peer *peer
    core.counters.packets_in += 1
    core.counters.bytes_in += length
    if length < 1:
        core.counters.dropped_empty += 1
        return
    if length > SLOT_BYTES:
        core.counters.dropped_size += 1
        return
    peer = find_peer(core, address)
    if data[0] < 4:
        receive_stun(core, peer, data, length, address, now)
        return
    if peer == NULL:
        # nothing but STUN is taken from an address that no authenticated check has named
        core.counters.dropped_unknown_address += 1
        return
    peer.bytes_in += length
    peer.packets_in += 1
    if 20 <= data[0] <= 63:
        core.counters.dtls_in += 1
        # before there are keys, what somebody sends in the peer's name must not use up what its handshake needs
        if peer.rx != NULL and not spend(&peer.dtls_budget, &peer.dtls_budget_at, PEER_DTLS_RATE, now):
            core.counters.dropped_dtls_rate += 1
            return
        push_event(core, peer, data, length)
    elif 128 <= data[0] <= 191 and length >= 2:
        if length > MAX_RTP:
            core.counters.dropped_size += 1
        elif peer.rx == NULL:
            core.counters.dropped_no_keys += 1
        elif 192 <= data[1] <= 223:
            receive_rtcp(core, peer, data, length, now)
        else:
            receive_rtp(core, peer, data, length, now)
    else:
        core.counters.dropped_kind += 1


cdef void receive_rtcp(Core *core, Peer *peer, uint8_t *data, int length, int64_t now) noexcept nogil:
    if length < 8 or srtp_unprotect_rtcp(peer.rx, data, &length) != 0:
        core.counters.dropped_auth_rtcp += 1
        return
    if not within_rate(core, peer, length, now):
        return
    core.counters.rtcp_in += 1
    if not read_rtcp(core, peer, data, length, now):
        core.counters.dropped_rtcp += 1


cdef Stream *find_stream(Peer *peer, uint32_t ssrc) noexcept nogil:
    cdef int i
    for i in range(peer.stream_count):
        if peer.streams[i].ssrc == ssrc:
            return &peer.streams[i]
    return NULL


cdef inline bint has_room_for_stream(const Peer *peer) noexcept nogil:
    return peer.stream_count < MAX_STREAMS and peer.streams_ever < MAX_STREAMS_EVER


cdef Stream *add_stream(Peer *peer, uint32_t ssrc, Layer *layer, bint rtx) noexcept nogil:
    cdef Stream *stream
    if not has_room_for_stream(peer):
        return NULL
    stream = &peer.streams[peer.stream_count]
    peer.stream_count += 1
    peer.streams_ever += 1
    stream.ssrc = ssrc
    stream.layer = layer
    stream.rtx = rtx
    return stream


cdef bint name_stream(Core *core, Track *track, uint32_t ssrc, uint32_t rtx_ssrc) noexcept nogil:
    """A layer whose SSRCs the offer named. False if they are known already, or too many."""
    cdef Peer *peer = track.peer
    cdef Layer *layer
    if find_stream(peer, ssrc) != NULL or not has_room_for_stream(peer):
        return False
    layer = unused_layer(track)
    if layer == NULL:
        layer = new_layer(core, track, ssrc)
    if layer == NULL:
        return False
    layer.ssrc = ssrc
    layer.taken = True
    add_stream(peer, ssrc, layer, False)
    if rtx_ssrc and find_stream(peer, rtx_ssrc) == NULL and add_stream(peer, rtx_ssrc, layer, True) != NULL:
        layer.rtx_ssrc = rtx_ssrc
    return True


cdef inline bint same_name(const uint8_t *a, int a_length, const uint8_t *b, int b_length) noexcept nogil:
    # an absent name is NULL, which memcmp must not be given
    return a_length == b_length and (a_length == 0 or memcmp(a, b, a_length) == 0)


cdef Stream *latch_stream(Peer *peer, Core *core, const Packet *packet) noexcept nogil:
    """An SSRC seen for the first time: its MID names the track, its RID the layer, also for RTX. Browsers send
    these extensions on the first packets only, so the answer is remembered."""
    cdef int i
    cdef Track *track = NULL
    cdef Layer *layer = NULL
    cdef const uint8_t *rid = packet.rid
    cdef int rid_length = packet.rid_length
    cdef bint rtx
    if packet.mid == NULL:
        return NULL
    for i in range(peer.track_count):
        if same_name(peer.tracks[i].mid, peer.tracks[i].mid_length, packet.mid, packet.mid_length):
            track = peer.tracks[i]
    if track == NULL or not has_room_for_stream(peer):
        return NULL
    rtx = track.original_of[packet.pt] != NO_PT
    if not rtx and track.codec_of[packet.pt] == NO_CODEC:
        return NULL
    if rtx:
        rid = packet.repaired_rid
        rid_length = packet.repaired_rid_length
    if rid_length > 16:
        return NULL
    for i in range(track.layer_count):
        if same_name(track.layers[i].rid, track.layers[i].rid_length, rid, rid_length):
            layer = track.layers[i]
    if rtx:
        if layer == NULL or layer.rtx_ssrc != 0:
            return NULL
        layer.rtx_ssrc = packet.ssrc
        return add_stream(peer, packet.ssrc, layer, True)
    if layer == NULL:
        layer = unused_layer(track)
    if layer != NULL and layer.taken:
        # the layer goes on under a new SSRC: the sender has started over, or doesn't begin with the one that its
        # offer named. That one is not the layer's any more: two would share its numbers
        restart_layer(layer)
        layer.ssrc = packet.ssrc
        layer.rtx_ssrc = 0
    elif layer != NULL and same_name(layer.rid, layer.rid_length, rid, rid_length):
        # the first packet of a layer that was expected; its repetitions may have come before
        layer.ssrc = packet.ssrc
        layer.taken = True
    else:
        if layer == NULL:
            layer = new_layer(core, track, packet.ssrc)
        if layer == NULL:
            return NULL
        layer.ssrc = packet.ssrc
        layer.taken = True
        if rid_length:
            memcpy(layer.rid, rid, rid_length)
        layer.rid_length = rid_length
    return add_stream(peer, packet.ssrc, layer, False)


cdef void restart_layer(Layer *layer) noexcept nogil:
    cdef int i
    cdef Track *track = layer.track
    cdef Peer *peer = track.peer
    layer.started = False
    layer.missing_count = 0
    layer.has_report = False
    layer.has_transit = False
    layer.received = 0
    layer.expected_before = 0
    layer.received_before = 0
    layer.repaired = 0
    layer.repaired_before = 0
    history_free(&layer.history)
    i = 0
    while i < peer.stream_count:
        if peer.streams[i].layer == layer:
            peer.stream_count -= 1
            peer.streams[i] = peer.streams[peer.stream_count]
        else:
            i += 1
    for i in range(track.subscriber_count):
        if track.subscribers[i].current == layer:
            track.subscribers[i].current = NULL
            track.subscribers[i].pending = layer


cdef void receive_rtp(Core *core, Peer *peer, uint8_t *data, int length, int64_t now) noexcept nogil:
    cdef Packet packet
    cdef Stream *stream
    cdef Layer *layer
    cdef Track *track
    cdef int i
    if length < 12:
        core.counters.dropped_rtp += 1
        return
    stream = find_stream(peer, get32(data + 8))
    if stream == NULL and not spend(&peer.stranger_budget, &peer.stranger_budget_at, STRANGER_RATE, now):
        core.counters.dropped_stranger_ssrc += 1
        return
    if srtp_unprotect(peer.rx, data, &length) != 0:
        core.counters.dropped_auth += 1
        return
    if not within_rate(core, peer, length, now):
        return
    core.counters.rtp_in += 1
    if not read_rtp(&packet, data, length, peer):
        core.counters.dropped_rtp += 1
        return
    if packet.transport_seq >= 0:
        note_transport(core, peer, <uint16_t>packet.transport_seq, packet.ssrc, now)
    if stream == NULL:
        stream = latch_stream(peer, core, &packet)
        if stream == NULL:
            # libsrtp has opened a context for it: take it back, or a peer could fill the memory
            srtp_remove_stream(peer.rx, htonl(packet.ssrc))
            core.counters.dropped_stranger_ssrc += 1
            return
    layer = stream.layer
    track = layer.track
    if stream.rtx:
        core.counters.rtx_in += 1
        # RFC 4588, section 4: the original sequence number, then the original payload; probes carry neither
        if packet.payload_length <= 2 or track.original_of[packet.pt] == NO_PT or not layer.started:
            return
        packet.pt = track.original_of[packet.pt]
        packet.seq = get16(packet.payload)
        packet.ssrc = layer.ssrc
        packet.payload += 2
        packet.payload_length -= 2
    packet.codec = track.codec_of[packet.pt]
    if packet.codec == NO_CODEC:
        core.counters.dropped_payload_type += 1
        return
    if track.paused:
        core.counters.dropped_paused += 1
        return
    if not layer_take(core, layer, &packet, now):
        return
    if stream.rtx:
        core.counters.rtx_recovered += 1
        layer.repaired += 1
    else:
        note_arrival(layer, &packet, now)
    if track.kind == VIDEO:
        read_payload(&packet)
        layer.temporal_bytes[0] += packet.length if packet.temporal == 0 else 0
        layer.temporal_bytes[1] += packet.length if packet.temporal <= 1 else 0
        if packet.key_start:
            layer.height = packet.height
            layer.key_wanted = False
            layer.key_asked_at = 0
            layer.key_seen_at = now
        history_keep(&layer.history, &packet, now)
    elif packet.audio_level >= 0:
        # the louder of now and a slow fall, so that a word is not missed between two looks
        track.level = min(packet.audio_level << 4, track.level + (((packet.audio_level << 4) - track.level) >> 4) + 1)
        track.level_at = now
    i = 0
    while i < track.subscriber_count:
        forward(core, track.subscribers[i], layer, &packet, now)
        i += 1
    if track.kind == AUDIO and track.kept_until:
        keep_sound(layer, &packet, now)
