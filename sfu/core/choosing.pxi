# What Python says about slots and layers (`share.pxi`), and what it can look at.


cdef void _set_view(Engine engine, Subscriber *slot, int height):
    if height < 0:
        raise ValueError("a height is 0 or more")
    now = engine._enter()
    slot.eager = slot.eager or height != slot.height
    slot.height = height
    share_out(&engine.core, slot.peer, now)
    engine._leave()


cdef void _name_layers(Engine engine, Track *track, list rids) except *:
    cdef list names = [rid.encode("ascii") for rid in rids]
    cdef bytes name
    cdef bint named = True
    cdef int rank
    if not 1 <= len(names) <= MAX_LAYERS or not all(0 < len(each) <= 16 for each in names):
        raise ValueError(f"a track has 1 to {MAX_LAYERS} layers, their names 1 to 16 characters")
    if track.kind != VIDEO or track.layer_count != 1 or track.layers[0].taken:
        raise ValueError("layers are named before the first packet")
    now = engine._enter()
    for rank in range(len(names)):
        name = names[rank]
        named = named and name_layers(&engine.core, track, rank, name, <int>len(name))
    want_largest(track, now)
    engine._leave()
    if not named:
        raise MemoryError


cdef void _pause_track(Engine engine, Track *track, bint paused):
    cdef int i
    now = engine._enter()
    if track.paused != paused:
        track.paused = paused
        for i in range(track.layer_count):
            track.layers[i].missing_count = 0
            track.layers[i].key_wanted = False
        for i in range(track.subscriber_count):
            begin_again(&engine.core, track.subscribers[i], now)
    engine._leave()


cdef dict _slot_state(Engine engine, Subscriber *slot):
    engine._enter()
    state = {
        "layer": slot.current.rank if slot.current != NULL else -1,
        "target": slot.target.rank if slot.target != NULL else -1,
        "temporal": slot.temporal,
        "share_bps": slot.share_bps,
        "held": slot.held != 0,
    }
    engine._leave()
    return state


def share(int64_t budget, list claims):
    """The rule by which a budget is divided, by itself: for each claim (rank, sure, [(floor, top), ...]) the number of
    the option that is chosen, -1 for none, and its share."""
    cdef Claim made[MOST_CLAIMS]
    cdef int i, j
    if len(claims) > MOST_CLAIMS or not all(0 < len(options) <= OPTIONS for _, _, options in claims):
        raise ValueError("too many claims or options")
    memset(made, 0, sizeof(made))
    for i, (rank, sure, options) in enumerate(claims):
        made[i].rank = rank
        made[i].sure = sure
        made[i].count = len(options)
        for j, (floor, top) in enumerate(options):
            made[i].options[j].rank = j
            made[i].options[j].floor = floor
            made[i].options[j].top = top
    divide(made, <int>len(claims), budget)
    return [(made[i].chosen, made[i].share) for i in range(len(claims))]
