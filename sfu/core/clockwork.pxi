# What is done when time passes: reports, feedback, repeated requests. A heap of peers by when each has something due,
# so that peers with nothing to do cost nothing.

cdef enum:
    TICK_EVERY_US = 5000            # what is due is done together; more often: more wake-ups
    REPORT_US = 1000000


cdef inline void put_due(Core *core, int place, Peer *peer) noexcept nogil:
    core.due[place] = peer
    peer.due_place = place


cdef void raise_due(Core *core, int place) noexcept nogil:
    """Moves the peer at `place` up as far as its time is earlier."""
    cdef Peer *peer = core.due[place]
    cdef int parent
    while place > 0:
        parent = (place - 1) // 2
        if core.due[parent].due_at <= peer.due_at:
            break
        put_due(core, place, core.due[parent])
        place = parent
    put_due(core, place, peer)


cdef void sink_due(Core *core, int place) noexcept nogil:
    """Moves the peer at `place` down as far as its time is later."""
    cdef Peer *peer = core.due[place]
    cdef int child
    while True:
        child = 2 * place + 1
        if child >= core.due_count:
            break
        if child + 1 < core.due_count and core.due[child + 1].due_at < core.due[child].due_at:
            child += 1
        if peer.due_at <= core.due[child].due_at:
            break
        put_due(core, place, core.due[child])
        place = child
    put_due(core, place, peer)


cdef void schedule(Core *core, Peer *peer, int64_t at) noexcept nogil:
    """Something of the peer's is due at `at`; what is due earlier stays."""
    if peer.due_place < 0:
        peer.due_at = at
        put_due(core, core.due_count, peer)
        core.due_count += 1
    elif at < peer.due_at:
        peer.due_at = at
    else:
        return
    raise_due(core, peer.due_place)


cdef void unschedule(Core *core, Peer *peer) noexcept nogil:
    cdef int place = peer.due_place
    if place < 0:
        return
    peer.due_place = -1
    core.due_count -= 1
    if place < core.due_count:
        put_due(core, place, core.due[core.due_count])
        sink_due(core, place)
        raise_due(core, place)


cdef inline int64_t tick_at(const Core *core) noexcept nogil:
    """When `tick` has something to do next."""
    if core.due_count == 0:
        return core.ticked_at + REPORT_US
    return max(core.due[0].due_at, core.ticked_at + TICK_EVERY_US)


cdef void tick(Core *core, int64_t now) noexcept nogil:
    """Everything that is due."""
    cdef Peer *peer
    core.ticked_at = now
    while core.due_count and core.due[0].due_at <= now:
        peer = core.due[0]
        peer.due_at = max(serve(core, peer, now), now + TICK_EVERY_US)
        sink_due(core, peer.due_place)


cdef int64_t serve(Core *core, Peer *peer, int64_t now) noexcept nogil:
    """Does what is due of one peer's. Returns when it has to be done again."""
    cdef int64_t next_at
    cdef int i, j
    cdef Track *track
    if not can_receive(peer):
        return now + REPORT_US
    if now >= peer.share_at:
        peer.share_at = now + SHARE_US
        for i in range(peer.track_count):
            look_after(core, peer.tracks[i], now)
        share_out(core, peer, now)
        follow_viewers(core, peer, now)
    if now >= peer.report_at:
        peer.report_at = now + REPORT_US
        send_reports(core, peer, now)
    next_at = min(peer.report_at, peer.share_at)
    for i in range(peer.track_count):
        track = peer.tracks[i]
        if track.kind == VIDEO:
            for j in range(track.layer_count):
                next_at = min(next_at, ask_missing(core, track.layers[j], now))
                next_at = min(next_at, repeat_key(core, track.layers[j], now))
    next_at = min(next_at, look_after_sending(core, peer, now))
    return min(next_at, feed_back(core, peer, now))
