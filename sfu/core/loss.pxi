# What loss says. Some ways lose packets however little is sent: radio. Others lose what is too much: short buffers,
# policers. From one rate alone they can't be told apart, so it is tried: more is lost than is known to be lost anyway,
# less is sent, and if then as many are lost, it is inherent to the way, and what was possible before is possible again.
# If it falls with the rate, the way was full.

cdef enum:
    STRETCH_US = 100000
    LOOK_BACK = 6                   # stretches; where little is sent, all
    JUDGED_LEAST = 20               # packets
    SPREAD_LEAST = 3                # stretches in which something was lost: one gust is no condition
    TRIAL_SETTLES_US = 150000
    TRIAL_SLOW_US = 3000000         # for so long is waited for less to be sent, or for enough to be told
    TRIAL_LEAST = 30                # packets
    TRIAL_LOST = 8                  # that would have been lost of those if it were inherent

cdef double LOSS_MARGIN = 0.03      # less is not worth sending less
cdef double LOSS_SEVERE = 0.3       # is acted upon before it has lasted
# bits a second: with less, it is sound that is sent, and of that no less can be
cdef double TRIAL_FLOOR = 80000
cdef double INHERENT_MOST = 0.6


cdef enum:
    # what a look at the losses comes to
    LOSS_USUAL = 0
    LOSS_RISEN = 1                  # more than is inherent
    LOSS_TRYING = 2
    LOSS_INHERENT = 3               # the trial ended so
    LOSS_CONGESTION = 4


cdef inline Stretch *stretch_of(Losses *losses, int64_t sent) noexcept nogil:
    """NULL if it is too long ago."""
    cdef int64_t index = sent // STRETCH_US
    cdef Stretch *stretch = &losses.stretches[index & (STRETCHES - 1)]
    if index <= losses.newest - STRETCHES:
        return NULL
    if stretch.index != index:
        memset(stretch, 0, sizeof(Stretch))
        stretch.index = index
    losses.newest = max(losses.newest, index)
    return stretch


cdef void note_told(Losses *losses, int64_t sent, int size, bint lost) noexcept nogil:
    cdef Stretch *stretch = stretch_of(losses, sent)
    if stretch != NULL:
        stretch.packets += 1
        stretch.bytes += size
        stretch.lost += lost
    if losses.trying and sent >= losses.counts_from:
        if losses.trial_packets == 0:
            losses.trial_first = sent
        losses.trial_packets += 1
        losses.trial_bytes += size
        losses.trial_lost += lost
        losses.trial_last = max(losses.trial_last, sent)


cdef void note_found(Losses *losses, int64_t sent) noexcept nogil:
    """It was told to be lost, and came later than others."""
    cdef Stretch *stretch = stretch_of(losses, sent)
    if stretch != NULL and stretch.lost > 0:
        stretch.lost -= 1
    if losses.trying and sent >= losses.counts_from and losses.trial_lost > 0:
        losses.trial_lost -= 1


cdef struct Look:
    int packets, lost, spread
    double share, rate              # lost; bits a second that were sent


cdef void look_back(const Losses *losses, int count, Look *look) noexcept nogil:
    cdef int i
    cdef int64_t bytes = 0, first = losses.newest
    cdef const Stretch *stretch
    memset(look, 0, sizeof(Look))
    for i in range(count):
        stretch = &losses.stretches[(losses.newest - i) & (STRETCHES - 1)]
        if stretch.index != losses.newest - i or stretch.packets == 0:
            continue
        look.packets += stretch.packets
        look.lost += stretch.lost
        look.spread += stretch.lost > 0
        if i > 0:
            # the newest is not over
            bytes += stretch.bytes
            first = min(first, stretch.index)
    if look.packets:
        look.share = <double>look.lost / look.packets
    if first < losses.newest:
        look.rate = <double>bytes * 8e6 / <double>((losses.newest - first) * STRETCH_US)


cdef inline double deviation(double share, int packets) noexcept nogil:
    """Of how many are lost by chance."""
    return sqrt(packets * share * (1 - share))


