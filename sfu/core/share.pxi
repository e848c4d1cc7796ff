# Who gets how much of what a viewer's connection carries. Sound comes first and always. Then every picture gets a
# little, those that are sure to be shown and those that matter more before others; then those that matter more grow
# before others, and equals step by step. Where nothing is left for a picture it is held: nothing of it is sent, and
# Python is told. Downwards at once, upwards with patience.
#
# A layer is one of a few sizes, but the largest of a track that is in use is elastic: its publisher is told to send no
# more than its viewers can take (`ceiling.pxi`), so it costs what one gives it. Who is a track's only viewer never
# changes its layer: it follows the network as if both were connected directly.

cdef enum:
    SHARE_US = 200000               # looked at so often, besides whenever the estimate changes
    AUDIO_AGAIN_BPS = 32000         # in redundant packets: without headers of its own
    MOST_CLAIMS = 64
    OPTIONS = MAX_LAYERS + 1
    RAISE_US = 2000000              # more must have fitted for so long
    RAISE_MOST_US = 16000000        # where it went wrong before
    RAISE_FAILED_US = 10000000      # down again within this: it went wrong
    HELD_US = 3000000               # patience of a picture that was held: on and off is worse than off
    HELD_PLENTY_US = 300000         # where there is suddenly HELD_PLENTY times what it takes: it was a moment's mistake
    HELD_PLENTY = 4
    HELD_AGAIN_US = 20000000        # but not twice within this
    CALM_US = 400000                # patience with the frame rate
    FOLLOWS_US = 1000000            # and with a publisher that was told what fits: what it sends is measured late


cdef struct Option:
    int rank                   # of the layer
    int64_t floor, top         # the least and the most that it takes


cdef struct Claim:
    # one slot's
    int rank
    bint sure
    Option options[OPTIONS]    # rising
    int count
    int chosen                 # -1 = there is nothing for it
    int64_t share


cdef void divide(Claim *claims, int count, int64_t budget) noexcept nogil:
    """Chooses for each claim, and shares the whole budget out as far as anybody takes it. Pure."""
    cdef int i, rank, lowest = 0, highest = 0, turn
    cdef bint sure
    cdef Claim *claim
    for i in range(count):
        claims[i].chosen = -1
        claims[i].share = 0
        lowest = min(lowest, claims[i].rank)
        highest = max(highest, claims[i].rank)
    for turn in range(2):
        sure = turn == 0
        for rank in range(highest, lowest - 1, -1):
            for i in range(count):
                claim = &claims[i]
                if claim.sure == sure and claim.rank == rank and claim.count and claim.options[0].floor <= budget:
                    claim.chosen = 0
                    claim.share = claim.options[0].floor
                    budget -= claim.share
    for rank in range(highest, lowest - 1, -1):
        while raise_some(claims, count, rank, &budget):
            pass
    for rank in range(highest, lowest - 1, -1):
        while fill_up(claims, count, rank, &budget):
            pass


cdef bint raise_some(Claim *claims, int count, int rank, int64_t *budget) noexcept nogil:
    """One step up for each claim of this rank for which there is enough. False if there was none."""
    cdef int i
    cdef int64_t step
    cdef bint raised = False
    cdef Claim *claim
    for i in range(count):
        claim = &claims[i]
        if claim.rank != rank or claim.chosen < 0 or claim.chosen + 1 >= claim.count:
            continue
        step = claim.options[claim.chosen + 1].floor - claim.share
        if step <= budget[0]:
            claim.chosen += 1
            claim.share += step
            budget[0] -= step
            raised = True
    return raised


cdef bint fill_up(Claim *claims, int count, int rank, int64_t *budget) noexcept nogil:
    """Gives what is left to those of this rank in equal parts, as far as they take it. False if that is done."""
    cdef int i, takers = 0
    cdef int64_t room, part
    cdef bint given = False
    for i in range(count):
        if claims[i].rank == rank and claims[i].chosen >= 0:
            takers += claims[i].options[claims[i].chosen].top > claims[i].share
    if takers == 0 or budget[0] < takers:
        return False
    part = budget[0] // takers
    for i in range(count):
        if claims[i].rank == rank and claims[i].chosen >= 0:
            room = min(claims[i].options[claims[i].chosen].top - claims[i].share, part)
            if room > 0:
                claims[i].share += room
                budget[0] -= room
                given = True
    return given


