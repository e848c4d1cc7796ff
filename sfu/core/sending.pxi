# What is under way to one peer and what its feedback says of that: a ring of what was sent by transport-wide sequence
# number, and the state of everything that is concluded from it (`delay.pxi`, `loss.pxi`, `probe.pxi`, `estimate.pxi`).
# Nothing here reads a clock or knows an engine: `estimating.pxi` runs the same functions for simulations.
#
# Two clocks: ours, when something was sent, and the receiver's, when it came. They are only compared by differences.

cdef enum:
    DEPARTURES = 4096               # packets remembered: three seconds of 1,300 a second
    TOLD_A_SECOND = 100             # feedback messages of one peer; browsers send 20 at most

cdef enum:
    # what is known of a packet
    UNTOLD = 0
    ARRIVED = 1
    LOST = 2
    PASSED_OVER = 3                 # a message that spoke of later ones came; the one that spoke of it did not

cdef enum:
    TREND_POINTS = 20
    ACKED_PLACES = 32
    STRETCHES = 16


cdef struct Departure:
    uint32_t at                     # microseconds of our clock, modulo 2**32
    uint16_t size
    uint8_t cluster                 # the probe that it belongs to; 0 = none
    uint8_t fate


cdef struct Burst:
    # packets that were sent, or that arrived, so close together that they tell nothing one by one
    bint begun
    int64_t first_sent, last_sent, first_arrived, last_arrived


cdef struct Delay:
    # `delay.pxi`
    Burst current, before
    int reordered
    int deltas
    double accumulated, smoothed, slope
    double times[TREND_POINTS]      # milliseconds since `first_arrived`
    double delays[TREND_POINTS]     # smoothed, milliseconds
    int points, next_point
    int64_t first_arrived
    double threshold, trend
    int64_t threshold_at
    double over_ms                  # for so long it has been above the threshold; -1 = it is not
    int over_count
    int state
    # how much longer packets wait than the fastest: ways and round trips of the last two windows, least
    bint has_least
    int64_t way_before, way_least, trip_before, trip_least
    int64_t least_at
    bint has_way                    # of what the message at hand tells:
    int64_t way                     # the least
    int64_t newest                  # when the last one that came was sent
    int64_t standing_us
    int64_t round_trip_us           # smoothed; 0 = not known


cdef struct Stretch:
    # a tenth of a second of sending, as far as it has been told
    int64_t index
    int packets, lost, runs         # of lost packets, one after the other
    int64_t bytes


cdef struct Losses:
    # `loss.pxi`
    Stretch stretches[STRETCHES]
    int64_t newest
    bint in_run                     # the last packet that was told of was lost
    double now                      # share lost lately
    double slowly                   # the same over several seconds
    int64_t looked_at
    double inherent                 # share that is lost however little is sent
    int64_t settles_until           # until then it is still being learnt, upwards too
    bint trying
    int64_t tried_at, counts_from
    double rate_before, loss_before, rate_kept
    int trial_packets, trial_lost
    int64_t trial_bytes, trial_first, trial_last


cdef struct Probe:
    # `probe.pxi`
    bint going, awaited             # is being sent; is waited for
    uint8_t number
    int64_t rate
    int64_t began_at, until
    # sent: in all, and at the first and at the last moment
    int packets
    int64_t bytes, first_bytes, last_bytes, first_at, last_at, last_ext
    # arrived: in all, and the first and the last packet
    int arrived
    int64_t arrived_bytes, first_size, last_size, first_arrived, last_arrived
    int failures
    int64_t next_at
    int64_t raised_at               # the estimate, by the last that succeeded; 0 = that is settled
    int regrets
    int64_t regain                  # what was possible before the peer fell silent; 0 = nothing to regain
    int64_t count


cdef struct Sending:
    # first what every packet touches
    int64_t next                    # number of the next packet, extended
    int64_t sent_at
    int64_t first_untold_at         # when the first packet after the last message was sent; 0 = none was
    uint8_t cluster                 # the probe to which packets belong now; 0 = none
    bint tcp
    Address route                   # to which all this applies
    # then what feedback touches
    int64_t counts_from             # packets before this one were sent on another route, or into silence
    int64_t told_next               # first of which no message has spoken
    bint has_reference
    int32_t reference               # of the last message, in 64 ms, 24 bits
    int64_t reference_us            # extended, on the receiver's clock
    int64_t told_at                 # when the last message came; 0 = never
    int64_t budget, budget_at
    int64_t repeats, repeats_at     # bytes that may be sent again
    int64_t feedback_in, feedback_bad, unknown
    # what came, on the receiver's clock
    int64_t acked[ACKED_PLACES]
    int64_t acked_newest, acked_began, acked_latest
    double acked_rate               # bits a second; 0 = not known
    double acked_lately             # the same of a shorter time
    # the estimate
    double bitrate
    double capacity                 # where it was full before; 0 = not known
    int64_t changed_at, lowered_at
    bint silent                     # what is sent stays without an answer
    double drained_to               # what to return to when the queue is gone; 0 = there is none to wait for
    int64_t standing_since          # when a queue was first seen that does not go; 0 = there is none
    int64_t standing_at_first
    int blamed                      # times that less was sent for it in vain
    int64_t spared_until
    Delay delay
    Losses losses
    Probe probe
    Departure ring[DEPARTURES]