cdef int judge_losses(Losses *losses, double bitrate, int64_t now) noexcept nogil:
    """After a message. What LOSS_RISEN comes to is the caller's to begin (`try_less`)."""
    cdef Look look, long_look
    cdef double expected
    look_back(losses, LOOK_BACK, &look)
    look_back(losses, STRETCHES, &long_look)
    if look.packets < JUDGED_LEAST:
        look = long_look
    losses.now = look.share
    if long_look.packets >= 2 * JUDGED_LEAST:
        # chance makes it look like less now and then: only what can't be chance is learnt
        expected = long_look.share + 2 * deviation(long_look.share, long_look.packets) / long_look.packets
        losses.inherent = min(losses.inherent, max(expected, long_look.share))
        if losses.inherent < LOSS_MARGIN / 2:
            losses.inherent = 0
    if losses.trying:
        return judge_trial(losses, bitrate, now)
    if look.packets < JUDGED_LEAST // 2 or look.spread < SPREAD_LEAST - 1:
        return LOSS_USUAL
    if look.share > losses.inherent + LOSS_SEVERE:
        return LOSS_RISEN
    expected = look.packets * losses.inherent + 3 * deviation(losses.inherent, look.packets) + 2
    if (
        look.packets >= JUDGED_LEAST
        and look.spread >= SPREAD_LEAST
        and look.share > losses.inherent + LOSS_MARGIN
        and look.lost > expected
    ):
        return LOSS_RISEN
    return LOSS_USUAL


cdef bint try_less(Losses *losses, double bitrate, int64_t now) noexcept nogil:
    """Begins a trial, in which `bitrate` is what was possible before it. False where nothing could come of it."""
    cdef Look look
    look_back(losses, LOOK_BACK, &look)
    if look.packets < JUDGED_LEAST:
        look_back(losses, STRETCHES, &look)
    if look.rate < TRIAL_FLOOR:
        return False
    losses.trying = True
    losses.tried_at = now
    losses.rate_before = look.rate
    losses.loss_before = look.share
    losses.rate_kept = bitrate
    begin_sample(losses, now + TRIAL_SETTLES_US)
    return True


cdef inline void begin_sample(Losses *losses, int64_t since) noexcept nogil:
    losses.counts_from = since
    losses.trial_packets = losses.trial_lost = 0
    losses.trial_bytes = 0
    losses.trial_last = since


cdef int judge_trial(Losses *losses, double bitrate, int64_t now) noexcept nogil:
    cdef int64_t lasted = losses.trial_last - losses.trial_first
    cdef double more = losses.loss_before - losses.inherent
    cdef double share
    cdef bint late = now - losses.tried_at > TRIAL_SLOW_US
    cdef int wanted = max(<int>TRIAL_LEAST, <int>(TRIAL_LOST / max(more, 0.01)))
    if losses.trial_packets < wanted and not late:
        return LOSS_TRYING
    if losses.trial_packets >= JUDGED_LEAST // 2 and lasted > 0:
        if <double>losses.trial_bytes * 8e6 / <double>lasted > 0.93 * losses.rate_before:
            # nobody has sent less yet
            if not late:
                begin_sample(losses, now)
                return LOSS_TRYING
            losses.trying = False
            return LOSS_CONGESTION
        losses.trying = False
        share = <double>losses.trial_lost / losses.trial_packets
        if share > losses.inherent + 0.45 * more:
            losses.inherent = min(
                max(losses.inherent, (losses.loss_before + share) / 2), INHERENT_MOST
            )
            return LOSS_INHERENT
        return LOSS_CONGESTION
    losses.trying = False
    return LOSS_CONGESTION


cdef void forget_losses(Losses *losses, bint inherent) noexcept nogil:
    """What is under way says nothing of what comes; `inherent`: nor does what was learnt."""
    memset(losses.stretches, 0, sizeof(losses.stretches))
    losses.newest = 0
    losses.now = 0
    losses.trying = False
    if inherent:
        losses.inherent = 0
