# What the estimate of the way to a peer means for what it is sent.


cdef void estimate_changed(Core *core, Peer *peer, int64_t now) noexcept nogil:
    """After each feedback. All that plays in its slots is wanted, whatever the estimate says."""
    cdef int i
    cdef Subscriber *subscriber
    cdef Layer *best
    peer.wanted_bps = 0
    for i in range(peer.subscriber_count):
        subscriber = peer.subscribers[i]
        if subscriber.track != NULL and not subscriber.track.paused:
            best = best_layer(subscriber.track, now)
            if best != NULL:
                peer.wanted_bps += best.rate_bps
