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
    TRIAL_BESIDE = 16               # four deviations, squared, where chance takes many anyway
    SLOWLY_US = 10000000
    SETTLING_US = 1000000
    SETTLES_US = 3000000
    SURE = 3                        # deviations: then it is no chance
    SURE_SOON = 4                   # when only half a second is looked at, and so more often

cdef double LOSS_MARGIN = 0.03      # less is not worth sending less
cdef double LOSS_ALWAYS = 0.02      # may be lost at any time: chance is reckoned with no less
cdef double LOSS_SEVERE = 0.3       # is acted upon before it has lasted
# bits a second: with less, it is sound that is sent, and of that no less can be
cdef double TRIAL_FLOOR = 80000
cdef double TRIAL_LESS = 0.95       # of what would not be too much: else nothing can be said
cdef double TRIAL_SAME = 0.45       # of what was lost beyond the usual: then it does not fall with the rate
cdef double INHERENT_MOST = 0.6
cdef double GUSTY_MOST = 2.5
cdef double INHERENT_VARIES = 1.25  # by so much it may be more for a while


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
        stretch.runs += lost and not losses.in_run
    losses.in_run = lost
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
    int packets, lost, runs, spread
    double share, rate              # lost; bits a second that were sent


cdef void look_back(const Losses *losses, int count, Look *look) noexcept nogil:
    cdef int i
    cdef int64_t bytes = 0, first = losses.newest
    cdef const Stretch *stretch
    memset(look, 0, sizeof(Look))
    # without the newest, which is not over: some of what is told to be lost only comes late
    for i in range(1, count + 1):
        stretch = &losses.stretches[(losses.newest - i) & (STRETCHES - 1)]
        if stretch.index != losses.newest - i or stretch.packets == 0:
            continue
        look.packets += stretch.packets
        look.lost += stretch.lost
        look.runs += stretch.runs
        look.spread += stretch.lost > 0
        bytes += stretch.bytes
        first = stretch.index
    if look.packets:
        look.share = <double>look.lost / look.packets
    if first < losses.newest:
        look.rate = <double>bytes * 8e6 / <double>((losses.newest - first) * STRETCH_US)


cdef inline double deviation(double share, int packets) noexcept nogil:
    """Of how many are lost by chance."""
    return sqrt(packets * share * (1 - share))


cdef int judge_losses(Losses *losses, int64_t now) noexcept nogil:
    """After a message. What LOSS_RISEN comes to is the caller's to begin (`try_less`)."""
    cdef Look look, long_look
    look_back(losses, LOOK_BACK, &look)
    look_back(losses, STRETCHES - 1, &long_look)
    if look.packets < JUDGED_LEAST:
        look = long_look
    losses.now = look.share
    learn_inherent(losses, &long_look, now)
    if losses.trying:
        return judge_trial(losses, now)
    if look.packets < JUDGED_LEAST // 2 or look.spread < SPREAD_LEAST - 1:
        return LOSS_USUAL
    if (
        look.share > losses.inherent + LOSS_SEVERE
        or risen(losses, &look, SURE_SOON)
        or risen(losses, &long_look, SURE)
    ):
        return LOSS_RISEN
    return LOSS_USUAL


cdef void learn_inherent(Losses *losses, const Look *look, int64_t now) noexcept nogil:
    """Without a trial downwards: what is lost of less can't be congestion either. But chance, and gusts, make it look
    like less now and then, and so it may also rise, slowly, while no more is sent than in the trial that began it."""
    cdef double chance, share = look.share
    cdef double elapsed = <double>min(now - losses.looked_at, <int64_t>STRETCH_US)
    losses.looked_at = now
    if look.packets < 2 * JUDGED_LEAST:
        return
    losses.slowly += (share - losses.slowly) * elapsed / SLOWLY_US
    if now < losses.settles_until and look.rate <= losses.rate_before:
        losses.inherent += (share - losses.inherent) * elapsed / SETTLING_US
    elif losses.inherent > 0 and losses.slowly > losses.inherent and look.rate <= losses.rate_before:
        losses.inherent += (losses.slowly - losses.inherent) * elapsed / SLOWLY_US
    chance = gusty(look) * deviation(share, look.packets) / look.packets
    losses.inherent = min(losses.inherent, min(share + 4 * chance, max(share + chance, losses.slowly)))
    losses.inherent = min(losses.inherent, INHERENT_MOST)
    if losses.inherent < LOSS_MARGIN / 2:
        losses.inherent = 0


