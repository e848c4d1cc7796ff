# Transport-wide feedback as a client sends it (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1):
# checked as a whole, then read packet by packet. Whatever it says, work is bounded: of packets that were never sent, or
# so long ago that they are forgotten, nothing is looked at.

cdef enum:
    FEEDBACK_HEADER = 20
    RESERVED_SYMBOL = 3


cdef struct Feedback:
    uint16_t first
    int count
    int32_t reference               # 24 bits, in 64 ms
    const uint8_t *chunks
    const uint8_t *deltas


cdef bint check_feedback(const uint8_t *part, int size, Feedback *feedback) noexcept nogil:
    """False unless all that it announces is there. `size`: of the whole RTCP packet."""
    cdef int at = FEEDBACK_HEADER, end = size, covered = 0, deltas = 0, i, run, symbol
    cdef uint16_t chunk
    if size < FEEDBACK_HEADER:
        return False
    if part[0] & 0x20:
        if part[size - 1] == 0 or part[size - 1] > size - FEEDBACK_HEADER:
            return False
        end -= part[size - 1]
    feedback.first = get16(part + 12)
    feedback.count = get16(part + 14)
    feedback.reference = <int32_t>get24(part + 16)
    if feedback.count == 0:
        return False
    while covered < feedback.count:
        if at + 2 > end:
            return False
        chunk = get16(part + at)
        at += 2
        if chunk & 0x8000 == 0:
            symbol = (chunk >> 13) & 3
            run = min(<int>(chunk & 0x1FFF), feedback.count - covered)
            if symbol == RESERVED_SYMBOL:
                return False
            covered += run
            deltas += symbol * run
            continue
        run = 7 if chunk & 0x4000 else 14
        for i in range(run):
            if covered == feedback.count:
                break
            symbol = vector_symbol(chunk, i)
            if symbol == RESERVED_SYMBOL:
                return False
            covered += 1
            deltas += symbol
    feedback.chunks = part + FEEDBACK_HEADER
    feedback.deltas = part + at
    return at + deltas <= end


cdef inline int vector_symbol(uint16_t chunk, int place) noexcept nogil:
    """1 and 2 are also how many bytes the delta has."""
    return (chunk >> (12 - 2 * place)) & 3 if chunk & 0x4000 else (chunk >> (13 - place)) & 1


cdef void read_feedback(Sending *sending, const Feedback *feedback, int64_t now) noexcept nogil:
    """Tells what it says of each packet that is remembered (`packet_arrived`, `packets_lost`)."""
    cdef const uint8_t *chunks = feedback.chunks
    cdef const uint8_t *deltas = feedback.deltas
    cdef int64_t ext = extended(sending, feedback.first)
    cdef int64_t end = ext + feedback.count
    cdef int64_t arrived = take_reference(sending, feedback.reference)
    cdef uint16_t chunk
    cdef int i, run, symbol
    pass_over(sending, ext, now)
    while ext < end:
        chunk = get16(chunks)
        chunks += 2
        if chunk & 0x8000 == 0 and (chunk >> 13) == 0:
            run = <int>min(<int64_t>(chunk & 0x1FFF), end - ext)
            packets_lost(sending, ext, ext + run, now)
            ext += run
            continue
        run = 7 if chunk & 0x4000 else 14
        if chunk & 0x8000 == 0:
            run = chunk & 0x1FFF
        for i in range(<int>min(<int64_t>run, end - ext)):
            symbol = vector_symbol(chunk, i) if chunk & 0x8000 else chunk >> 13
            if symbol == 0:
                packets_lost(sending, ext, ext + 1, now)
            else:
                arrived += 250 * (deltas[0] if symbol == 1 else <int64_t><int16_t>get16(deltas))
                deltas += symbol
                packet_arrived(sending, ext, arrived, now)
            ext += 1
    sending.told_next = max(sending.told_next, min(end, sending.next))


cdef int64_t take_reference(Sending *sending, int32_t reference) noexcept nogil:
    """The message's reference time in microseconds, extended beyond its 24 bits."""
    cdef int32_t step
    if not sending.has_reference:
        sending.has_reference = True
        # far from zero, so that a step back never leads below it
        sending.reference_us = (<int64_t>1 << 45) + 64000 * <int64_t>reference
    else:
        step = (reference - sending.reference) & 0xFFFFFF
        if step >= 0x800000:
            step -= 0x1000000
        sending.reference_us = max(sending.reference_us + 64000 * <int64_t>step, <int64_t>1 << 40)
    sending.reference = reference
    return sending.reference_us


cdef void pass_over(Sending *sending, int64_t before, int64_t now) noexcept nogil:
    """What stands between the last message and this one was told of in one that was lost. It is taken to have come as
    often as the others: else a lost message would look like a slower way."""
    cdef int64_t ext = max(sending.told_next, oldest_known(sending))
    cdef int64_t size = 0
    cdef Departure *departure
    while ext < min(before, sending.next):
        departure = &sending.ring[ext & (DEPARTURES - 1)]
        if departure.fate == UNTOLD:
            departure.fate = PASSED_OVER
            size += departure.size
        ext += 1
    if size and sending.acked_began:
        note_acked(sending, sending.acked_latest, <int64_t>(<double>size * (1 - min(sending.losses.now, 1.0))))


cdef void packets_lost(Sending *sending, int64_t ext, int64_t end, int64_t now) noexcept nogil:
    cdef Departure *departure
    cdef int64_t first = max(ext, oldest_known(sending)), last = min(end, sending.next)
    sending.unknown += (end - ext) - max(last - first, <int64_t>0)
    for ext in range(first, last):
        departure = &sending.ring[ext & (DEPARTURES - 1)]
        if departure.fate == UNTOLD:
            departure.fate = LOST
            if departure.cluster == 0:
                note_told(&sending.losses, departed_at(departure, now), departure.size, True)


cdef void packet_arrived(Sending *sending, int64_t ext, int64_t arrived, int64_t now) noexcept nogil:
    cdef Departure *departure
    cdef int64_t sent
    if ext < oldest_known(sending) or ext >= sending.next:
        sending.unknown += 1
        return
    departure = &sending.ring[ext & (DEPARTURES - 1)]
    if departure.fate == ARRIVED:
        return
    sent = departed_at(departure, now)
    if departure.fate != PASSED_OVER:
        note_acked(sending, arrived, departure.size)
    note_way(&sending.delay, sent, arrived)
    if departure.cluster == 0:
        if departure.fate == LOST:
            note_found(&sending.losses, sent)
        else:
            note_told(&sending.losses, sent, departure.size, False)
        take_arrival(&sending.delay, sent, arrived, now, sending.tcp)
    elif departure.cluster == sending.probe.number:
        # a probe is meant to make a queue: it must not be taken for a sign of one
        note_probe_arrived(&sending.probe, departure.size, arrived)
    departure.fate = ARRIVED
