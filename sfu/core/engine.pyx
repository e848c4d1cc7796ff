# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The engine: one media thread's worth of peers, tracks and subscribers, and the door to them from Python.

`run` is the thread: it waits, receives, works through a batch, sends, and holds the lock only while it works.
The other methods take the same lock for as long as their C part lasts. `process`, `tick` and `drain` do the same
work without sockets, for simulations, tests and fuzzers: time comes from the caller.
"""

include "platform.pxi"
include "model.pxi"
include "address.pxi"
include "rtp.pxi"
include "payload.pxi"
include "output.pxi"
include "rtcp.pxi"
include "transport.pxi"
include "history.pxi"
include "layer.pxi"
include "subscriber.pxi"
include "ingress.pxi"
include "stream.pxi"
include "clockwork.pxi"

_CODECS = {"opus": OPUS, "VP8": VP8, "H264": H264, "VP9": VP9}
_KINDS = {"audio": AUDIO, "video": VIDEO}
_EVENTS = {EVENT_STUN: "stun", EVENT_DTLS: "dtls"}

assert sizeof(Address) == 24


cdef class Engine:
    """All numbers that it hands out (peers, tracks, slots) are never used twice.

    Addresses are opaque bytes. Times are microseconds of one monotonic clock. Methods raise `KeyError` for a number
    that is not (or no longer) known, `ValueError` for arguments out of range, `MemoryError`.
    """

    cdef Core core
    cdef int next_handle
    cdef dict peers, tracks, slots, sessions

    def __cinit__(self, int max_peers=2048, uint64_t seed=0):
        cdef uint32_t places = 1024
        cdef Core *core = &self.core
        if not 0 < max_peers <= 65536:
            raise ValueError("max_peers must be between 1 and 65536")
        memset(core, 0, sizeof(Core))
        pthread_mutex_init(&core.lock, NULL)
        core.udp_fd = core.tcp_fd = core.epoll_fd = core.wake_fd = core.event_fd = -1
        core.random_state = seed or int.from_bytes(__import__("os").urandom(8), "big") or 1
        while places < 16 * <uint32_t>max_peers:
            places *= 2
        core.max_peers = max_peers
        core.table_mask = places - 1
        core.peers = <Peer **>calloc(max_peers, sizeof(Peer *))
        core.table = <AddressEntry *>calloc(places, sizeof(AddressEntry))
        core.out = <Outgoing *>calloc(SEND_BATCH, sizeof(Outgoing))
        core.events = <Event *>calloc(EVENT_QUEUE, sizeof(Event))
        core.inbox = <uint8_t *>malloc(RECEIVE_BATCH * SLOT_BYTES)
        core.in_messages = <mmsghdr *>calloc(RECEIVE_BATCH, sizeof(mmsghdr))
        core.in_vectors = <iovec *>calloc(RECEIVE_BATCH, sizeof(iovec))
        core.in_names = <sockaddr_storage *>calloc(RECEIVE_BATCH, sizeof(sockaddr_storage))
        core.out_messages = <mmsghdr *>calloc(SEND_BATCH, sizeof(mmsghdr))
        core.out_vectors = <iovec *>calloc(SEND_BATCH, sizeof(iovec))
        core.out_names = <sockaddr_storage *>calloc(SEND_BATCH, sizeof(sockaddr_storage))
        core.max_connections = min(2 * max_peers, 4096)
        core.connections = <Connection **>calloc(core.max_connections, sizeof(Connection *))
        if (
            core.peers == NULL or core.table == NULL or core.out == NULL or core.events == NULL or core.inbox == NULL
            or core.in_messages == NULL or core.in_vectors == NULL or core.in_names == NULL
            or core.out_messages == NULL or core.out_vectors == NULL or core.out_names == NULL
            or core.connections == NULL
        ):
            raise MemoryError
        self.next_handle = 1
        self.peers = {}
        self.tracks = {}
        self.slots = {}
        self.sessions = {}

    def __dealloc__(self):
        cdef int i
        cdef Core *core = &self.core
        if core.peers != NULL:
            for i in range(core.peer_count):
                _free_peer(core, core.peers[i])
        if core.connections != NULL:
            for i in range(core.max_connections):
                close_connection(core, i)
        if core.epoll_fd >= 0:
            close(core.epoll_fd)
        if core.wake_fd >= 0:
            close(core.wake_fd)
        free(core.peers)
        free(core.table)
        free(core.out)
        free(core.events)
        free(core.inbox)
        free(core.in_messages)
        free(core.in_vectors)
        free(core.in_names)
        free(core.out_messages)
        free(core.out_vectors)
        free(core.out_names)
        free(core.connections)
        free(core.drained.items)
        pthread_mutex_destroy(&core.lock)

    # Peers ------------------------------------------------------------------------------------------------------

    cdef int _handle(self):
        self.next_handle += 1
        return self.next_handle - 1

    cdef Peer *_peer(self, int peer) except NULL:
        return <Peer *><size_t>self.peers[peer]

    cdef Track *_track(self, int track) except NULL:
        return <Track *><size_t>self.tracks[track]

    cdef Subscriber *_slot(self, int slot) except NULL:
        return <Subscriber *><size_t>self.slots[slot]

    cdef int64_t _enter(self) noexcept:
        """Takes the lock, without the GIL while waiting for it. Returns the time."""
        with nogil:
            pthread_mutex_lock(&self.core.lock)
            if self.core.running:
                self.core.now = monotonic_us()
        return self.core.now

    cdef void _leave(self) noexcept:
        with nogil:
            flush(&self.core)
            pthread_mutex_unlock(&self.core.lock)

    def add_peer(self):
        """A new peer's number. `MemoryError` when there are `max_peers` already."""
        cdef Peer *peer
        if self.core.peer_count >= self.core.max_peers:
            raise MemoryError("no room for another peer")
        peer = <Peer *>calloc(1, sizeof(Peer))
        if peer == NULL:
            raise MemoryError
        peer.handle = self._handle()
        self._enter()
        peer.rtcp_ssrc = <uint32_t>draw(&self.core)
        self.core.peers[self.core.peer_count] = peer
        self.core.peer_count += 1
        self._leave()
        self.peers[peer.handle] = <size_t>peer
        return peer.handle

    def remove_peer(self, int peer):
        """The peer, its tracks, its slots and its addresses are forgotten."""
        cdef Peer *gone = self._peer(peer)
        cdef int i
        for handle in [h for h, p in self.tracks.items() if (<Track *><size_t>p).peer == gone]:
            del self.tracks[handle]
        for handle in [h for h, p in self.slots.items() if (<Subscriber *><size_t>p).peer == gone]:
            del self.slots[handle]
        del self.peers[peer]
        self._enter()
        with nogil:
            for i in range(self.core.peer_count):
                if self.core.peers[i] == gone:
                    self.core.peer_count -= 1
                    self.core.peers[i] = self.core.peers[self.core.peer_count]
                    break
            while gone.address_count:
                if gone.addresses[0].transport != 0:
                    _release_connection(&self.core, &gone.addresses[0])
                forget_address(&self.core, gone, &gone.addresses[0])
            _free_peer(&self.core, gone)
        self._leave()
        self.sessions.pop(peer, None)

    def set_keys(self, int peer, rx, tx):
        """From now on the peer's SRTP is opened and sealed with these two `pylibsrtp.Session` objects."""
        cdef Peer *p = self._peer(peer)
        cdef size_t rx_pointer, tx_pointer
        cdef int i
        from pylibsrtp._binding import ffi

        rx_pointer = int(ffi.cast("uintptr_t", rx._srtp[0]))
        tx_pointer = int(ffi.cast("uintptr_t", tx._srtp[0]))
        now = self._enter()
        self.sessions[peer] = (rx, tx)
        p.rx = <void *>rx_pointer
        p.tx = <void *>tx_pointer
        p.report_at = now + REPORT_US // 4
        for i in range(p.subscriber_count):
            ask_for_picture(&self.core, p.subscribers[i], now)
        self._leave()

    def accept_address(self, int peer, bytes address):
        """After an authenticated STUN check from `address`: its DTLS and SRTP are taken from now on."""
        cdef Peer *p = self._peer(peer)
        cdef Address a = _address(address)
        self._enter()
        accept_address(&self.core, p, &a)
        _authenticate_connection(&self.core, &a)
        self._leave()

    def select_address(self, int peer, bytes address):
        """Where to send from now on; it must have been accepted."""
        cdef Peer *p = self._peer(peer)
        cdef Address a = _address(address)
        cdef bint known
        self._enter()
        known = find_peer(&self.core, &a) == p
        if known:
            p.selected = a
            p.has_selected = True
        self._leave()
        if not known:
            raise ValueError("this address has passed no check for this peer")

    def set_extensions(
        self, int peer, *, int mid=0, int rid=0, int repaired_rid=0, int transport_cc=0, int audio_level=0
    ):
        """The header extension ids that were negotiated, 0 for none (RFC 8285)."""
        cdef Peer *p = self._peer(peer)
        for value in (mid, rid, repaired_rid, transport_cc, audio_level):
            if not 0 <= value <= 255:
                raise ValueError("an extension id is between 0 and 255")
        self._enter()
        p.ext_mid = mid
        p.ext_rid = rid
        p.ext_repaired_rid = repaired_rid
        p.ext_transport_cc = transport_cc
        p.ext_audio_level = audio_level
        if transport_cc and p.arrivals == NULL:
            p.arrivals = <Arrivals *>calloc(1, sizeof(Arrivals))
        self._leave()

    # Tracks: what a peer publishes ------------------------------------------------------------------------------

    def add_track(self, int peer, str mid, str kind, list codecs):
        """`codecs` holds (payload type, "opus" | "VP8" | "H264" | "VP9", payload type of its RTX or -1)."""
        cdef Peer *p = self._peer(peer)
        cdef Track *track
        cdef bytes name = mid.encode("ascii")
        cdef uint8_t codec_of[128]
        cdef uint8_t original_of[128]
        if not 0 < len(name) <= 16:
            raise ValueError("a mid has 1 to 16 characters")
        memset(codec_of, NO_CODEC, 128)
        memset(original_of, NO_PT, 128)
        for pt, codec, rtx_pt in codecs:
            if not 0 <= pt <= 127 or not -1 <= rtx_pt <= 127:
                raise ValueError("a payload type is between 0 and 127")
            codec_of[<int>pt] = _CODECS[codec]
            if rtx_pt >= 0:
                original_of[<int>rtx_pt] = pt
        track = <Track *>calloc(1, sizeof(Track))
        if track == NULL:
            raise MemoryError
        track.peer = p
        track.kind = _KINDS[kind]
        track.level = 127 << 4
        memcpy(track.mid, <const uint8_t *>name, len(name))
        track.mid_length = <int>len(name)
        memcpy(track.codec_of, codec_of, 128)
        memcpy(track.original_of, original_of, 128)
        self._enter()
        added = _append_track(p, track)
        self._leave()
        if not added:
            free(track)
            raise MemoryError
        handle = self._handle()
        self.tracks[handle] = <size_t>track
        return handle

    def add_ssrc(self, int track, uint32_t ssrc, uint32_t rtx_ssrc=0):
        """A stream that the offer names by `a=ssrc`; others are found by their MID and RID (RFC 8843)."""
        cdef Track *t = self._track(track)
        cdef Layer *layer = NULL
        self._enter()
        if find_stream(t.peer, ssrc) == NULL and t.peer.stream_count < MAX_STREAMS:
            layer = new_layer(&self.core, t, ssrc)
        if layer != NULL:
            add_stream(t.peer, ssrc, layer, False)
            if rtx_ssrc and find_stream(t.peer, rtx_ssrc) == NULL and add_stream(t.peer, rtx_ssrc, layer, True) != NULL:
                layer.rtx_ssrc = rtx_ssrc
        self._leave()
        if layer == NULL:
            raise ValueError("this stream is known already, or there are too many")

    def remove_track(self, int track):
        cdef Track *t = self._track(track)
        del self.tracks[track]
        self._enter()
        _remove_track(t)
        self._leave()

    def pause_track(self, int track, bint paused):
        """What comes in while a track is paused is dropped; afterwards its viewers start with a key frame."""
        cdef Track *t = self._track(track)
        cdef int i
        now = self._enter()
        if t.paused != paused:
            t.paused = paused
            for i in range(t.layer_count):
                t.layers[i].missing_count = 0
                t.layers[i].key_wanted = False
            for i in range(t.subscriber_count):
                wait_for_key(&self.core, t.subscribers[i], best_layer(t, now), now)
        self._leave()

    # Slots: what a peer receives in -----------------------------------------------------------------------------

    def add_slot(self, int peer, uint32_t ssrc, uint32_t rtx_ssrc, list codecs):
        """A receiving m-line of the peer; `codecs` as in `add_track`, with the payload types of this m-line."""
        cdef Peer *p = self._peer(peer)
        cdef Subscriber *slot
        cdef int i
        cdef uint8_t pt_of[CODECS]
        cdef uint8_t rtx_pt_of[CODECS]
        cdef bint video
        memset(pt_of, NO_PT, CODECS)
        memset(rtx_pt_of, NO_PT, CODECS)
        if not codecs:
            raise ValueError("a slot needs a codec")
        for pt, codec, rtx_pt in codecs:
            if not 0 <= pt <= 127 or not -1 <= rtx_pt <= 127:
                raise ValueError("a payload type is between 0 and 127")
            pt_of[<int>_CODECS[codec]] = pt
            if rtx_pt >= 0 and rtx_ssrc:
                rtx_pt_of[<int>_CODECS[codec]] = rtx_pt
        video = pt_of[OPUS] == NO_PT
        slot = <Subscriber *>calloc(1, sizeof(Subscriber))
        if slot == NULL:
            raise MemoryError
        if video and rtx_ssrc:
            slot.sent = <Sent *>malloc(SENT * sizeof(Sent))
            if slot.sent == NULL:
                free(slot)
                raise MemoryError
            for i in range(SENT):
                slot.sent[i].ext_out = -1
        slot.peer = p
        slot.kind = VIDEO if video else AUDIO
        slot.ssrc = ssrc
        slot.rtx_ssrc = rtx_ssrc
        memcpy(slot.pt_of, pt_of, CODECS)
        memcpy(slot.rtx_pt_of, rtx_pt_of, CODECS)
        slot.repeat_budget = REPEAT_BYTES_BURST
        self._enter()
        added = _append_slot(p, slot)
        self._leave()
        if not added:
            free(slot.sent)
            free(slot)
            raise MemoryError
        handle = self._handle()
        self.slots[handle] = <size_t>slot
        return handle

    def remove_slot(self, int slot):
        cdef Subscriber *s = self._slot(slot)
        del self.slots[slot]
        self._enter()
        _remove_slot(s)
        self._leave()

    def connect(self, int slot, int track):
        """Forwards `track` in `slot`, from its next key frame on; what played there before goes on until then only
        if it is another layer of the same track."""
        cdef Subscriber *s = self._slot(slot)
        cdef Track *t = self._track(track)
        if s.kind != t.kind:
            raise ValueError("sound and picture do not go into each other's slots")
        now = self._enter()
        added = s.track == t or attach(&self.core, s, t, now)
        self._leave()
        if not added:
            raise MemoryError

    def disconnect(self, int slot):
        cdef Subscriber *s = self._slot(slot)
        self._enter()
        detach(s)
        self._leave()

    # Python's own datagrams -------------------------------------------------------------------------------------

    def send(self, bytes address, bytes data):
        """A STUN answer, to any address."""
        cdef Address a = _address(address)
        self._enter()
        send_clear(&self.core, &a, data, <int>len(data))
        self._leave()

    def send_to_peer(self, int peer, bytes data):
        """A DTLS datagram, to the peer's selected address. Dropped while there is none."""
        cdef Peer *p = self._peer(peer)
        self._enter()
        if p.has_selected:
            send_clear(&self.core, &p.selected, data, <int>len(data))
        self._leave()

    def take_events(self):
        """What Python has to deal with: ("stun", address, data) and ("dtls", peer, data)."""
        cdef Event *event
        cdef int i, peer
        cdef int64_t counted = 0
        result = []
        self._enter()
        if self.core.event_signalled and self.core.event_fd >= 0:
            read(self.core.event_fd, &counted, 8)
        self.core.event_signalled = False
        for i in range(self.core.event_count):
            event = &self.core.events[(self.core.event_head + i) % EVENT_QUEUE]
            data = event.data[:event.length]
            if event.kind == EVENT_STUN:
                result.append(("stun", (<uint8_t *>&event.address)[:sizeof(Address)], data))
            else:
                peer = event.peer
                if peer in self.peers:
                    result.append(("dtls", peer, data))
        self.core.event_head = 0
        self.core.event_count = 0
        for i in range(self.core.peer_count):
            self.core.peers[i].pending_events = 0
        self._leave()
        return result

    # Without sockets --------------------------------------------------------------------------------------------

    def process(self, list datagrams, int64_t now):
        """Works through (data, address) pairs as if they had just come, at time `now`."""
        cdef uint8_t buffer[SLOT_BYTES]
        cdef Address a
        cdef int length
        self.core.now = now
        for data, address in datagrams:
            a = _address(address)
            length = <int>len(data)
            memcpy(buffer, <const uint8_t *><bytes>data, min(length, <int>SLOT_BYTES))
            self._enter()
            with nogil:
                receive(&self.core, buffer, length, &a, self.core.now)
            self._leave()

    def tick(self, int64_t now):
        """Does what is due at time `now`; to be called about every 5 ms."""
        self.core.now = now
        self._enter()
        with nogil:
            tick(&self.core, self.core.now)
        self._leave()

    def drain(self):
        """What was sent since the last call, as (data, address), when no sockets are open."""
        cdef int i
        cdef Outgoing *out
        self._enter()
        result = []
        for i in range(self.core.drained.count):
            out = &self.core.drained.items[i]
            result.append((out.data[:out.length], (<uint8_t *>&out.address)[:sizeof(Address)]))
        self.core.drained.count = 0
        self._leave()
        return result

    # The thread -------------------------------------------------------------------------------------------------

    def open(self, int udp_fd, int tcp_fd, int event_fd):
        """The sockets (-1 for none): bound, non-blocking; `tcp_fd` listens. They stay the caller's to close, after
        `run` has returned. `event_fd` is an eventfd that is written to when `take_events` has something."""
        cdef sockaddr_storage name
        cdef unsigned int length = sizeof(sockaddr_storage)
        cdef epoll_event interest
        cdef Core *core = &self.core
        core.epoll_fd = epoll_create1(EPOLL_CLOEXEC)
        core.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
        if core.epoll_fd < 0 or core.wake_fd < 0:
            raise OSError(errno, "the media thread can't watch its sockets")
        core.udp_fd = udp_fd
        core.tcp_fd = tcp_fd
        core.event_fd = event_fd
        interest.events = EPOLLIN
        if udp_fd >= 0:
            if getsockname(udp_fd, <sockaddr *>&name, &length) == 0:
                core.udp_is_v6 = name.ss_family == AF_INET6
            interest.data.u64 = TAG_UDP
            epoll_ctl(core.epoll_fd, EPOLL_CTL_ADD, udp_fd, &interest)
        if tcp_fd >= 0:
            interest.data.u64 = TAG_LISTEN
            epoll_ctl(core.epoll_fd, EPOLL_CTL_ADD, tcp_fd, &interest)
        interest.data.u64 = TAG_WAKE
        epoll_ctl(core.epoll_fd, EPOLL_CTL_ADD, core.wake_fd, &interest)
        core.now = monotonic_us()
        core.running = True

    def run(self):
        """The media thread's body. Returns after `stop`."""
        if not self.core.running:
            raise RuntimeError("open comes before run")
        with nogil:
            _run(&self.core)

    def stop(self):
        cdef uint64_t one = 1
        self.core.stop = True
        if self.core.wake_fd >= 0:
            write(self.core.wake_fd, &one, 8)

    # Facts ------------------------------------------------------------------------------------------------------

    def levels(self):
        """{track: level of its sound, 0 (loudest) to 127 as in RFC 6464} of what was heard in the last 300 ms."""
        cdef Track *t
        now = self._enter()
        result = {}
        for handle, pointer in self.tracks.items():
            t = <Track *><size_t>pointer
            if t.kind == AUDIO and not t.paused and t.level_at and now - t.level_at < 300000:
                result[handle] = t.level >> 4
        self._leave()
        return result

    def peer_stats(self, int peer):
        """Loss as fractions of one; `round_trip_us` is 0 while unknown."""
        cdef Peer *p = self._peer(peer)
        cdef int i, j
        cdef int loss_in = 0, loss_out = 0
        now = self._enter()
        for i in range(p.track_count):
            for j in range(p.tracks[i].layer_count):
                if now - p.tracks[i].layers[j].last_packet_at < 3000000:
                    loss_in = max(loss_in, p.tracks[i].layers[j].fraction_lost)
        for i in range(p.subscriber_count):
            if now - p.subscribers[i].reported_at < 3000000 and p.subscribers[i].track != NULL:
                loss_out = max(loss_out, p.subscribers[i].fraction_lost)
        result = {
            "bytes_in": p.bytes_in,
            "bytes_out": p.bytes_out,
            "packets_in": p.packets_in,
            "packets_out": p.packets_out,
            "loss_in": loss_in / 256,
            "loss_out": loss_out / 256,
            "round_trip_us": p.round_trip_us,
            "transport": "tcp" if p.has_selected and p.selected.transport else "udp",
        }
        self._leave()
        return result

    def counters(self):
        """What was done and what was dropped since the start, by name."""
        return dict(self.core.counters)

    @staticmethod
    def udp_address(str ip, int port):
        """An address as the engine would have made it for a datagram from `ip`:`port`."""
        import ipaddress
        cdef Address a
        memset(&a, 0, sizeof(Address))
        parsed = ipaddress.ip_address(ip)
        packed = parsed.packed if parsed.version == 6 else b"\0" * 10 + b"\xff\xff" + parsed.packed
        memcpy(a.ip, <const uint8_t *><bytes>packed, 16)
        a.port = port
        return (<uint8_t *>&a)[:sizeof(Address)]

    @staticmethod
    def transport_of(bytes address):
        """"udp" or "tcp"."""
        cdef Address a = _address(address)
        return "tcp" if a.transport else "udp"


