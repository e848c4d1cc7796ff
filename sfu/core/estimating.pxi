# The estimate of what a way carries, without an engine: for simulations, in which somebody else sends.


cdef bint take_compound(Sending *sending, const uint8_t *data, int length, int64_t now) noexcept nogil:
    cdef int at = 0, size
    while at + 4 <= length:
        size = 4 * (get16(data + at + 2) + 1)
        if data[at] >> 6 != 2 or at + size > length:
            return False
        if data[at + 1] == RTCP_RTPFB and data[at] & 0x1F == FEEDBACK_TRANSPORT:
            if not take_message(sending, data + at, size, now):
                return False
        at += size
    return at == length


cdef class Estimator:
    """What `sending.pxi` and its like conclude from the feedback on what one sender sends. Times are microseconds of
    the caller's clock.

    `start_bps`: what is assumed before the first feedback. `tcp`: the way is a TCP connection.
    """

    cdef Sending sending

    def __cinit__(self, double start_bps=ESTIMATE_START, bint tcp=False):
        if not ESTIMATE_LEAST <= start_bps <= ESTIMATE_MOST:
            raise ValueError("an estimate begins between 30 kbit/s and 50 Mbit/s")
        begin_sending(&self.sending, start_bps)
        self.sending.tcp = tcp

    def sent(self, int seq, int size, int64_t now_us):
        """A packet of `size` bytes with the transport-wide number `seq` leaves now. Numbers begin at 0 and follow each
        other, modulo 65536."""
        if seq != <int>(self.sending.next & 0xFFFF):
            raise ValueError("transport-wide numbers begin at 0 and follow each other")
        if not 0 < size < 65536:
            raise ValueError("a packet has between 1 and 65535 bytes")
        note_departure(&self.sending, size, now_us)

    def feedback(self, bytes rtcp, int64_t now_us):
        """An RTCP packet, single or compound, in clear. False if it is not as it should be; what is not transport-wide
        feedback is passed over."""
        cdef int length = <int>len(rtcp)
        # of its own size, so that a sanitizer sees whatever reads beyond it
        cdef uint8_t *copy = <uint8_t *>malloc(max(length, 1))
        if copy == NULL:
            raise MemoryError
        memcpy(copy, <const uint8_t *>rtcp, length)
        good = take_compound(&self.sending, copy, length, now_us)
        free(copy)
        return bool(good)

    def probe_wanted(self, int64_t now_us, int64_t wanted_bps):
        """Bytes that are to be sent now beside what is sent anyway, to look for more; 0: none. To be asked every 5 ms.
        `wanted_bps`: what would be sent if the way carried it."""
        return probe_due(&self.sending, <double>wanted_bps, now_us)

    def pass_time(self, int64_t now_us):
        """To be called about every second: while nothing is answered, the estimate falls."""
        return pass_time(&self.sending, now_us)

    def change_route(self, int64_t now_us, bint tcp=False):
        """What is sent from now on goes another way."""
        change_route(&self.sending, tcp, now_us)

    @property
    def bitrate(self):
        """Bits a second that can be sent, headers of RTP and above included."""
        return <int64_t>self.sending.bitrate

    @property
    def acknowledged(self):
        """Bits a second that have arrived lately; 0: not known."""
        return <int64_t>self.sending.acked_rate

    @property
    def probing(self):
        """Whether a probe is being sent."""
        return bool(self.sending.probe.going)

    @property
    def state(self):
        """What delay says: "normal", "overuse" or "underuse"."""
        return ("normal", "overuse", "underuse")[self.sending.delay.state]

    @property
    def standing_us(self):
        """How much longer packets wait on the way than the fastest of the last seconds."""
        return self.sending.delay.standing_us

    @property
    def round_trip_us(self):
        return self.sending.delay.round_trip_us

    @property
    def loss(self):
        """Share of what was sent lately that was lost."""
        return self.sending.losses.now

    @property
    def inherent_loss(self):
        """Share that is lost however little is sent, as far as that is known."""
        return self.sending.losses.inherent

    @property
    def counts(self):
        return {
            "feedback_in": self.sending.feedback_in,
            "feedback_bad": self.sending.feedback_bad,
            "unknown": self.sending.unknown,
            "probes": self.sending.probe.count,
        }
