# What the layers of a track cost, measured where they come and supposed where they don't, and who uses them: a layer
# that nobody uses is not wanted any more, and its publisher is told (`facts.pxi`).

cdef enum:
    RATE_US = 400000                # shorter, and key frames decide; longer, and a change is seen late
    ALIVE_US = 500000               # without a packet for so long, a layer does not come
    UNUSED_US = 1000000             # earlier, and layers go off and on while somebody changes their mind
    HEARD_US = 2000000              # sound is expected to go on for so long
    SOUND_FADES = 64                # of what it took: in ten seconds of silence half is forgotten

cdef enum:
    # bits a second. Most: what the web client gives its encodings (web/js/simulcast.js), from the largest down
    LARGE_BPS = 2500000
    LARGEST_BPS = 4000000           # of pictures higher than LARGE_HEIGHT
    MIDDLE_BPS = 500000
    SMALL_BPS = 150000
    LARGE_HEIGHT = 720
    # a picture begins to be worth more than the next smaller one
    LARGE_LEAST_BPS = 600000
    MIDDLE_LEAST_BPS = 250000
    LARGE_START_BPS = 1000000
    MIDDLE_START_BPS = 350000
    AUDIO_BPS = 40000               # a voice that is not encrypted end to end
    LEAST_BPS = 80000               # less, and it is better to see nothing and to hear well


cdef inline int below_largest(const Layer *layer) noexcept nogil:
    return layer.track.layer_count - 1 - layer.rank


cdef int64_t most_of(const Layer *layer) noexcept nogil:
    """What the layer takes if it may."""
    if below_largest(layer) == 0:
        return LARGEST_BPS if layer.height > LARGE_HEIGHT else LARGE_BPS
    return MIDDLE_BPS if below_largest(layer) == 1 else SMALL_BPS


cdef int64_t least_of(const Layer *layer) noexcept nogil:
    """With less, a smaller layer shows more."""
    if layer.rank == 0:
        return LEAST_BPS
    return LARGE_LEAST_BPS if below_largest(layer) == 0 else MIDDLE_LEAST_BPS


cdef int64_t start_of(const Layer *layer) noexcept nogil:
    """What it takes to begin with a layer that nobody has."""
    if layer.rank == 0:
        return LEAST_BPS
    return LARGE_START_BPS if below_largest(layer) == 0 else MIDDLE_START_BPS


cdef inline bint alive(const Layer *layer, int64_t now) noexcept nogil:
    return layer.started and now - layer.last_packet_at <= ALIVE_US


cdef inline int64_t rate_of(const Layer *layer, int64_t now) noexcept nogil:
    return layer.rate_bps if layer.rate_bps and alive(layer, now) else most_of(layer)


cdef inline int64_t sound_of(const Track *track) noexcept nogil:
    """What a voice takes: between words it takes less, and then as much again."""
    return max(track.sound_bps, AUDIO_BPS)


cdef int height_of(const Layer *layer) noexcept nogil:
    """Of its picture; where it doesn't say, what a camera of 720 lines gives."""
    return layer.height if layer.height else max(LARGE_HEIGHT >> below_largest(layer), 1)


cdef Layer *needed_layer(Track *track, int height) noexcept nogil:
    """The smallest layer that looks sharp in this height: a fifth less is not seen."""
    cdef int i
    if height != FULL_HEIGHT:
        for i in range(track.layer_count):
            if height_of(track.layers[i]) * 5 >= height * 4:
                return track.layers[i]
    return track.layers[track.layer_count - 1] if track.layer_count else NULL


cdef void measure(Layer *layer, int64_t now) noexcept nogil:
    """Called often; looks at what came in each window."""
    cdef int64_t window = now - layer.rate_since
    cdef int i, rate
    if layer.rate_bytes == 0 and (layer.rate_windows == 0 or not alive(layer, now)):
        # it has not begun, or has stopped: the next window begins with what comes
        layer.rate_since = now
        layer.rate_windows = layer.rate_bps = 0
    if window < RATE_US:
        return
    rate = <int>min(layer.rate_bytes * 8000000 // window, <int64_t>1000000000)
    # the first window begins somewhere and holds a key frame: it tells nothing
    if layer.rate_windows:
        layer.rate_bps = rate if layer.rate_windows == 1 else min(rate, layer.rate_window_bps)
        for i in range(2):
            if layer.rate_bytes:
                layer.temporal_parts[i] = <int>(layer.temporal_bytes[i] * 256 // layer.rate_bytes)
    layer.rate_window_bps = rate
    layer.rate_windows = min(layer.rate_windows + 1, 2)
    layer.rate_bytes = 0
    layer.temporal_bytes[0] = layer.temporal_bytes[1] = 0
    layer.rate_since = now


cdef void use(Core *core, Layer *layer, int64_t now) noexcept nogil:
    """Somebody wants this layer."""
    cdef Track *track = layer.track
    layer.used_at = now
    if not track.wanted >> layer.rank & 1:
        track.wanted |= 1 << layer.rank
        core.facts = True


cdef void want_largest(Track *track, int64_t now) noexcept nogil:
    """How a client begins, without being told: it sends its largest picture."""
    if track.layer_count:
        track.wanted = track.wanted_told = 1 << (track.layer_count - 1)
        track.layers[track.layer_count - 1].used_at = now


cdef void look_after(Core *core, Track *track, int64_t now) noexcept nogil:
    """What happens to a track's layers by themselves."""
    cdef int i
    if track.kind != VIDEO:
        if track.layer_count:
            measure(track.layers[0], now)
            track.sound_bps = max(track.layers[0].rate_window_bps, track.sound_bps - track.sound_bps // SOUND_FADES)
        return
    for i in range(track.layer_count):
        measure(track.layers[i], now)
        if track.wanted >> i & 1 and now - track.layers[i].used_at > UNUSED_US:
            track.wanted &= ~(1 << i)
            core.facts = True


cdef bint name_layers(Core *core, Track *track, int rank, const uint8_t *rid, int length) noexcept nogil:
    """The RID under which a layer will come, the smallest first. False if there are too many, or without memory."""
    cdef Layer *layer = track.layers[rank] if rank < track.layer_count else new_layer(core, track, 0)
    if layer == NULL:
        return False
    memcpy(layer.rid, rid, length)
    layer.rid_length = length
    return True