cdef Address _address(bytes raw) except *:
    cdef Address a
    if len(raw) != sizeof(Address):
        raise ValueError("not an address of the engine's")
    memcpy(&a, <const uint8_t *>raw, sizeof(Address))
    return a


cdef Connection *_connection(Core *core, const Address *address) noexcept nogil:
    cdef int index = address.transport - 1
    if index < 0 or index >= core.max_connections or core.connections[index] == NULL:
        return NULL
    if core.connections[index].generation != address.generation:
        return NULL
    return core.connections[index]


cdef void _authenticate_connection(Core *core, const Address *address) noexcept nogil:
    cdef Connection *connection = _connection(core, address)
    if connection != NULL:
        connection.authenticated = True


cdef void _release_connection(Core *core, const Address *address) noexcept nogil:
    # its peer is gone: it is closed like one that never spoke, unless another peer claims it in time
    cdef Connection *connection = _connection(core, address)
    if connection != NULL:
        connection.authenticated = False
        connection.opened_at = core.now


cdef bint _append_track(Peer *peer, Track *track) noexcept nogil:
    cdef int room
    cdef Track **grown
    if peer.track_count == peer.track_room:
        room = peer.track_room * 2 if peer.track_room else 4
        grown = <Track **>realloc(peer.tracks, room * sizeof(Track *))
        if grown == NULL:
            return False
        peer.tracks = grown
        peer.track_room = room
    peer.tracks[peer.track_count] = track
    peer.track_count += 1
    return True


