# What a listener heard, taken apart. Most of it is the next packet of a picture that is on its way: these become one
# run, so that whoever reads them in Python does it once for each picture and not for each packet.

cdef enum:
    MOST_OPEN = 64             # streams that are looked at side by side; more only make shorter runs


cdef class Run:
    """Packets of one stream that follow one another: same payload type and timestamp, numbers without a gap."""

    cdef readonly int64_t came
    """When the first one did, microseconds."""
    cdef readonly uint32_t ssrc, timestamp
    cdef readonly int payload_type
    cdef readonly int sequence
    """The first one's number, 16 bits."""
    cdef readonly bint marker
    """The last one's."""
    cdef readonly list payloads

    cdef bint goes_on(self, uint8_t pt, uint32_t timestamp, uint16_t seq) noexcept:
        return (
            not self.marker and self.payload_type == pt and self.timestamp == timestamp
            and <uint16_t>(self.sequence + len(self.payloads)) == seq
        )


cdef Run _new_run(int64_t came, uint32_t ssrc, uint32_t timestamp, uint8_t pt, uint16_t seq):
    cdef Run run = Run.__new__(Run)
    run.came = came
    run.ssrc = ssrc
    run.timestamp = timestamp
    run.payload_type = pt
    run.sequence = seq
    run.marker = False
    run.payloads = []
    return run


def split_heard(bytes heard):
    """What `take_packets` gave, in the order in which it began to come: of each stream's RTP a `Run` after another, and
    whatever else there is (reports) as (when it came in microseconds, packet). Raises ValueError for anything else."""
    cdef const uint8_t *data = <const uint8_t *>PyBytes_AS_STRING(heard)
    cdef Py_ssize_t size = len(heard), at = 0
    cdef const uint8_t *packet
    cdef int64_t came
    cdef int32_t length
    cdef uint32_t ssrc, timestamp
    cdef uint16_t seq
    cdef uint8_t pt
    cdef int i
    cdef uint32_t ssrcs[MOST_OPEN]
    cdef list found = [], runs = []
    cdef Run run
    while at < size:
        if size - at < TAP_HEADER:
            raise ValueError("not what a listener heard")
        memcpy(&came, data + at, sizeof(int64_t))
        memcpy(&length, data + at + sizeof(int64_t), sizeof(int32_t))
        at += TAP_HEADER
        if length < 0 or length > size - at:
            raise ValueError("not what a listener heard")
        packet = data + at
        at += length
        if length < 12 or packet[0] != 0x80 or 192 <= packet[1] <= 223:
            found.append((came, packet[:length]))
            continue
        pt, seq, timestamp, ssrc = packet[1] & 0x7F, get16(packet + 2), get32(packet + 4), get32(packet + 8)
        for i in range(len(runs)):
            if ssrcs[i] == ssrc:
                break
        else:
            i = len(runs)
            if i == MOST_OPEN:
                i = 0
            else:
                runs.append(None)
            runs[i] = None
            ssrcs[i] = ssrc
        run = runs[i]
        if run is None or not run.goes_on(pt, timestamp, seq):
            run = runs[i] = _new_run(came, ssrc, timestamp, pt, seq)
            found.append(run)
        run.payloads.append(packet[12:length])
        run.marker = packet[1] >> 7
    return found