cdef inline double gusty(const Look *look) noexcept nogil:
    """How much more than by single losses the number of them varies, as they come in gusts."""
    cdef double length = <double>look.lost / max(look.runs, 1)
    return min(sqrt(max(2 * length - 1, 1.0)), GUSTY_MOST)


cdef bint risen(const Losses *losses, const Look *look, double sure) noexcept nogil:
    """Whether more is lost than is inherent, and it can't be chance."""
    cdef double usual = max(losses.inherent, LOSS_ALWAYS)
    return (
        look.packets >= JUDGED_LEAST
        and look.spread >= SPREAD_LEAST
        and look.share > INHERENT_VARIES * losses.inherent + LOSS_MARGIN
        and look.lost > look.packets * usual + sure * gusty(look) * deviation(usual, look.packets) + 2
    )


cdef bint try_less(Losses *losses, double bitrate, int64_t now) noexcept nogil:
    """Begins a trial, in which `bitrate` is what was possible before it. False where nothing could come of it."""
    cdef Look look
    look_back(losses, LOOK_BACK, &look)
    if look.packets < JUDGED_LEAST:
        look_back(losses, STRETCHES - 1, &look)
    if look.rate < TRIAL_FLOOR:
        return False
    losses.trying = True
    losses.tried_at = now
    losses.rate_before = look.rate
    losses.loss_before = look.share
    losses.rate_kept = bitrate
    begin_sample(losses, now + TRIAL_SETTLES_US)
    return True


cdef inline double rate_in_trial(const Losses *losses) noexcept nogil:
    """Of which nothing would be too much, if what was lost before it was."""
    return DECREASE * losses.rate_before * min((1 - losses.loss_before) / (1 - losses.inherent), 1.0)


cdef inline void begin_sample(Losses *losses, int64_t since) noexcept nogil:
    losses.counts_from = since
    losses.trial_packets = losses.trial_lost = 0
    losses.trial_bytes = 0
    losses.trial_last = since


cdef int judge_trial(Losses *losses, int64_t now) noexcept nogil:
    cdef int64_t lasted = losses.trial_last - losses.trial_first
    cdef double more = losses.loss_before - losses.inherent
    cdef double share
    cdef bint late = now - losses.tried_at > TRIAL_SLOW_US
    cdef double usual = losses.inherent * (1 - losses.inherent)
    cdef double wanted = max(TRIAL_LOST / max(more, 0.01), TRIAL_BESIDE * usual / max(more * more, 0.0001))
    if losses.trial_packets < max(wanted, <double>TRIAL_LEAST) and not late:
        return LOSS_TRYING
    if losses.trial_packets < JUDGED_LEAST // 2 or lasted <= 0:
        losses.trying = False
        return LOSS_USUAL
    if <double>losses.trial_bytes * 8e6 / <double>lasted > TRIAL_LESS * rate_in_trial(losses) / DECREASE:
        # nobody has sent less yet, or not so much less that what was too much would be gone
        begin_sample(losses, now)
        losses.trying = not late
        return LOSS_TRYING
    losses.trying = False
    share = <double>losses.trial_lost / losses.trial_packets
    if share < losses.inherent + TRIAL_SAME * more:
        return LOSS_CONGESTION
    losses.inherent = min(max(losses.inherent, (losses.loss_before + share) / 2), INHERENT_MOST)
    losses.settles_until = now + SETTLES_US
    return LOSS_INHERENT


cdef void forget_losses(Losses *losses, bint inherent) noexcept nogil:
    """What is under way says nothing of what comes; `inherent`: nor does what was learnt."""
    memset(losses.stretches, 0, sizeof(losses.stretches))
    losses.newest = 0
    losses.now = losses.slowly = 0
    losses.trying = False
    if inherent:
        losses.inherent = 0
