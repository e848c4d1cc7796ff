# Facts for Python: DTLS datagrams, which wait in a queue, and how things are with tracks and slots, which stands in
# them. Of the latter only the newest is told: none can be lost, and none fills a queue.


cdef void signal_facts(Core *core) noexcept nogil:
    """Lets whoever waits for `take_events` know. Called with the lock."""
    cdef uint64_t one = 1
    if (core.event_count or core.facts) and not core.event_signalled and core.event_fd >= 0:
        core.event_signalled = True
        write(core.event_fd, &one, 8)


cdef list _take_events(Engine engine):
    cdef Core *core = &engine.core
    cdef Event *event
    cdef int i
    cdef int64_t counted = 0
    result = []
    engine._enter()
    if core.event_signalled and core.event_fd >= 0:
        read(core.event_fd, &counted, 8)
    core.event_signalled = False
    for i in range(core.event_count):
        event = &core.events[(core.event_head + i) % EVENT_QUEUE]
        if event.peer in engine.peers:
            result.append(("dtls", event.peer, event.data[:event.length]))
    core.event_head = 0
    core.event_count = 0
    for i in range(core.peer_count):
        core.peers[i].pending_events = 0
    if core.facts:
        core.facts = False
        for i in range(core.peer_count):
            _take_facts(core.peers[i], result)
    engine._leave()
    return result


cdef void _take_facts(Peer *peer, list result):
    cdef int i
    cdef Track *track
    cdef Subscriber *slot
    for i in range(peer.track_count):
        track = peer.tracks[i]
        if track.wanted != track.wanted_told:
            track.wanted_told = track.wanted
            result.append(("wanted", peer.handle, track.handle, track.wanted))
    for i in range(peer.subscriber_count):
        slot = peer.subscribers[i]
        if slot.held != slot.held_told:
            slot.held_told = slot.held
            result.append(("held", peer.handle, slot.handle, slot.held != 0))
