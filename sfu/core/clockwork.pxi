# What is done when time passes: reports, repeated requests, connections that never spoke.

cdef enum:
    TICK_EVERY_US = 5000
    REPORT_US = 1000000
    RATE_US = 500000


cdef void tick(Core *core, int64_t now) noexcept nogil:
    """Everything that is due. Call it at least every TICK_EVERY_US while there are peers."""
    cdef int i, j, k
    cdef Peer *peer
    cdef Track *track
    core.tick_at = now + TICK_EVERY_US
    for i in range(core.peer_count):
        peer = core.peers[i]
        if peer.tx == NULL or not peer.has_selected:
            continue
        for j in range(peer.track_count):
            track = peer.tracks[j]
            if track.kind != VIDEO:
                continue
            for k in range(track.layer_count):
                if track.layers[k].missing_count:
                    ask_missing(core, track.layers[k], now)
                if track.layers[k].key_wanted:
                    repeat_key(core, track.layers[k], now)
        if peer.arrivals != NULL and now >= peer.feedback_at:
            send_feedback(core, peer, now)
        if now >= peer.report_at:
            peer.report_at = now + REPORT_US
            report(core, peer, now)


cdef void report(Core *core, Peer *peer, int64_t now) noexcept nogil:
    cdef int i
    if peer.track_count:
        send_receiver_report(core, peer, now)
    for i in range(peer.subscriber_count):
        send_sender_report(core, peer.subscribers[i], now)
    for i in range(peer.track_count):
        measure_rates(core, peer.tracks[i], now)


cdef void measure_rates(Core *core, Track *track, int64_t now) noexcept nogil:
    """Each layer's bits a second; viewers of a layer that has stopped move to one that comes."""
    cdef int i
    cdef Layer *layer
    cdef Layer *best
    cdef Subscriber *subscriber
    for i in range(track.layer_count):
        layer = track.layers[i]
        if now - layer.rate_since >= RATE_US:
            layer.rate_bps = <int>(layer.rate_bytes * 8000000 // max(now - layer.rate_since, <int64_t>1))
            layer.rate_bytes = 0
            layer.rate_since = now
    if track.layer_count < 2 or track.kind != VIDEO or track.paused:
        return
    best = best_layer(track, now)
    for i in range(track.subscriber_count):
        subscriber = track.subscribers[i]
        if best != NULL and subscriber.pending != best and subscriber.current != best:
            subscriber.pending = best
            subscriber.pending_since = now
            ask_for_picture(core, subscriber, now)
