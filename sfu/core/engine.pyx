# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The engine: one media thread's worth of peers, tracks and subscribers, and the door to them from Python.

`run` is the thread: it waits, receives, works through a batch, sends, and holds the lock only while it works. The other
methods take it for as long as their C part lasts. `process`, `tick` and `drain` work without sockets, at a given time.
"""

include "platform.pxi"
include "digest.pxi"
include "packet.pxi"
include "model.pxi"
include "address.pxi"
include "rtp.pxi"
include "payload.pxi"
include "tap.pxi"
include "sending.pxi"
include "feedback.pxi"
include "delay.pxi"
include "loss.pxi"
include "probe.pxi"
include "estimate.pxi"
include "output.pxi"
include "stun.pxi"
include "ice.pxi"
include "rtcp.pxi"
include "transport.pxi"
include "history.pxi"
include "redundant.pxi"
include "layer.pxi"
include "roster.pxi"
include "thinning.pxi"
include "subscriber.pxi"
include "downlink.pxi"
include "rates.pxi"
include "share.pxi"
include "ceiling.pxi"
include "ingress.pxi"
include "stream.pxi"
include "ahead.pxi"
include "clockwork.pxi"
include "thread.pxi"
include "arguments.pxi"
include "facts.pxi"
include "choosing.pxi"
include "listening.pxi"
include "heard.pxi"
include "simulated.pxi"
include "estimating.pxi"

from os import urandom


cdef class Engine:
    """All numbers that it hands out (peers, tracks, slots) are never used twice. `run` has a thread of its own; the
    other methods are called by one thread at a time.

    Addresses are opaque bytes. Times are microseconds of one monotonic clock. Methods raise `KeyError` for a number
    that is not (or no longer) known, `ValueError` for arguments out of range, `MemoryError`.

    `address_hold`: how long after a peer's last check from an address no other peer can have it.
    """

    cdef Core core
    cdef int next_handle
    cdef dict peers, tracks, slots, sessions

    def __cinit__(self, int max_peers=2048, uint64_t seed=0, int64_t address_hold=15_000_000):
        if not 0 < max_peers <= 65536:
            raise ValueError("max_peers must be between 1 and 65536")
        memset(&self.core, 0, sizeof(Core))
        self.core.random_state = seed or int.from_bytes(urandom(8), "big") or 1
        if not open_core(&self.core, max_peers):
            raise MemoryError
        self.core.address_hold = address_hold
        self.next_handle = 1
        self.peers = {}
        self.tracks = {}
        self.slots = {}
        self.sessions = {}

    def __dealloc__(self):
        if self.core.max_peers:
            close_core(&self.core)

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
            wake_thread(&self.core)
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
        add_peer(&self.core, peer)
        self._leave()
        self.peers[peer.handle] = <size_t>peer
        return peer.handle

    def remove_peer(self, int peer):
        """The peer, its tracks, its slots and its addresses are forgotten."""
        cdef Peer *gone = self._peer(peer)
        for handle in [h for h, p in self.tracks.items() if (<Track *><size_t>p).peer == gone]:
            del self.tracks[handle]
        for handle in [h for h, p in self.slots.items() if (<Subscriber *><size_t>p).peer == gone]:
            del self.slots[handle]
        del self.peers[peer]
        self._enter()
        with nogil:
            remove_peer(&self.core, gone)
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
        schedule(&self.core, p, now)
        share_out(&self.core, p, now)
        for i in range(p.subscriber_count):
            ask_for_picture(&self.core, p.subscribers[i], now)
        self._leave()

    def set_credentials(self, int peer, str ufrag, str remote_ufrag, str password):
        """Begins an ICE generation: checks for `ufrag`:`remote_ufrag` are answered that were made with `password`. The
        generation before stays good until this one is used; then, and at the next restart, what is not used is void.
        """
        cdef Peer *p = self._peer(peer)
        cdef bytes ours = _ice_text(ufrag, MIN_UFRAG, MAX_UFRAG)
        cdef bytes theirs = _ice_text(remote_ufrag, MIN_UFRAG, MAX_REMOTE_UFRAG)
        cdef bytes secret = _ice_text(password, MIN_ICE_PASSWORD, MAX_ICE_PASSWORD)
        cdef bint begun
        self._enter()
        begun = begin_generation(
            &self.core, p, ours, <int>len(ours), theirs, <int>len(theirs), secret, <int>len(secret)
        )
        self._leave()
        if not begun:
            raise ValueError("this name is in use already")

    def heard_at(self, int peer):
        """When an authenticated check last came from the peer; 0 before the first."""
        # which only the media thread writes: no lock, as all peers are looked at often
        return load(&self._peer(peer).heard_at, RELAXED)

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
        self._leave()

    # Tracks: what a peer publishes ------------------------------------------------------------------------------

    def add_track(self, int peer, str mid, str kind, list codecs):
        """`codecs` holds (payload type, "opus" | "VP8" | "H264" | "VP9", payload type of its RTX or -1)."""
        cdef Peer *p = self._peer(peer)
        cdef Track *track
        cdef bytes name = mid.encode("ascii")
        cdef CodecTable table = _codec_table(codecs)
        cdef int track_kind = _KINDS[kind]
        if not 0 < len(name) <= 16:
            raise ValueError("a mid has 1 to 16 characters")
        now = self._enter()
        track = new_track(&self.core, p, track_kind, name, <int>len(name), &table)
        if track != NULL:
            want_largest(track, now)
        self._leave()
        if track == NULL:
            raise MemoryError
        track.handle = handle = self._handle()
        self.tracks[handle] = <size_t>track
        return handle

    def add_ssrc(self, int track, uint32_t ssrc, uint32_t rtx_ssrc=0):
        """A stream that the offer names by `a=ssrc`; others are found by MID and RID (RFC 8843)."""
        cdef Track *t = self._track(track)
        self._enter()
        named = name_stream(&self.core, t, ssrc, rtx_ssrc)
        self._leave()
        if not named:
            raise ValueError("this stream is known already, or there are too many")

    def name_layers(self, int track, list rids):
        """The RIDs under which a track of several layers comes, the smallest picture first."""
        _name_layers(self, self._track(track), rids)

    def remove_track(self, int track):
        cdef Track *t = self._track(track)
        del self.tracks[track]
        self._enter()
        remove_track(t)
        self._leave()

    def pause_track(self, int track, bint paused):
        """What comes in while a track is paused is dropped; afterwards its viewers start with a key frame."""
        _pause_track(self, self._track(track), paused)

    # Slots: what a peer receives in -----------------------------------------------------------------------------

    def add_slot(self, int peer, uint32_t ssrc, uint32_t rtx_ssrc, list codecs, int transport_cc=0):
        """A receiving m-line of the peer; `codecs` as in `add_track`, with the payload types of this m-line.
        `transport_cc`: id of the header extension if the peer gives transport-wide feedback on it, else 0."""
        cdef Peer *p = self._peer(peer)
        cdef CodecTable table = _codec_table(codecs)
        if not 0 <= transport_cc <= 14:
            raise ValueError("an id of a one-byte extension is between 1 and 14")
        self._enter()
        slot = new_subscriber(p, ssrc, rtx_ssrc, &table, transport_cc)
        self._leave()
        if slot == NULL:
            raise MemoryError
        slot.handle = handle = self._handle()
        self.slots[handle] = <size_t>slot
        return handle

    def remove_slot(self, int slot):
        cdef Subscriber *s = self._slot(slot)
        del self.slots[slot]
        self._enter()
        remove_slot(s)
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
        set_held(&self.core, s, False)
        detach(s)
        self._leave()

    def set_view(self, int slot, int height):
        """The height, in pixels, in which what plays in the slot is shown; 0: not at all, and nothing is sent for it.
        A slot of which nobody has said so is shown as large as what comes."""
        _set_view(self, self._slot(slot), height)

    def set_rank(self, int slot, int rank, bint sure=False):
        """Where there is not enough for all, higher ranks are given more; first of all, who is `sure` is given a
        little."""
        cdef Subscriber *s = self._slot(slot)
        now = self._enter()
        s.rank = rank
        s.sure = sure
        share_out(&self.core, s.peer, now)
        self._leave()

    def set_ceilings(self, int peer, bint taken):
        """Whether the peer listens to REMB (draft-alvestrand-rmcat-remb-03)."""
        cdef Peer *p = self._peer(peer)
        self._enter()
        p.takes_ceilings = taken
        self._leave()

    def ask_for_picture(self, int slot):
        """As a viewer does who has lost what its picture depends on (RFC 4585, section 6.3.1)."""
        cdef Subscriber *s = self._slot(slot)
        now = self._enter()
        picture_wanted(&self.core, s, now)
        self._leave()

    # Listeners: peers inside this process (`listening.pxi`) -------------------------------------------------------

    def add_listener(self):
        """A peer that needs no handshake: what is forwarded to its slots is left for `take_packets`."""
        return _add_listener(self)

    def take_packets(self, int peer):
        """(what came to a listener since the last call, how many packets were dropped because nobody took them).

        One run of bytes: of each packet when it came (microseconds, 8 bytes), its length (4), both in this machine's
        byte order, and itself: clear RTP, or RTCP sender reports, which give each slot's RTP time on the engine's own
        clock.
        """
        return _take_packets(self, self._peer(peer))

    # Handshakes -------------------------------------------------------------------------------------------------

    def send_to_peer(self, int peer, bytes data):
        """A DTLS datagram, to the peer's selected address. Dropped while there is none."""
        cdef Peer *p = self._peer(peer)
        self._enter()
        if p.has_selected:
            send_clear(&self.core, &p.selected, data, <int>len(data))
        self._leave()

    def take_events(self):
        """What Python has to deal with: ("dtls", peer, data), only from addresses that passed a check; ("wanted", peer,
        track, a bit for each layer that somebody wants); ("held", peer, slot, whether the connection is too weak).
        """
        return _take_events(self)

    # Without sockets --------------------------------------------------------------------------------------------

    def process(self, list datagrams, int64_t now):
        """Works through (data, address) pairs as if they had just come, at time `now`."""
        _process(self, datagrams, now)

    def tick(self, int64_t now):
        """Does what is due at time `now`; to be called about every 5 ms."""
        self.core.now = now
        self._enter()
        with nogil:
            tick(&self.core, self.core.now)
        self._leave()

    def drain(self):
        """What was sent since the last call, as (data, address), when no sockets are open."""
        return _drain(self)

    # The thread -------------------------------------------------------------------------------------------------

    def open(self, int udp_fd, int tcp_fd, int event_fd):
        """The sockets (-1 for none): bound, non-blocking; `tcp_fd` listens. They stay the caller's to close, after
        `run` has returned. `event_fd` is an eventfd that is written to when `take_events` has something."""
        if not open_thread(&self.core, udp_fd, tcp_fd, event_fd):
            raise OSError(errno, "the media thread can't watch its sockets")

    def run(self):
        """The media thread's body. Returns after `stop`."""
        if not self.core.running:
            raise RuntimeError("open comes before run")
        with nogil:
            run_thread(&self.core)

    def limit_peers(self, int64_t bits_per_s, int64_t packets_per_s):
        """What one peer may send; more is dropped and counted. A packet of either kind counts as 1/packets_per_s."""
        if bits_per_s < 1 or packets_per_s < 1:
            raise ValueError("a peer must be allowed to send something")
        self._enter()
        self.core.peer_bps = bits_per_s
        self.core.peer_pps = packets_per_s
        self._leave()

    def set_gathering(self, int64_t us):
        """While packets come fast, they may be held back for so long (0: not at all, else in whole milliseconds)."""
        if us < 0 or us % 1000 or us > 10000:
            raise ValueError("packets are held back for 0 to 10 whole milliseconds")
        self._enter()
        self.core.gather_us = us
        self._leave()

    def stop(self):
        self._enter()
        self.core.stop = True
        self._leave()

    # Facts ------------------------------------------------------------------------------------------------------

    def levels(self):
        """{track: level of its sound, 0 (loudest) to 127 as in RFC 6464} of what was heard in the last 300 ms."""
        return _levels(self)

    def peer_stats(self, int peer):
        """Loss as fractions of one; `round_trip_us` is 0 while unknown."""
        cdef Peer *p = self._peer(peer)
        now = self._enter()
        result = _stats(p, now)
        self._leave()
        return result

    def slot_state(self, int slot):
        """What is chosen for a slot: `layer` plays, `target` shall (-1: nothing), the highest temporal layer, the bits
        a second that it may take (0: all), and whether it is held."""
        return _slot_state(self, self._slot(slot))

    def set_estimate(self, int peer, int64_t bps):
        """What the peer's connection carries, as if it had been measured. For simulations."""
        cdef Peer *p = self._peer(peer)
        now = self._enter()
        p.estimate_bps = bps
        estimate_changed(&self.core, p, now)
        self._leave()

    def counters(self):
        """What was done and what was dropped since the start, by name."""
        self._enter()
        counted = self.core.counters
        self._leave()
        return dict(counted)

    @staticmethod
    def udp_address(str ip, int port):
        """An address as the engine would have made it for a datagram from `ip`:`port`."""
        return _udp_address(ip, port)

    @staticmethod
    def transport_of(bytes address):
        """"udp" or "tcp"."""
        cdef Address a = _address(address)
        return "tcp" if a.transport else "udp"