cdef bint _append_slot(Peer *peer, Subscriber *slot) noexcept nogil:
    cdef int room
    cdef Subscriber **grown
    if peer.subscriber_count == peer.subscriber_room:
        room = peer.subscriber_room * 2 if peer.subscriber_room else 8
        grown = <Subscriber **>realloc(peer.subscribers, room * sizeof(Subscriber *))
        if grown == NULL:
            return False
        peer.subscribers = grown
        peer.subscriber_room = room
    peer.subscribers[peer.subscriber_count] = slot
    peer.subscriber_count += 1
    return True


cdef void _remove_track(Track *track) noexcept nogil:
    cdef Peer *peer = track.peer
    cdef int i
    while track.subscriber_count:
        detach(track.subscribers[0])
    i = 0
    while i < peer.stream_count:
        if peer.streams[i].layer.track == track:
            peer.stream_count -= 1
            peer.streams[i] = peer.streams[peer.stream_count]
        else:
            i += 1
    for i in range(peer.track_count):
        if peer.tracks[i] == track:
            peer.track_count -= 1
            peer.tracks[i] = peer.tracks[peer.track_count]
            break
    for i in range(track.layer_count):
        free_layer(track.layers[i])
    free(track.subscribers)
    free(track)


cdef void _remove_slot(Subscriber *slot) noexcept nogil:
    cdef Peer *peer = slot.peer
    cdef int i
    detach(slot)
    for i in range(peer.subscriber_count):
        if peer.subscribers[i] == slot:
            peer.subscriber_count -= 1
            peer.subscribers[i] = peer.subscribers[peer.subscriber_count]
            break
    free(slot.sent)
    free(slot)