cdef void offer(Claim *claim, int rank, int64_t floor, int64_t top) noexcept nogil:
    """One more option, of a larger picture than those before. What costs more and shows less is none."""
    while claim.count and claim.options[claim.count - 1].floor >= floor:
        claim.count -= 1
    claim.options[claim.count].rank = rank
    claim.options[claim.count].floor = floor
    claim.options[claim.count].top = max(top, floor)
    claim.count += 1


cdef void make_claim(const Subscriber *slot, Claim *claim, int64_t now) noexcept nogil:
    """What the slot could be given, and what that takes."""
    cdef Track *track = slot.track
    cdef Layer *needed
    cdef Layer *layer
    cdef const Subscriber *other
    cdef int i, viewers = 0, largest = -1
    cdef int64_t best = 0, floor, rate
    memset(claim, 0, sizeof(Claim))
    claim.rank = slot.rank
    claim.sure = slot.sure
    for i in range(track.subscriber_count):
        other = track.subscribers[i]
        viewers += other.height != 0
        if other.target != NULL:
            largest = max(largest, other.target.rank)
    # to whom it is sent for alone, it may be sent larger than needed: when their window grows it is there already
    needed = needed_layer(track, slot.height if viewers > 1 or slot.height < 0 else 2 * slot.height)
    if viewers <= 1 or track.layer_count == 1:
        offer(claim, needed.rank, with_margin(slot, needed, LEAST_BPS), most_of(needed))
        return
    for i in range(track.subscriber_count):
        other = track.subscribers[i]
        if other != slot and other.target != NULL and other.target.rank == largest and other.peer.tap == NULL:
            best = max(best, other.share_bps if other.share_bps else most_of(other.target))
    for i in range(needed.rank + 1):
        layer = track.layers[i]
        rate = rate_of(layer, now)
        if i == 0:
            # at its lowest frame rate
            floor = max(rate * layer.temporal_parts[0] // 256, LEAST_BPS // 2) if layer.rate_bps else LEAST_BPS
            offer(claim, 0, with_margin(slot, layer, floor), floor)
        if i < largest:
            offer(claim, i, with_margin(slot, layer, rate), rate)
        elif i == largest:
            floor = min(max(least_of(layer), best * 7 // 10), rate)
            offer(claim, i, with_margin(slot, layer, floor), most_of(layer))
        else:
            offer(claim, i, with_margin(slot, layer, start_of(layer)), most_of(layer))


cdef inline int64_t with_margin(const Subscriber *slot, const Layer *layer, int64_t floor) noexcept nogil:
    """More than the slot has now must fit with room to spare, or it would not last."""
    if slot.held:
        return floor + floor * 3 // 10
    if slot.target != NULL and slot.target.track == layer.track and layer.rank > slot.target.rank:
        return floor + floor * 3 // 20
    return floor


cdef void estimate_changed(Core *core, Peer *peer, int64_t now) noexcept nogil:
    """`peer.estimate_bps` is another one."""
    share_out(core, peer, now)


cdef void share_out(Core *core, Peer *peer, int64_t now) noexcept nogil:
    """Gives each slot of the peer its layer."""
    cdef Claim claims[MOST_CLAIMS]
    cdef Subscriber *claiming[MOST_CLAIMS]
    cdef Subscriber *slot
    cdef int64_t audio = 0, most = 0, budget
    cdef int i, count = 0
    for i in range(peer.subscriber_count):
        slot = peer.subscribers[i]
        if slot.track == NULL:
            continue
        if slot.kind == AUDIO:
            if is_heard(slot.track, now):
                audio += sound_of(slot.track) + (AUDIO_AGAIN_BPS if slot.redundant_until > now else 0)
        elif slot.height == 0 or slot.track.layer_count == 0:
            stop_picture(core, slot, False)
        elif slot.track.paused:
            set_held(core, slot, False)
            if slot.target != NULL:
                use(core, slot.target, now)
        elif count < MOST_CLAIMS:
            make_claim(slot, &claims[count], now)
            claiming[count] = slot
            most += most_of(slot.track.layers[claims[count].options[claims[count].count - 1].rank])
            count += 1
    peer.wanted_bps = audio + most
    if peer.estimate_bps:
        budget = max(peer.estimate_bps - audio, <int64_t>0)
        if peer.sending != NULL and peer.sending.losses.trying and budget >= LEAST_BPS // 2:
            # less is sent only to see whether as much is lost: no reason to take a picture away
            budget = max(budget, <int64_t>LEAST_BPS)
        if count > 1:
            spare_bursts(claims, claiming, count)
        divide(claims, count, budget)
    for i in range(count):
        if peer.estimate_bps == 0:
            claims[i].chosen = claims[i].count - 1
        give(core, claiming[i], &claims[i], now)
    for i in range(count):
        follow_viewers(core, claiming[i].track.peer, now)


cdef inline bint is_heard(const Track *track, int64_t now) noexcept nogil:
    return not track.paused and track.layer_count != 0 and now - track.layers[0].last_packet_at < HEARD_US


cdef void spare_bursts(Claim *claims, Subscriber **claiming, int count) noexcept nogil:
    """A track without layers that sends little (a screen on which nothing moves) keeps no more from other pictures
    than it needs for its next burst."""
    cdef int i
    cdef Layer *layer
    for i in range(count):
        layer = claiming[i].track.layers[0]
        if claiming[i].track.layer_count == 1 and layer.rate_bps:
            claims[i].options[0].top = min(claims[i].options[0].top, LARGE_START_BPS + layer.rate_bps * 3 // 2)


cdef void give(Core *core, Subscriber *slot, const Claim *claim, int64_t now) noexcept nogil:
    """What was chosen for the slot, with patience upwards."""
    cdef Layer *layer
    if claim.chosen < 0:
        stop_picture(core, slot, True)
        return
    layer = slot.track.layers[claim.options[claim.chosen].rank]
    if slot.held:
        if not is_time(slot, held_patience(slot, claim, now), claim.share, now):
            return
        set_held(core, slot, False)
        slot.shown_again_at = now
    elif slot.target != NULL and layer.rank > slot.target.rank:
        if is_time(slot, slot.raise_wait, claim.share, now):
            slot.raised_at = now
        else:
            layer = slot.target
    else:
        slot.raise_since = 0
        if slot.target != NULL and layer.rank < slot.target.rank:
            note_lowering(slot, claim, now)
    slot.eager = False
    slot.target = layer
    slot.share_bps = min(claim.share, most_of(layer))
    use(core, layer, now)
    play(core, slot, now)


cdef inline int64_t held_patience(const Subscriber *slot, const Claim *claim, int64_t now) noexcept nogil:
    if claim.share < HELD_PLENTY * claim.options[0].floor:
        return HELD_US
    if slot.shown_again_at and now - slot.shown_again_at < HELD_AGAIN_US:
        return HELD_US
    return HELD_PLENTY_US


cdef bint is_time(Subscriber *slot, int64_t wait, int64_t share, int64_t now) noexcept nogil:
    """Whether more has fitted for long enough."""
    if slot.raise_since == 0:
        slot.raise_since = now
    if share and not slot.eager and now - slot.raise_since < wait:
        return False
    slot.raise_since = 0
    return True


cdef void note_lowering(Subscriber *slot, const Claim *claim, int64_t now) noexcept nogil:
    """A layer that did not last is not tried again so soon."""
    if claim.options[claim.count - 1].rank < slot.target.rank:
        return  # it is shown smaller, and that is all
    if slot.raised_at and now - slot.raised_at < RAISE_FAILED_US:
        slot.raise_wait = min(2 * slot.raise_wait, <int64_t>RAISE_MOST_US)
    else:
        slot.raise_wait = RAISE_US


cdef void set_held(Core *core, Subscriber *slot, bint held) noexcept nogil:
    slot.raise_since = 0
    if slot.held != held:
        slot.held = held
        core.counters.held += held
        core.facts = True


cdef void stop_picture(Core *core, Subscriber *slot, bint held) noexcept nogil:
    """Nothing is forwarded in the slot until it is given something again. `held`: for want of room."""
    set_held(core, slot, held)
    if slot.current != NULL:
        slot.previous = slot.current
    slot.stopped = True
    slot.current = slot.pending = slot.target = NULL
    slot.share_bps = 0


cdef bint fits_thinned(const Layer *layer, int64_t share) noexcept nogil:
    """Whether the layer can go on at its lowest frame rate until a smaller one comes."""
    return share == 0 or layer.rate_bps * <int64_t>layer.temporal_parts[0] // 256 <= share * 3 // 2


cdef Layer *playable(const Subscriber *slot, int64_t now) noexcept nogil:
    """The layer that comes and is nearest to what the slot shall play: a smaller one, else a larger one if it fits."""
    cdef Track *track = slot.track
    cdef Layer *target = slot.target
    cdef int i
    if alive(target, now):
        return target
    for i in range(target.rank - 1, -1, -1):
        if alive(track.layers[i], now):
            return track.layers[i]
    for i in range(target.rank + 1, track.layer_count):
        if alive(track.layers[i], now) and fits_thinned(track.layers[i], slot.share_bps):
            return track.layers[i]
    return target


cdef void play(Core *core, Subscriber *slot, int64_t now) noexcept nogil:
    """Lets the slot go over to its target, or to what can be played until that comes."""
    cdef Layer *layer = playable(slot, now)
    if slot.current == layer:
        if layer == slot.target:
            slot.pending = NULL
        elif slot.pending != slot.target:
            # it does not come yet, and when it begins it does so with a key frame
            slot.pending = slot.target
            slot.pending_since = now
    elif slot.pending != layer or slot.stopped:
        slot.pending = layer
        slot.pending_since = now
        if alive(layer, now) or slot.track.layer_count == 1:
            ask_for_picture(core, slot, now)
    slot.stopped = False
    if slot.current != NULL and slot.current != layer and not fits_thinned(slot.current, slot.share_bps):
        slot.previous = slot.current
        slot.current = NULL
    if slot.current != NULL:
        use(core, slot.current, now)
    set_temporal(slot, slot.current if slot.current != NULL else layer, now)


cdef bint is_obeyed(const Subscriber *slot) noexcept nogil:
    """Whether the publisher itself sends what fits, as nobody else watches and it takes ceilings (`ceiling.pxi`)."""
    cdef int i
    if not slot.track.peer.takes_ceilings:
        return False
    for i in range(slot.track.subscriber_count):
        if slot.track.subscribers[i] != slot and slot.track.subscribers[i].height != 0:
            return False
    return True


cdef void set_temporal(Subscriber *slot, const Layer *layer, int64_t now) noexcept nogil:
    """The frame rate at which the layer fits."""
    cdef int temporal = ALL_TEMPORAL
    cdef int64_t share = slot.share_bps
    cdef bint obeyed = is_obeyed(slot)
    # some more is let through: the publisher's encoder never hits exactly
    if share and not is_within(slot, layer, 256, ALL_TEMPORAL, obeyed):
        temporal = 1 if is_within(slot, layer, layer.temporal_parts[1], 1, obeyed) else 0
    if temporal == ALL_TEMPORAL:
        slot.over_since = 0
    elif slot.over_since == 0:
        slot.over_since = now
    if obeyed and layer.rate_bps <= 2 * share and now - slot.over_since < FOLLOWS_US:
        # it has been told; halved by both, the rate would be far too low, and rise with a jolt
        temporal = max(temporal, slot.temporal)
    if temporal <= slot.temporal:
        slot.temporal = temporal
        slot.temporal_since = 0
    elif slot.temporal_since == 0:
        slot.temporal_since = now
    elif now - slot.temporal_since >= CALM_US or share == 0 or obeyed:
        slot.temporal = temporal
        slot.temporal_since = 0


cdef inline bint is_within(
    const Subscriber *slot, const Layer *layer, int part, int temporal, bint obeyed
) noexcept nogil:
    cdef int64_t rate = layer.rate_bps * <int64_t>part // 256
    return rate <= slot.share_bps * (25 if temporal <= slot.temporal or obeyed else 22) // 20


cdef void begin_again(Core *core, Subscriber *slot, int64_t now) noexcept nogil:
    """The slot's track goes on after a pause, or pauses: what comes next begins with a key frame."""
    cdef Layer *layer = slot.target
    if layer != NULL:
        layer = playable(slot, now)
    elif slot.track.layer_count:
        layer = slot.track.layers[0]
    wait_for_key(core, slot, layer, now)
