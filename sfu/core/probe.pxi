# Looking for more: while more is wanted than the estimate allows and nothing speaks against it, for a moment more is
# sent than that, filled up with repetitions, and what of it arrives how fast says what the way carries (as libwebrtc's
# probes do). Streams that are only as large as their publishers make them tell nothing of that.

cdef enum:
    PROBE_US = 40000                # longer: a longer queue while it lasts; shorter: chance decides
    PROBE_MOST_US = 100000
    PROBE_STEP_US = 5000            # as often as the engine looks (TICK_EVERY_US)
    PROBE_PACKETS = 5
    PROBE_PACKET_BYTES = 1000
    PROBE_WAITS_US = 1500000        # for feedback on it
    PROBE_APART_US = 1000000        # what took longer was held up
    PROBE_AGAIN_US = 1000000        # after one that failed; doubled for each more
    PROBE_AGAIN_MOST_US = 6000000   # later, and capacity that has come back would stay unused for too long
    PROBE_REGRET_US = 3000000       # what had to be taken back so soon was no success
    PROBE_REGRET_MOST_US = 20000000
    PROBE_QUEUE_US = 40000          # more that stands, and there is nothing to look for

cdef double PROBE_FACTOR = 2        # of the estimate; while nothing has failed yet
cdef double PROBE_CAREFUL = 1.3     # and then: it shows whether there is more, not how much
cdef double PROBE_FIRST = 3
cdef double PROBE_SURPLUS = 1.2     # of what is wanted
cdef double PROBE_FULL = 0.9        # arrives more slowly than this: the way was full
cdef double PROBE_KEEPS = 0.95      # of what it then carried
cdef double PROBE_LEAST_GAIN = 1.02
cdef double PROBE_WRONG = 0.7       # of what it has shown: more is no mere correction


cdef inline void note_probed(Sending *sending, int size, int64_t now) noexcept nogil:
    cdef Probe *probe = &sending.probe
    if probe.packets == 0:
        probe.first_at = now
    if now != probe.last_at:
        probe.last_at = now
        probe.last_bytes = 0
    if now == probe.first_at:
        probe.first_bytes += size
    probe.last_bytes += size
    probe.bytes += size
    probe.packets += 1
    probe.last_ext = sending.next - 1


cdef inline void note_probe_arrived(Probe *probe, int size, int64_t arrived) noexcept nogil:
    if probe.arrived == 0 or arrived < probe.first_arrived:
        probe.first_arrived = arrived
        probe.first_size = size
    if probe.arrived == 0 or arrived >= probe.last_arrived:
        probe.last_arrived = arrived
        probe.last_size = size
    probe.arrived += 1
    probe.arrived_bytes += size


cdef inline bint can_probe(const Sending *sending, double wanted, int64_t now) noexcept nogil:
    return (
        not sending.probe.going
        and not sending.probe.awaited
        and now >= sending.probe.next_at
        and sending.told_at != 0
        and wanted > sending.bitrate * PROBE_LEAST_GAIN
        and sending.delay.state == NORMAL
        and sending.delay.standing_us < PROBE_QUEUE_US
        and not sending.losses.trying
        and sending.drained_to == 0
    )