cdef inline void note_departure(Sending *sending, int size, int64_t now) noexcept nogil:
    """The packet with the number `next` has been sent."""
    cdef Departure *departure = &sending.ring[sending.next & (DEPARTURES - 1)]
    departure.at = <uint32_t>now
    departure.size = <uint16_t>size
    departure.cluster = sending.cluster
    departure.fate = UNTOLD
    sending.next += 1
    sending.sent_at = now
    if sending.first_untold_at == 0:
        sending.first_untold_at = now
    if sending.cluster != 0:
        note_probed(sending, size, now)


cdef inline int64_t departed_at(const Departure *departure, int64_t now) noexcept nogil:
    # the ring holds far less than half the range
    return now - <int64_t>(<uint32_t>(<uint32_t>now - departure.at))


cdef inline int64_t extended(const Sending *sending, uint16_t seq) noexcept nogil:
    """The last number sent that ends in these 16 bits."""
    return sending.next - 1 - <int64_t>(<uint16_t>(<uint16_t>((sending.next - 1) & 0xFFFF) - seq))


cdef inline int64_t oldest_known(const Sending *sending) noexcept nogil:
    return max(sending.counts_from, sending.next - DEPARTURES)


# What has come ------------------------------------------------------------------------------------------------------

cdef enum:
    ACKED_US = 32000                # of one place
    ACKED_WINDOW = 16               # places: half a second
    ACKED_LATELY = 6                # and a fifth, for when it counts
    ACKED_LEAST_US = 150000         # of less nothing is concluded

cdef double FALLEN = 0.8


cdef void note_acked(Sending *sending, int64_t arrived, int64_t size) noexcept nogil:
    cdef int64_t place = arrived // ACKED_US
    cdef int64_t step = place - sending.acked_newest
    if sending.acked_began == 0 or not -4 * ACKED_PLACES <= step <= ACKED_PLACES:
        memset(sending.acked, 0, sizeof(sending.acked))
        sending.acked_newest = place
        sending.acked_began = arrived
        sending.acked_latest = arrived
    elif step <= -ACKED_PLACES:
        return
    while sending.acked_newest < place:
        sending.acked_newest += 1
        sending.acked[sending.acked_newest & (ACKED_PLACES - 1)] = 0
    sending.acked[place & (ACKED_PLACES - 1)] += size
    sending.acked_latest = max(sending.acked_latest, arrived)


cdef double acked_over(const Sending *sending, int places) noexcept nogil:
    """Bits a second of the last `places`, what was passed over included; 0 if there is too little to say."""
    cdef int64_t i, total = 0, since
    if sending.acked_began == 0:
        return 0
    for i in range(places):
        total += sending.acked[(sending.acked_newest - i) & (ACKED_PLACES - 1)]
    since = max((sending.acked_newest - places + 1) * ACKED_US, sending.acked_began)
    if sending.acked_latest - since < ACKED_LEAST_US:
        return 0
    return <double>total * 8e6 / <double>(sending.acked_latest - since)


cdef void measure_acked(Sending *sending) noexcept nogil:
    sending.acked_rate = acked_over(sending, ACKED_WINDOW)
    sending.acked_lately = acked_over(sending, ACKED_LATELY)


cdef inline double throughput(const Sending *sending) noexcept nogil:
    """What the way carries when it is full, in bits a second as sent: what came, and what would be lost anyway. 0 = not
    known."""
    return sending.acked_rate / (1 - sending.losses.inherent)


cdef inline double throughput_lately(const Sending *sending) noexcept nogil:
    """The same of a shorter time, if that is so much less that it can't be chance."""
    cdef double rate = sending.acked_rate
    if 0 < sending.acked_lately < FALLEN * rate:
        rate = sending.acked_lately
    return rate / (1 - sending.losses.inherent)