cdef void _free_peer(Core *core, Peer *peer) noexcept nogil:
    while peer.subscriber_count:
        _remove_slot(peer.subscribers[0])
    while peer.track_count:
        _remove_track(peer.tracks[0])
    free(peer.subscribers)
    free(peer.tracks)
    free(peer.arrivals)
    free(peer)


cdef void _receive_datagrams(Core *core) noexcept nogil:
    """Everything that waits in the UDP socket, a batch at a time, but not for ever: timers want their turn."""
    cdef int turn, i, got
    cdef Address address
    for turn in range(4):
        for i in range(RECEIVE_BATCH):
            core.in_vectors[i].iov_base = core.inbox + i * SLOT_BYTES
            core.in_vectors[i].iov_len = SLOT_BYTES
            core.in_messages[i].msg_hdr.msg_iov = &core.in_vectors[i]
            core.in_messages[i].msg_hdr.msg_iovlen = 1
            core.in_messages[i].msg_hdr.msg_name = &core.in_names[i]
            core.in_messages[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage)
            core.in_messages[i].msg_hdr.msg_flags = 0
        got = recvmmsg(core.udp_fd, core.in_messages, RECEIVE_BATCH, MSG_DONTWAIT, NULL)
        if got <= 0:
            return
        core.now = monotonic_us()
        for i in range(got):
            if core.in_messages[i].msg_hdr.msg_flags & MSG_TRUNC:
                core.counters.dropped_size += 1
                continue
            address_from_sockaddr(&core.in_names[i], &address)
            receive(core, core.inbox + i * SLOT_BYTES, core.in_messages[i].msg_len, &address, core.now)
        flush(core)
        if got < RECEIVE_BATCH:
            return


