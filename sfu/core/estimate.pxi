# How much the way to a peer carries: delay, losses and probes made one number, as additive increase and multiplicative
# decrease (draft-ietf-rmcat-gcc-02, section 5.5). What is sent is what publishers make, and often less than the way
# carries: little that was sent is no sign of a narrow way, nor of a wide one.

cdef enum:
    REDUCE_LEAST_US = 10000
    REDUCE_MOST_US = 200000         # between two decreases: until what the first one did can be seen
    RESPONSE_US = 100000            # and the round trip: until a sender knows of what it did
    LONGEST_STEP_US = 1000000
    QUEUE_GONE_US = 30000
    QUEUE_SHORT_US = 80000          # a longer one is sent less for than it takes to keep it from growing
    DRAINED_US = 3000000            # is not waited for any longer
    STANDING_US = 100000            # a queue that no trend tells of, as it grows no more
    STANDING_FOR_US = 1000000
    STANDING_LONG_US = 300000       # is not waited for so long
    BLAMED_MOST = 3                 # times: then it is somebody else's queue
    SPARED_US = 30000000
    SILENT_US = 1500000             # without an answer to what was sent: nothing gets through

cdef double ESTIMATE_START = 500000
cdef double ESTIMATE_LEAST = 30000       # sound at its least; below, nothing is left to save
cdef double ESTIMATE_MOST = 50e6
cdef double DECREASE = 0.85
cdef double DECREASE_MOST = 0.5
cdef double DRAIN_GAIN = 0.7        # of the rate, for each second that the queue lasts
cdef double RETURNS = 0.92          # of what the way carried, once the queue is gone
cdef double INCREASE = 0.08         # a second, far from where it was full
cdef double PACKET_BITS = 9600      # near there: for each round trip
cdef double HEADROOM = 1.5          # of what is known to get through
cdef double HEADROOM_BPS = 10000
cdef double NEAR = 0.15             # of the capacity
cdef double LIMITED = 0.7           # of the estimate: who sends less has not filled it
cdef double SILENT_DECREASE = 0.7


cdef void begin_sending(Sending *sending, double start) noexcept nogil:
    memset(sending, 0, sizeof(Sending))
    sending.bitrate = start
    begin_delay(&sending.delay)


cdef void change_route(Sending *sending, bint tcp, int64_t now) noexcept nogil:
    """What was learnt of another way says little of this one: it begins with care, and is looked for more at once."""
    sending.tcp = tcp
    sending.counts_from = sending.next
    sending.bitrate = min(sending.bitrate, max(sending.bitrate / 2, ESTIMATE_START))
    sending.capacity = 0
    sending.acked_began = 0
    sending.drained_to = 0
    sending.standing_since = 0
    sending.first_untold_at = 0
    sending.silent = False
    begin_delay(&sending.delay)
    forget_losses(&sending.losses, True)
    stop_probe(sending)
    sending.probe.failures = 0
    sending.probe.regain = 0
    sending.probe.raised_at = 0
    sending.probe.next_at = now


cdef bint take_message(Sending *sending, const uint8_t *part, int size, int64_t now) noexcept nogil:
    """A feedback message. False, and nothing has changed, if it is not as it should be."""
    cdef Feedback feedback
    if not check_feedback(part, size, &feedback):
        sending.feedback_bad += 1
        return False
    sending.feedback_in += 1
    if sending.next == 0:
        return True
    if sending.told_at == 0:
        sending.told_next = max(extended(sending, feedback.first), <int64_t>0)
        sending.changed_at = now
    if sending.silent:
        end_silence(sending, now)
    read_feedback(sending, &feedback, now)
    sending.told_at = now
    sending.first_untold_at = 0
    if oldest_known(sending) <= sending.told_next < sending.next:
        sending.first_untold_at = departed_at(&sending.ring[sending.told_next & (DEPARTURES - 1)], now)
    conclude(sending, now)
    return True


