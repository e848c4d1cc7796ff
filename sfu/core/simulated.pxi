# The engine without sockets, for simulations, tests and fuzzers: the same work, with the caller's packets and time.


cdef void _process(Engine engine, list datagrams, int64_t now) except *:
    cdef Core *core = &engine.core
    cdef uint8_t *copy
    cdef Address a
    cdef int length
    core.now = now
    for data, address in datagrams:
        a = _address(address)
        length = <int>len(data)
        # of its own size, so that a sanitizer sees whatever reads beyond it
        copy = <uint8_t *>malloc(max(length, 1))
        if copy == NULL:
            raise MemoryError
        memcpy(copy, <const uint8_t *><bytes>data, length)
        engine._enter()
        with nogil:
            receive(core, copy, length, &a, core.now)
        engine._leave()
        free(copy)


cdef list _drain(Engine engine):
    cdef Core *core = &engine.core
    cdef int i
    cdef Outgoing *out
    engine._enter()
    result = []
    for i in range(core.drained.count):
        out = &core.drained.items[i]
        result.append((out.data[:out.length], (<uint8_t *>&out.address)[:sizeof(Address)]))
    core.drained.count = 0
    engine._leave()
    return result
