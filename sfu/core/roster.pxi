# Peers with their tracks and slots: opened, found room for, and freed with everything that refers to them.


cdef bint open_core(Core *core, int max_peers) noexcept nogil:
    """False when there is not enough memory; `close_core` then frees what there was."""
    cdef uint32_t places = 1024
    pthread_mutex_init(&core.lock, NULL)
    core.udp_fd = core.tcp_fd = core.event_fd = core.wake_fd = core.others_fd = core.any_fd = -1
    core.batch = 1
    core.peer_bps = PEER_BPS
    core.peer_pps = PEER_PPS
    while places < 16 * <uint32_t>max_peers:
        places *= 2
    core.max_peers = max_peers
    core.table_mask = places - 1
    core.peers = <Peer **>calloc(max_peers, sizeof(Peer *))
    core.due = <Peer **>calloc(max_peers, sizeof(Peer *))
    core.table = <AddressEntry *>calloc(places, sizeof(AddressEntry))
    core.names_mask = places // 4 - 1
    core.names = <Generation **>calloc(places // 4, sizeof(Generation *))
    core.out = <Outgoing *>calloc(SEND_BATCH, sizeof(Outgoing))
    core.events = <Event *>calloc(EVENT_QUEUE, sizeof(Event))
    core.inbox = <uint8_t *>malloc(RECEIVE_BATCH * SLOT_BYTES)
    core.in_messages = <mmsghdr *>calloc(RECEIVE_BATCH, sizeof(mmsghdr))
    core.in_vectors = <iovec *>calloc(RECEIVE_BATCH, sizeof(iovec))
    core.in_names = <sockaddr_storage *>calloc(RECEIVE_BATCH, sizeof(sockaddr_storage))
    core.in_addresses = <Address *>calloc(RECEIVE_BATCH, sizeof(Address))
    core.ahead = <Ahead *>calloc(RECEIVE_BATCH, sizeof(Ahead))
    core.out_messages = <mmsghdr *>calloc(SEND_BATCH, sizeof(mmsghdr))
    core.out_vectors = <iovec *>calloc(SEND_BATCH, sizeof(iovec))
    core.out_names = <sockaddr_storage *>calloc(SEND_BATCH, sizeof(sockaddr_storage))
    core.out_controls = <uint8_t *>calloc(SEND_BATCH, SEGMENT_CONTROL)
    core.max_connections = min(2 * max_peers, 4096)
    core.connections = <Connection **>calloc(core.max_connections, sizeof(Connection *))
    return (
        core.peers != NULL and core.due != NULL and core.table != NULL and core.names != NULL and core.out != NULL
        and core.events != NULL
        and core.in_addresses != NULL and core.ahead != NULL
        and core.inbox != NULL and core.in_messages != NULL and core.in_vectors != NULL and core.in_names != NULL
        and core.out_messages != NULL and core.out_vectors != NULL and core.out_names != NULL
        and core.out_controls != NULL and core.connections != NULL
    )


cdef void close_core(Core *core) noexcept nogil:
    cdef int i
    # connections first: closing one takes its address from its peer
    if core.connections != NULL:
        for i in range(core.max_connections):
            close_connection(core, i)
    if core.peers != NULL:
        for i in range(core.peer_count):
            free_peer(core.peers[i])
    if core.any_fd >= 0:
        close(core.any_fd)
    if core.others_fd >= 0:
        close(core.others_fd)
    if core.wake_fd >= 0:
        close(core.wake_fd)
    free(core.peers)
    free(core.due)
    free(core.table)
    free(core.names)
    free(core.out)
    free(core.events)
    free(core.inbox)
    free(core.in_messages)
    free(core.in_vectors)
    free(core.in_names)
    free(core.in_addresses)
    free(core.ahead)
    free(core.out_messages)
    free(core.out_vectors)
    free(core.out_names)
    free(core.out_controls)
    free(core.connections)
    free(core.drained.items)
    pthread_mutex_destroy(&core.lock)


cdef void add_peer(Core *core, Peer *peer) noexcept nogil:
    peer.rtcp_ssrc = <uint32_t>draw(core)
    peer.due_place = -1
    core.peers[core.peer_count] = peer
    core.peer_count += 1


cdef void remove_peer(Core *core, Peer *peer) noexcept nogil:
    cdef int i
    unschedule(core, peer)
    for i in range(core.peer_count):
        if core.peers[i] == peer:
            core.peer_count -= 1
            core.peers[i] = core.peers[core.peer_count]
            break
    while peer.address_count:
        forget_address(core, peer, &peer.addresses[0].address)
    forget_names(core, peer)
    free_peer(peer)


cdef void *grown(void *list, int count, int *room) noexcept nogil:
    """A list of pointers with place for one more than `count`; NULL (and the old one is kept) without memory."""
    cdef int wanted = room[0] * 2 if room[0] else 4
    if count < room[0]:
        return list
    list = realloc(list, wanted * sizeof(void *))
    if list != NULL:
        room[0] = wanted
    return list


cdef Track *new_track(
    Core *core, Peer *peer, int kind, const uint8_t *mid, int mid_length, const CodecTable *table
) noexcept nogil:
    """NULL without memory."""
    cdef Track *track = <Track *>calloc(1, sizeof(Track))
    cdef Track **tracks = <Track **>grown(peer.tracks, peer.track_count, &peer.track_room)
    if tracks != NULL:
        peer.tracks = tracks
    if track == NULL or tracks == NULL:
        free(track)
        return NULL
    track.peer = peer
    track.kind = kind
    track.level = 127 << 4
    memcpy(track.mid, mid, mid_length)
    track.mid_length = mid_length
    memcpy(track.codec_of, table.codec_of, sizeof(track.codec_of))
    memcpy(track.original_of, table.original_of, sizeof(track.original_of))
    if kind == VIDEO and new_layer(core, track, 0) == NULL:
        free(track)
        return NULL
    peer.tracks[peer.track_count] = track
    peer.track_count += 1
    return track


cdef Subscriber *new_subscriber(
    Peer *peer, uint32_t ssrc, uint32_t rtx_ssrc, const CodecTable *table, int transport_cc
) noexcept nogil:
    """NULL without memory."""
    cdef Subscriber *slot = <Subscriber *>calloc(1, sizeof(Subscriber))
    cdef Subscriber **slots = <Subscriber **>grown(
        peer.subscribers, peer.subscriber_count, &peer.subscriber_room
    )
    if slots != NULL:
        peer.subscribers = slots
    if transport_cc and peer.sending == NULL:
        peer.sending = <Sending *>malloc(sizeof(Sending))
        if peer.sending != NULL:
            begin_sending(peer.sending, ESTIMATE_START)
    if slot == NULL or slots == NULL or (transport_cc and peer.sending == NULL):
        free(slot)
        return NULL
    slot.ext_transport_cc = transport_cc
    slot.peer = peer
    slot.kind = VIDEO if table.pt_of[OPUS] == NO_PT else AUDIO
    slot.ssrc = ssrc
    slot.rtx_ssrc = rtx_ssrc
    slot.repeat_budget = REPEAT_BYTES_BURST
    slot.height = FULL_HEIGHT
    slot.temporal = slot.temporal_now = ALL_TEMPORAL
    slot.raise_wait = RAISE_US
    memcpy(slot.pt_of, table.pt_of, sizeof(slot.pt_of))
    memcpy(slot.rtx_pt_of, table.rtx_pt_of, sizeof(slot.rtx_pt_of))
    peer.subscribers[peer.subscriber_count] = slot
    peer.subscriber_count += 1
    return slot


cdef void remove_track(Track *track) noexcept nogil:
    cdef Peer *peer = track.peer
    cdef int i
    while track.subscriber_count:
        detach(track.subscribers[0])
    i = 0
    while i < peer.stream_count:
        if peer.streams[i].layer.track == track:
            peer.stream_count -= 1
            peer.streams[i] = peer.streams[peer.stream_count]
        else:
            i += 1
    for i in range(peer.track_count):
        if peer.tracks[i] == track:
            peer.track_count -= 1
            peer.tracks[i] = peer.tracks[peer.track_count]
            break
    for i in range(track.layer_count):
        free_layer(track.layers[i])
    free(track.subscribers)
    free(track)


cdef void remove_slot(Subscriber *slot) noexcept nogil:
    cdef Peer *peer = slot.peer
    cdef int i
    detach(slot)
    for i in range(peer.subscriber_count):
        if peer.subscribers[i] == slot:
            peer.subscriber_count -= 1
            peer.subscribers[i] = peer.subscribers[peer.subscriber_count]
            break
    free(slot.sent)
    free(slot.gaps)
    free(slot)


cdef void free_peer(Peer *peer) noexcept nogil:
    while peer.subscriber_count:
        remove_slot(peer.subscribers[0])
    while peer.track_count:
        remove_track(peer.tracks[0])
    free(peer.subscribers)
    free(peer.tracks)
    free(peer.arrivals)
    free(peer.sending)
    close_tap(peer)
    free(peer)


cdef enum:
    LOSS_LASTS_US = 3000000         # after the last report of it


cdef double loss_in(const Peer *peer, int64_t now) noexcept nogil:
    """Of the streams that come now, the share that did not come at first, 0 to 1."""
    cdef int i, j
    cdef int64_t expected = 0, missed = 0
    cdef const Layer *layer
    for i in range(peer.track_count):
        for j in range(peer.tracks[i].layer_count):
            layer = peer.tracks[i].layers[j]
            if now - layer.last_packet_at < LOSS_LASTS_US:
                expected += layer.expected_last
                missed += layer.missed_last
    return <double>missed / <double>expected if expected else 0


cdef double loss_out(const Peer *peer, int64_t now) noexcept nogil:
    """As the client reported it in the last seconds, of all that it gets, 0 to 1."""
    cdef int i
    cdef int64_t told = 0
    cdef double lost = 0
    cdef const Subscriber *slot
    for i in range(peer.subscriber_count):
        slot = peer.subscribers[i]
        if slot.track != NULL and now - slot.reported_at < LOSS_LASTS_US:
            told += slot.packets_told
            lost += slot.fraction_lost * <double>slot.packets_told / 256
    return lost / <double>told if told else 0