cdef void conclude(Sending *sending, int64_t now) noexcept nogil:
    """From all that was told up to now."""
    cdef int losses
    cdef double shown
    measure_acked(sending)
    measure_standing(&sending.delay, now)
    losses = judge_losses(&sending.losses, now)
    shown = probe_result(sending, now)
    if sending.delay.state == OVERUSE:
        overused(sending, now)
    elif losses == LOSS_RISEN:
        losses_risen(sending, now)
    elif losses == LOSS_INHERENT:
        sending.bitrate = max(sending.bitrate, sending.losses.rate_kept)
        sending.probe.failures = 0
        sending.probe.regrets = 0
        sending.probe.next_at = now
    elif losses == LOSS_CONGESTION:
        note_capacity(sending, sending.bitrate / DECREASE)
        if sending.probe.regrets == 0:
            sending.probe.next_at = min(sending.probe.next_at, now + PROBE_AGAIN_US)
    elif not blame_standing(sending, now) and not still_draining(sending, now):
        if sending.delay.state == NORMAL and losses == LOSS_USUAL:
            grow(sending, now)
    if shown > 0:
        take_shown(sending, shown, now)
    sending.bitrate = min(max(sending.bitrate, ESTIMATE_LEAST), ESTIMATE_MOST)
    sending.changed_at = now


# Less ---------------------------------------------------------------------------------------------------------------


cdef void lower(Sending *sending, double rate, int64_t now) noexcept nogil:
    rate = max(rate, ESTIMATE_LEAST)
    if rate >= sending.bitrate:
        return
    regret_probe(sending, rate, now)
    sending.bitrate = rate
    sending.lowered_at = now


cdef inline bint may_reduce(const Sending *sending, int64_t now) noexcept nogil:
    cdef int64_t wait = min(max(sending.delay.round_trip_us, <int64_t>REDUCE_LEAST_US), <int64_t>REDUCE_MOST_US)
    return now - sending.lowered_at >= wait


cdef void overused(Sending *sending, int64_t now) noexcept nogil:
    cdef double rate = throughput_lately(sending)
    cdef double share = DECREASE
    cdef int64_t standing = sending.delay.standing_us
    if not may_reduce(sending, now):
        return
    if rate == 0:
        lower(sending, DECREASE * sending.bitrate, now)
    elif rate < LIMITED * sending.bitrate and standing < QUEUE_SHORT_US:
        # so little was sent that it can hardly have been too much: in doubt step by step
        lower(sending, max(LIMITED * sending.bitrate, DECREASE * rate), now)
    else:
        note_capacity(sending, rate)
        if standing > QUEUE_SHORT_US:
            share = max(DECREASE - DRAIN_GAIN * <double>(standing - QUEUE_SHORT_US) / 1e6, DECREASE_MOST)
            sending.drained_to = RETURNS * rate
        lower(sending, share * rate, now)
    if sending.losses.trying:
        # delay has spoken: no matter what the trial comes to
        sending.losses.rate_kept = sending.bitrate


cdef void losses_risen(Sending *sending, int64_t now) noexcept nogil:
    cdef double rate = throughput_lately(sending)
    if rate == 0:
        rate = sending.bitrate * (1 - sending.losses.now)
    if sending.tcp:
        # what is lost there did not fit into our own buffer
        if may_reduce(sending, now):
            lower(sending, DECREASE * rate, now)
    elif try_less(&sending.losses, sending.bitrate, now):
        lower(sending, min(DECREASE * rate, rate_in_trial(&sending.losses)), now)


cdef bint blame_standing(Sending *sending, int64_t now) noexcept nogil:
    """A queue that neither grows nor goes is ours to end by sending less, unless that changes nothing. True if less is
    sent for it."""
    cdef double rate = throughput(sending)
    cdef int64_t waits
    if sending.delay.standing_us < STANDING_US:
        sending.standing_since = 0
        sending.blamed = 0
        return False
    if sending.standing_since == 0:
        sending.standing_since = now
        sending.standing_at_first = sending.delay.standing_us
    waits = STANDING_FOR_US if sending.delay.standing_us < STANDING_LONG_US else STANDING_LONG_US
    if now - max(sending.standing_since, sending.lowered_at) < waits or now < sending.spared_until:
        return False
    if sending.delay.standing_us < sending.standing_at_first * 4 // 5:
        sending.standing_at_first = sending.delay.standing_us
        sending.blamed = 0
    elif sending.blamed == BLAMED_MOST:
        sending.spared_until = now + SPARED_US
        sending.blamed = 0
        return False
    if rate == 0 or rate < LIMITED * sending.bitrate:
        rate = sending.bitrate
    sending.blamed += 1
    sending.drained_to = max(sending.drained_to, RETURNS * rate)
    lower(sending, DECREASE * rate, now)
    return True