cdef void _run(Core *core) noexcept nogil:
    cdef epoll_event events[64]
    cdef int i, count, wait_ms
    cdef uint64_t tag, one = 1
    cdef int64_t closing_at = 0
    while not core.stop:
        if core.peer_count == 0:
            wait_ms = 1000
        else:
            wait_ms = <int>((core.tick_at - monotonic_us() + 999) // 1000)
            wait_ms = max(0, min(wait_ms, <int>(TICK_EVERY_US // 1000)))
        count = epoll_wait(core.epoll_fd, events, 64, wait_ms)
        pthread_mutex_lock(&core.lock)
        core.now = monotonic_us()
        for i in range(count):
            tag = events[i].data.u64
            if tag == TAG_UDP:
                _receive_datagrams(core)
            elif tag == TAG_LISTEN:
                accept_connections(core, core.now)
            elif tag >= TAG_CONNECTION:
                if events[i].events & EPOLLOUT:
                    write_connection(core, <int>(tag - TAG_CONNECTION))
                if events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP):
                    read_connection(core, <int>(tag - TAG_CONNECTION), core.now)
        if core.now >= core.tick_at:
            tick(core, core.now)
        if core.now >= closing_at:
            closing_at = core.now + 1000000
            close_silent_connections(core, core.now)
        flush(core)
        if core.event_count and not core.event_signalled and core.event_fd >= 0:
            core.event_signalled = True
            write(core.event_fd, &one, 8)
        pthread_mutex_unlock(&core.lock)