cdef int64_t probe_due(Sending *sending, double wanted, int64_t now) noexcept nogil:
    """Bytes with which to fill up now; to be asked every PROBE_STEP_US while `probe.going`, and when one may begin."""
    cdef Probe *probe = &sending.probe
    cdef double rate
    if probe.awaited and now - probe.until > PROBE_WAITS_US:
        probe_failed(sending, now)
    if probe.going:
        if now < probe.until:
            return max(probe.rate * (now - probe.began_at + PROBE_STEP_US) // 8000000 - probe.bytes, <int64_t>0)
        probe.going = False
        probe.awaited = probe.packets > 0
        sending.cluster = 0
        return 0
    if not can_probe(sending, wanted, now):
        return 0
    rate = sending.bitrate
    if probe.failures > 0 or near_capacity(sending):
        rate *= PROBE_CAREFUL
    else:
        rate *= PROBE_FIRST if probe.count < 2 else PROBE_FACTOR
    rate = min(max(rate, <double>probe.regain), wanted * PROBE_SURPLUS)
    begin_probe(sending, rate, now)
    return probe.rate * PROBE_STEP_US // 8000000


cdef void begin_probe(Sending *sending, double rate, int64_t now) noexcept nogil:
    cdef Probe *probe = &sending.probe
    cdef int64_t enough = <int64_t>(PROBE_PACKETS * PROBE_PACKET_BYTES * 8e6 / rate)
    probe.going = True
    probe.number = probe.number % 255 + 1
    probe.rate = <int64_t>rate
    probe.began_at = now
    probe.until = now + min(max(enough, <int64_t>PROBE_US), <int64_t>PROBE_MOST_US)
    probe.last_at = 0
    probe.bytes = probe.first_bytes = probe.last_bytes = 0
    probe.packets = probe.arrived = 0
    probe.arrived_bytes = 0
    probe.count += 1
    sending.cluster = probe.number


cdef void stop_probe(Sending *sending) noexcept nogil:
    sending.probe.going = False
    sending.probe.awaited = False
    sending.cluster = 0


cdef void probe_failed(Sending *sending, int64_t now) noexcept nogil:
    cdef Probe *probe = &sending.probe
    stop_probe(sending)
    probe.next_at = now + min(
        <int64_t>PROBE_AGAIN_US << min(probe.failures, 6), <int64_t>PROBE_AGAIN_MOST_US
    )
    probe.failures += 1
    probe.regain = probe.regain // 2 if probe.regain > 2 * sending.bitrate else 0


cdef void regret_probe(Sending *sending, double rate, int64_t now) noexcept nogil:
    """The estimate falls to `rate`. If a probe has just raised it, that was a mistake, and by much a large one: a
    policer lets a burst through. Else, if it falls by much, something has happened: what was found out about more does
    not count any longer."""
    cdef Probe *probe = &sending.probe
    cdef bint much = rate < PROBE_WRONG * sending.bitrate
    cdef int64_t most = PROBE_REGRET_MOST_US if much else PROBE_AGAIN_MOST_US
    if probe.raised_at != 0 and now - probe.raised_at < PROBE_REGRET_US:
        probe.regrets += 1
        probe.next_at = now + min(<int64_t>PROBE_AGAIN_US << min(probe.regrets, 6), most)
        probe.raised_at = 0
    elif much:
        probe.failures = probe.regrets = 0
        probe.next_at = now + PROBE_AGAIN_US
        probe.raised_at = 0


cdef double probe_result(Sending *sending, int64_t now) noexcept nogil:
    """After a message: what the probe that it completes has shown, in bits a second; 0 if none is complete or nothing
    can be said."""
    cdef Probe *probe = &sending.probe
    cdef double sent, arrived, usual
    cdef int64_t apart
    if not probe.awaited or sending.told_next <= probe.last_ext:
        return 0
    probe.awaited = False
    apart = probe.last_arrived - probe.first_arrived
    if (
        probe.arrived < max(PROBE_PACKETS - 1, probe.packets // 3)
        or probe.last_at <= probe.first_at
        or not 0 < apart < PROBE_APART_US
    ):
        probe_failed(sending, now)
        return 0
    # of what was sent first and last, half belongs to the time before or after
    sent = <double>(probe.bytes - (probe.first_bytes + probe.last_bytes) // 2) * 8e6
    sent /= <double>(probe.last_at - probe.first_at)
    arrived = <double>(probe.arrived_bytes - (probe.first_size + probe.last_size) // 2) * 8e6 / <double>apart
    usual = max(sending.losses.inherent, LOSS_ALWAYS)
    if probe.arrived >= probe.packets * (1 - usual) - 2 * deviation(usual, probe.packets) - 1:
        # what is missing was lost by chance
        arrived *= <double>probe.packets / probe.arrived
    else:
        arrived /= 1 - sending.losses.inherent
    if arrived < PROBE_FULL * sent:
        probe_failed(sending, now)
        return PROBE_KEEPS * arrived
    probe.failures = 0
    probe.next_at = now
    probe.regain = 0
    return min(sent, arrived)
