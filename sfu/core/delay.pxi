# What delay says: whether a queue grows before the narrowest link (draft-ietf-rmcat-gcc-02, sections 4 and 5, with a
# line through the last delays in place of a Kalman filter), and how long the queue is that stands there.

cdef enum:
    NORMAL = 0
    OVERUSE = 1
    UNDERUSE = 2

cdef enum:
    BURST_US = 5000                 # what is sent within this is one burst
    BURST_MOST_US = 100000          # and what arrives together, if not for longer
    JUMP_US = 300000                # more between two bursts is a stall or a clock that was set
    REORDERED_MOST = 3              # bursts in a row that come before the one before them
    TREND_GAIN = 4
    TREND_MOST = 60                 # bursts that add to the trend's weight
    OVERUSE_MS = 10                 # above the threshold for so long is not chance
    LEAST_US = 10000000             # two of these back lies the fastest packet that others are compared with

cdef double SMOOTHING = 0.9
cdef double THRESHOLD = 12.5
cdef double THRESHOLD_LEAST = 6
cdef double THRESHOLD_MOST = 600
# rises slowly, so that a queue that others fill doesn't starve us; falls quickly once they have gone
cdef double THRESHOLD_UP = 0.0087
cdef double THRESHOLD_DOWN = 0.039
# a TCP connection waits for what was lost on the way and then gives everything at once
cdef double TCP_CALM = 0.5


cdef void begin_delay(Delay *delay) noexcept nogil:
    memset(delay, 0, sizeof(Delay))
    delay.threshold = THRESHOLD
    delay.over_ms = -1


cdef void restart_trend(Delay *delay) noexcept nogil:
    """After a stall or a step of a clock. The threshold stays."""
    delay.current.begun = False
    delay.before.begun = False
    delay.reordered = 0
    delay.deltas = 0
    delay.points = 0
    delay.next_point = 0
    delay.accumulated = 0
    delay.smoothed = 0
    delay.slope = 0
    delay.over_ms = -1
    delay.over_count = 0
    delay.state = NORMAL


cdef inline void begin_burst(Burst *burst, int64_t sent, int64_t arrived) noexcept nogil:
    burst.begun = True
    burst.first_sent = burst.last_sent = sent
    burst.first_arrived = burst.last_arrived = arrived


cdef inline bint in_burst(const Burst *burst, int64_t sent, int64_t arrived) noexcept nogil:
    if sent - burst.first_sent <= BURST_US:
        return True
    # what was held up together arrives at once: no queue that grows
    return (
        arrived - burst.last_arrived <= BURST_US
        and arrived - burst.last_arrived < sent - burst.last_sent
        and arrived - burst.first_arrived < BURST_MOST_US
    )


cdef void take_arrival(Delay *delay, int64_t sent, int64_t arrived, int64_t now, bint tcp) noexcept nogil:
    """In the order of sending; what is older than the burst at hand is passed over."""
    cdef Burst *current = &delay.current
    cdef Burst *before = &delay.before
    cdef int64_t sent_apart, arrived_apart
    if not current.begun:
        begin_burst(current, sent, arrived)
        return
    if sent < current.first_sent:
        return
    if in_burst(current, sent, arrived):
        current.last_sent = max(current.last_sent, sent)
        current.last_arrived = max(current.last_arrived, arrived)
        return
    if before.begun:
        sent_apart = current.last_sent - before.last_sent
        arrived_apart = current.last_arrived - before.last_arrived
        if not -JUMP_US < arrived_apart - sent_apart < JUMP_US:
            restart_trend(delay)
        elif arrived_apart < 0:
            delay.reordered += 1
            if delay.reordered >= REORDERED_MOST:
                restart_trend(delay)
        else:
            delay.reordered = 0
            take_difference(delay, sent_apart, arrived_apart, current.last_arrived, now, tcp)
    if current.begun:
        before[0] = current[0]
    begin_burst(current, sent, arrived)


