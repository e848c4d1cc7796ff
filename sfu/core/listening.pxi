# What Python asks of listeners: peers inside this process (`tap.pxi`).


cdef int _add_listener(Engine engine) except -1:
    cdef int handle = engine.add_peer()
    cdef Peer *peer = engine._peer(handle)
    cdef int64_t now = engine._enter()
    cdef bint opened = open_tap(peer)
    if opened:
        peer.report_at = now
        schedule(&engine.core, peer, now)
    engine._leave()
    if not opened:
        engine.remove_peer(handle)
        raise MemoryError
    return handle


cdef tuple _take_packets(Engine engine, Peer *peer):
    cdef Tap reader
    cdef bytes packets
    if peer.tap == NULL:
        raise ValueError("this peer is no listener")
    engine._enter()
    reader = peer.tap[0]
    peer.tap.dropped = 0
    engine._leave()
    # without the lock: until `taken` moves, nothing is written where this reads
    packets = PyBytes_FromStringAndSize(NULL, reader.written - reader.taken)
    tap_read(&reader, PyBytes_AS_STRING(packets), reader.written - reader.taken)
    engine._enter()
    peer.tap.taken = reader.taken
    engine._leave()
    return packets, reader.dropped