cdef bint still_draining(Sending *sending, int64_t now) noexcept nogil:
    """While a queue goes, less is sent than could be; when it has gone, that ends."""
    if sending.drained_to == 0:
        return False
    if sending.delay.standing_us < QUEUE_GONE_US:
        sending.bitrate = max(sending.bitrate, sending.drained_to)
    elif now - sending.lowered_at < DRAINED_US:
        return True
    sending.drained_to = 0
    return False


cdef bint pass_time(Sending *sending, int64_t now) noexcept nogil:
    """To be called every second or so. While nothing that is sent is answered, ever less is said to get through. True
    if it is less now."""
    if sending.told_at == 0 or sending.first_untold_at == 0:
        return False
    if now - max(sending.first_untold_at, sending.told_at) < SILENT_US or now - sending.lowered_at < SILENT_US // 2:
        return False
    if sending.sent_at - max(sending.first_untold_at, sending.told_at) < SILENT_US // 2:
        # the last packets were lost, and there was nothing after them
        return False
    if not sending.silent:
        sending.silent = True
        sending.probe.regain = max(sending.probe.regain, <int64_t>sending.bitrate)
        stop_probe(sending)
    sending.bitrate = max(SILENT_DECREASE * sending.bitrate, ESTIMATE_LEAST)
    sending.lowered_at = now
    return True


cdef void end_silence(Sending *sending, int64_t now) noexcept nogil:
    """What was lost in it, or waited, says nothing of now. What was possible before is tried at once."""
    sending.silent = False
    sending.counts_from = sending.next
    sending.acked_began = 0
    sending.drained_to = 0
    sending.probe.failures = 0
    sending.probe.next_at = now
    restart_trend(&sending.delay)
    forget_losses(&sending.losses, False)


# More ---------------------------------------------------------------------------------------------------------------


cdef void note_capacity(Sending *sending, double rate) noexcept nogil:
    if not (1 - NEAR) * sending.capacity < rate < (1 + NEAR) * sending.capacity:
        sending.capacity = rate
    else:
        sending.capacity += 0.2 * (rate - sending.capacity)


cdef inline bint near_capacity(const Sending *sending) noexcept nogil:
    return sending.capacity > 0 and sending.bitrate > (1 - 2 * NEAR) * sending.capacity


cdef void grow(Sending *sending, int64_t now) noexcept nogil:
    """Carefully where the way was full before, else faster; never far beyond what is known to get through."""
    cdef double elapsed = <double>min(now - sending.changed_at, <int64_t>LONGEST_STEP_US) / 1e6
    cdef double rate = throughput(sending)
    cdef double most = HEADROOM * rate + HEADROOM_BPS
    if rate == 0 or sending.bitrate >= most:
        return
    if sending.capacity > 0 and rate > (1 + NEAR) * sending.capacity:
        sending.capacity = 0
    if near_capacity(sending):
        elapsed *= PACKET_BITS * 1e6 / <double>(sending.delay.round_trip_us + RESPONSE_US)
        sending.bitrate = min(sending.bitrate + elapsed, most)
    else:
        sending.bitrate = min(sending.bitrate * (1 + INCREASE * elapsed), most)


cdef void take_shown(Sending *sending, double rate, int64_t now) noexcept nogil:
    """What a probe has shown. It never lowers the estimate: chance may have held it up."""
    cdef bint full = sending.probe.failures > 0
    if rate <= sending.bitrate * PROBE_LEAST_GAIN:
        if not full:
            # not even what the estimate allows was sent: there was nothing to fill up with
            probe_failed(sending, now)
        return
    if sending.delay.state == OVERUSE or sending.losses.trying:
        return
    if full:
        # beside others a probe takes away from them for a moment what would not be left to it
        if near_capacity(sending):
            return
        note_capacity(sending, rate / PROBE_KEEPS)
    elif rate > (1 + NEAR) * sending.capacity:
        sending.capacity = 0
    sending.bitrate = rate
    sending.drained_to = 0
    sending.probe.raised_at = now