cdef void take_difference(
    Delay *delay, int64_t sent_apart, int64_t arrived_apart, int64_t arrived, int64_t now, bint tcp
) noexcept nogil:
    """Between two bursts: how much later the second one came than if it had not had to wait longer."""
    cdef double before = delay.slope
    delay.deltas = min(delay.deltas + 1, 1000)
    if delay.points == 0:
        delay.first_arrived = arrived
    delay.accumulated += <double>(arrived_apart - sent_apart) / 1000
    delay.smoothed = SMOOTHING * delay.smoothed + (1 - SMOOTHING) * delay.accumulated
    delay.times[delay.next_point] = <double>(arrived - delay.first_arrived) / 1000
    delay.delays[delay.next_point] = delay.smoothed
    delay.next_point = (delay.next_point + 1) % TREND_POINTS
    delay.points = min(delay.points + 1, <int>TREND_POINTS)
    if delay.points == TREND_POINTS:
        delay.slope = fitted_slope(delay)
    judge_trend(delay, before, <double>sent_apart / 1000, now, tcp)


cdef double fitted_slope(const Delay *delay) noexcept nogil:
    """Of the line with the least squares: milliseconds of delay a millisecond."""
    cdef int i
    cdef double time = 0, wait = 0, above = 0, below = 0
    for i in range(TREND_POINTS):
        time += delay.times[i]
        wait += delay.delays[i]
    time /= TREND_POINTS
    wait /= TREND_POINTS
    for i in range(TREND_POINTS):
        above += (delay.times[i] - time) * (delay.delays[i] - wait)
        below += (delay.times[i] - time) * (delay.times[i] - time)
    return above / below if below > 0 else delay.slope


cdef void judge_trend(Delay *delay, double before, double sent_apart, int64_t now, bint tcp) noexcept nogil:
    if delay.deltas < 2:
        delay.state = NORMAL
        return
    delay.trend = min(delay.deltas, <int>TREND_MOST) * delay.slope * TREND_GAIN
    if tcp:
        delay.trend *= TCP_CALM
    if delay.trend > delay.threshold:
        delay.over_ms = sent_apart / 2 if delay.over_ms < 0 else delay.over_ms + sent_apart
        delay.over_count += 1
        if delay.over_ms > OVERUSE_MS and delay.over_count > 1 and delay.slope >= before:
            delay.over_ms = 0
            delay.over_count = 0
            delay.state = OVERUSE
    else:
        delay.over_ms = -1
        delay.over_count = 0
        delay.state = UNDERUSE if delay.trend < -delay.threshold else NORMAL
    adapt_threshold(delay, now)


cdef void adapt_threshold(Delay *delay, int64_t now) noexcept nogil:
    """GCC, section 5.4. A spike is not followed: it would hide what comes after it."""
    cdef double size = delay.trend if delay.trend >= 0 else -delay.trend
    cdef double gain = THRESHOLD_DOWN if size < delay.threshold else THRESHOLD_UP
    cdef double elapsed = <double>min(now - delay.threshold_at, <int64_t>100000) / 1000
    delay.threshold_at = now
    if size > delay.threshold + 15:
        return
    delay.threshold += gain * (size - delay.threshold) * elapsed
    delay.threshold = min(max(delay.threshold, THRESHOLD_LEAST), THRESHOLD_MOST)


# The queue that stands ----------------------------------------------------------------------------------------------


cdef inline void note_way(Delay *delay, int64_t sent, int64_t arrived) noexcept nogil:
    cdef int64_t way = arrived - sent
    if not delay.has_way:
        delay.has_way = True
        delay.way = way
        delay.newest = sent
    delay.way = min(delay.way, way)
    delay.newest = max(delay.newest, sent)


cdef void measure_standing(Delay *delay, int64_t now) noexcept nogil:
    """After a message. The least wait of all that it tells of, so that a packet that came late alone is no queue; and
    no more than round trips show as well, as the receiver's clock may have been set."""
    cdef int64_t trip = now - delay.newest
    if not delay.has_way:
        return
    delay.round_trip_us = trip if delay.round_trip_us == 0 else (7 * delay.round_trip_us + trip) // 8
    if not delay.has_least:
        delay.has_least = True
        delay.way_before = delay.way_least = delay.way
        delay.trip_before = delay.trip_least = trip
        delay.least_at = now
    elif now - delay.least_at >= LEAST_US:
        delay.way_before = delay.way_least
        delay.trip_before = delay.trip_least
        delay.way_least = delay.way
        delay.trip_least = trip
        delay.least_at = now
    else:
        delay.way_least = min(delay.way_least, delay.way)
        delay.trip_least = min(delay.trip_least, trip)
    delay.standing_us = min(
        delay.way - min(delay.way_before, delay.way_least), trip - min(delay.trip_before, delay.trip_least)
    )
    delay.has_way = False
