# The structures. A Peer is one client's connection; a Track is what it publishes, in one or more Layers (RTP
# streams); a Subscriber is one slot of a peer, in which one track at a time is forwarded.
# Times are microseconds on the caller's monotonic clock. Sequence numbers named `ext_` are extended to 64 bits.

cdef enum:
    SLOT_BYTES = 2048          # one datagram, in or out
    MAX_RTP = 1600             # larger RTP or RTCP is dropped: leaves room to seal a CM packet as GCM
    RECEIVE_BATCH = 64
    SEND_BATCH = 256
    SEGMENTS = 40              # datagrams that leave as one message: the kernel takes 64, and 64 KiB in all
    MAX_STREAMS = 32           # SSRCs a peer may send with; more are dropped
    MAX_STREAMS_EVER = 256     # and in all its time: libsrtp keeps each, so that nothing old can be sent again
    MAX_ADDRESSES = 8          # of a peer, each of which passed a check; the one longest silent makes room
    MAX_LAYERS = 3
    MAX_MISSING = 256          # packets of one layer waited for; beyond, a key frame is cheaper
    SEEN = 1024                # sequence numbers in which a duplicate is recognised
    KEPT = 1024                # packets of a layer that can be sent again
    SENT = 1024                # packets of a slot that can be asked for again
    GAPS = 32                  # pictures left out of a slot, around which late packets still find their numbers
    ARRIVALS = 2048            # packets between two transport-wide reports

cdef enum:
    # how the thread waits (`thread.pxi`): so many packets within gather_us make gathering worth it
    PACE_PACKETS = 6
    FLOW_US = 2000             # as many within this flow: longer, and the last one is waited for in vain more often
    FLOW_OTHERS_US = 1000      # how late what comes by TCP may be while UDP flows
    FLOW_WAIT_US = 4000        # and when it stops
    OTHERS_US = 300            # what TCP may take of the thread until UDP has its turn again

cdef enum:
    MIN_UFRAG = 4              # RFC 8839, section 5.4
    MAX_UFRAG = 32             # of our names, which Python makes 12 long
    MAX_REMOTE_UFRAG = 256
    MIN_ICE_PASSWORD = 22
    MAX_ICE_PASSWORD = 256
    TRANSACTION_BYTES = 12
    TRANSACTIONS = 256         # checks of a peer remembered: at one each 2.6 s, the last 11 minutes

cdef enum:
    ALL_TEMPORAL = 7           # a picture at its full frame rate
    FULL_HEIGHT = -1           # nobody has said how large a slot is shown

cdef struct Peer
cdef struct Track
cdef struct Layer
cdef struct Subscriber
cdef struct Sending


cdef struct Address:
    # opaque to Python: 24 bytes
    uint8_t ip[16]             # IPv4 as ::ffff:a.b.c.d
    uint16_t port
    uint16_t transport         # 0 = UDP, else index of the TCP connection + 1
    uint32_t generation        # of that connection, so that a reused index is another address


cdef struct AddressEntry:
    Address address
    Peer *peer                 # NULL = free


cdef struct HeardAddress:
    Address address
    int64_t heard_at           # when a verified check last came from it


cdef struct Transaction:
    # a verified check, and where it came from
    uint8_t id[TRANSACTION_BYTES]
    Address address


cdef struct Generation:
    # what checks are made with between two ICE restarts
    Peer *peer                 # NULL = void
    uint8_t username[MAX_UFRAG + 1 + MAX_REMOTE_UFRAG]  # our name, a colon, the client's
    int ufrag_length, username_length
    HmacKey key                # of our password


cdef struct Missing:
    int64_t ext_seq
    int64_t since
    int64_t ask_at
    int asked


cdef struct Layer:
    # first what every packet touches (`ahead.pxi`)
    Track *track
    uint32_t number            # unique; says in a Sent entry whose packet it was
    uint32_t ssrc, rtx_ssrc
    bint taken                 # a stream has come for it, or was named
    bint started
    int64_t ext_highest
    int64_t last_packet_at
    int64_t received, bytes    # reception statistics (RFC 3550, section 6.4 and appendix A)
    int64_t jitter16           # jitter in clock units, times 16
    int64_t last_transit
    bint has_transit
    bint key_wanted
    int64_t key_asked_at, key_seen_at
    int64_t rate_bytes         # since `rate_since`
    int64_t temporal_bytes[2]  # of those: temporal layer 0, and 1
    int missing_count
    History history
    uint64_t seen[16]          # SEEN bits
    # then what reports and losses do
    uint8_t rid[16]
    int rid_length
    int64_t ext_first
    int64_t expected_before, received_before, repaired_before
    int64_t repaired           # of those received: what came only when it was sent again
    int64_t expected_last      # of the last report: how many packets it spoke of,
    int64_t missed_last        # how many of these did not come, or not at first
    # the publisher's last sender report
    bint has_report
    int64_t report_ntp_us
    uint32_t report_ntp_mid
    uint32_t report_rtp
    int64_t report_at
    int key_asked
    # what it costs and who wants it (`rates.pxi`)
    int rank                   # place among the layers of the track, 0 = the smallest picture
    int height                 # of its last key frame; 0 = not known
    int64_t rate_since
    int rate_bps               # of the last two windows the lower: one key frame is not a rate
    int rate_window_bps        # of the last one
    int rate_windows           # since it came, up to 2
    int temporal_parts[2]      # of its bits, in 256ths: temporal layer 0, and 0 and 1 together
    int64_t used_at            # when somebody last wanted it
    Missing missing[MAX_MISSING]


cdef struct Track:
    Peer *peer
    int handle
    int kind
    bint paused
    Subscriber **subscribers
    int subscriber_count, subscriber_room
    int level                  # RFC 6464, 0 loudest to 127, smoothed, times 16
    int64_t level_at
    Layer *layers[MAX_LAYERS]  # the smallest picture first; of video at least one
    int layer_count
    int64_t kept_until         # until then its sound is kept (`redundant.pxi`)
    int sound_bps              # what it took at most of late, if it is sound (`rates.pxi`)
    int wanted, wanted_told    # a bit for each layer that somebody wants, and what Python knows of that
    int mid_length
    uint8_t mid[16]
    uint8_t codec_of[128]      # payload type -> codec
    uint8_t original_of[128]   # payload type of an RTX stream -> payload type of what it repeats; NO_PT


cdef struct Sent:
    int64_t ext_out            # -1 = empty
    uint32_t layer             # Layer.number
    int64_t ext_in
    int64_t repeated_at
    uint32_t timestamp_offset
    uint16_t picture_offset
    uint8_t tl0_offset


cdef struct Gap:
    # a picture that was left out of a slot: input numbers from `ext_at` up to `ext_to`; none where the limit changed
    int64_t ext_at, ext_to
    uint32_t timestamp
    uint16_t picture_offset    # in force before it
    uint8_t temporal           # the highest temporal layer, likewise
    int64_t sequence_offset


cdef struct Gaps:
    Gap ring[GAPS]
    int count, next            # GAPS + 1: some are forgotten
    bint unfinished            # the last one is of the picture that has its turn


cdef struct Subscriber:
    Peer *peer
    int kind
    uint32_t ssrc, rtx_ssrc
    uint8_t pt_of[CODECS]      # codec -> payload type of the slot; NO_PT = not taken by this client
    uint8_t rtx_pt_of[CODECS]  # of sound: that of redundant packets
    uint8_t ext_transport_cc   # id of the header extension; 0 = without
    Track *track
    Layer *current             # what is forwarded; NULL before the first key frame
    Layer *pending             # what will be, from its next key frame on
    int64_t pending_since
    Layer *previous            # what was, for late NACKs
    int64_t ext_from           # older packets of `current` belong to before the switch
    int64_t ext_seen           # highest of `current` that had its turn, sent or left out
    bint stopped               # nothing is forwarded: not shown, or the connection is too weak
    int temporal, temporal_now  # highest temporal layer that shall be and that is forwarded
    uint32_t picture_time      # timestamp of the last picture that had its turn
    bint left_out              # it was left out
    Gaps *gaps                 # NULL: nothing can be left out
    int64_t sequence_offset
    int64_t ext_last           # last sequence number sent
    uint32_t timestamp_offset, timestamp_last
    int64_t timestamp_at
    bint has_sent
    uint16_t picture_offset, picture_last
    uint8_t tl0_offset, tl0_last
    uint16_t rtx_seq
    Sent *sent                 # by ext_out modulo SENT; NULL before the first picture, and for sound
    int64_t repeat_budget, repeat_budget_at
    uint32_t packets, octets
    int fraction_lost          # as the client last reported, 0 to 255
    uint32_t packets_before    # `packets` at that time
    uint32_t packets_told      # how many it spoke of
    int64_t reported_at
    int loss16                 # `fraction_lost` smoothed, times 16
    int64_t redundant_until    # until then its sound is sent twice (`redundant.pxi`)
    # what it is given (`share.pxi`)
    int handle
    int height                 # in which it is shown; 0 = not at all, FULL_HEIGHT
    int rank                   # the higher, the earlier it is given more
    bint sure                  # it comes first where there is only enough for some
    Layer *target              # what it shall play; NULL: nothing
    int64_t share_bps          # what it may take; 0 = as much as there is
    bint held, held_told       # the connection is too weak for it, and what Python knows of that
    bint eager                 # the next change upwards needs no patience
    int64_t raise_since        # since when more would fit; 0 = it does not
    int64_t raised_at, raise_wait
    int64_t shown_again_at     # when it was last held no longer; 0 = never
    int64_t over_since         # since when the layer does not fit at its full frame rate; 0 = it does
    int64_t temporal_since     # the same for the frame rate, and for a way up that does not come
    int64_t sync_since


cdef struct Stream:
    uint32_t ssrc
    Layer *layer
    bint rtx


cdef struct Arrivals:
    # transport-wide sequence numbers of one peer and when they came (`transport.pxi`)
    int64_t at[ARRIVALS]       # 0 = not seen
    int64_t ext_next           # first not yet reported
    int64_t ext_highest
    int64_t started_at
    int64_t waiting_since      # when the first not yet reported came
    bint started
    uint8_t count
    uint32_t media_ssrc


cdef struct Tap:
    # what a listener has not taken yet (`tap.pxi`)
    uint8_t *ring              # TAP_BYTES of them
    int64_t written, taken     # bytes ever
    int64_t dropped            # packets for which there was no room


cdef struct Peer:
    # first what every packet touches (`ahead.pxi`)
    void *rx                   # libsrtp sessions; NULL before DTLS is done
    void *tx
    Tap *tap                   # of a listener, which has no connection; else NULL
    Sending *sending           # NULL: it gives no feedback on what it receives
    Address selected           # one of `addresses`
    bint has_selected
    int handle
    uint32_t batch             # in which something was last queued for it
    int queued                 # the last of that, an index into Core.out
    int64_t paid_until         # for what it has sent (`ingress.pxi`)
    int64_t bytes_in, bytes_out, packets_in, packets_out
    uint8_t ext_mid, ext_rid, ext_repaired_rid, ext_transport_cc, ext_audio_level
    Arrivals *arrivals
    int stream_count, streams_ever
    Stream streams[MAX_STREAMS]
    Track **tracks
    int track_count, track_room
    Subscriber **subscribers
    int subscriber_count, subscriber_room
    # then what happens now and then
    int64_t feedback_at        # when the next transport-wide report is due
    int64_t report_at          # when the next sender and receiver reports are due
    int64_t share_at           # when what it receives is next shared out anew
    int64_t estimate_bps       # what its connection carries towards it; 0 = not known
    int64_t wanted_bps         # what its slots would take if it carried everything; 0 = nothing
    bint takes_ceilings        # it listens to REMB (`ceiling.pxi`)
    int64_t ceiling_bps, ceiling_at  # what it was last told to send at most, 0 = nothing
    int64_t ceiling_lifted_at
    int64_t due_at             # when anything is due (`clockwork.pxi`)
    int due_place              # in the heap; -1 = not in it
    uint32_t rtcp_ssrc
    bint has_clock
    int64_t clock_delta_us     # our clock minus the peer's, as its sender reports show: the least of two windows
    int64_t clock_before_us, clock_least_us, clock_window_at
    int64_t round_trip_us      # 0 = not known
    int64_t stranger_budget, stranger_budget_at
    int64_t stun_budget, stun_budget_at
    int64_t foreign_budget, foreign_budget_at
    int64_t dtls_budget, dtls_budget_at
    int pending_events
    # connectivity checks (`ice.pxi`)
    HeardAddress addresses[MAX_ADDRESSES]
    int address_count
    int64_t heard_at           # when a verified one last came; 0 = never
    Generation generations[2]  # the last that was begun, and the one in use before it, which may be void
    int current                # which of them is the last
    Transaction transactions[TRANSACTIONS]  # a ring
    int transaction_count, transaction_next


cdef struct Connection:
    # an ICE-TCP connection: RFC 4571 frames, two bytes of length before each packet
    int fd
    uint32_t generation
    Address address
    bint authenticated
    int64_t opened_at
    uint8_t *inbox
    int inbox_length
    uint8_t *outbox            # NULL before anything is sent
    int outbox_length
    bint wants_out


cdef struct Outgoing:
    Address address
    int length
    int next                   # the next one for the same address in this batch; -1 = none
    bint follows               # it is the next of another
    uint8_t data[SLOT_BYTES]


cdef struct Drained:
    # what would have gone to a socket, when there is none
    Outgoing *items
    int count, room


cdef struct Event:
    # a DTLS datagram; other facts stand in what they are about (`facts.pxi`)
    int peer
    int length
    uint8_t data[SLOT_BYTES]


cdef enum:
    EVENT_QUEUE = 1024         # unread facts for Python; more DTLS is dropped and counted
    EVENTS_PER_PEER = 64


cdef struct Counters:
    int64_t packets_in, bytes_in, packets_out, bytes_out
    int64_t rtp_in, rtp_forwarded, rtcp_in, rtx_in, rtx_recovered, rtx_out
    int64_t nacks_in, nacks_out, key_requests_in, key_requests_out, feedback_in, feedback_out
    int64_t probes_out, probe_packets_out
    int64_t stun_in, stun_checks, dtls_in
    int64_t dropped_empty, dropped_size, dropped_kind, dropped_unknown_address, dropped_no_keys
    int64_t dropped_auth, dropped_auth_rtcp, dropped_rtp, dropped_rtcp, dropped_stranger_ssrc, dropped_payload_type
    int64_t dropped_duplicate, dropped_old, dropped_paused, dropped_seal, dropped_send
    int64_t dropped_stun_rate, dropped_stun_malformed, dropped_stun_unknown, dropped_stun_unverified
    int64_t dropped_stun_claimed, dropped_peer_rate, dropped_dtls_rate, dropped_feedback, dropped_feedback_rate
    int64_t dropped_events, dropped_no_codec, dropped_repeat_budget, dropped_connections, dropped_frame_size
    int64_t repeats_unavailable, switches, dropped_tap, left_out, held, ceilings_out
    int64_t redundant_out


cdef struct Ahead:
    # whose a datagram of the batch is, found before its turn; NULL = nothing to fetch
    Peer *peer
    Layer *layer
    Subscriber *subscriber


cdef struct Core:
    pthread_mutex_t lock
    bint running
    int64_t now
    uint64_t random_state
    int max_peers
    Peer **peers
    int peer_count
    Peer **due                 # a binary heap, the earliest first
    int due_count
    int64_t ticked_at
    AddressEntry *table
    uint32_t table_mask
    int64_t address_hold       # how long an address stays its peer's after the last check from it
    Generation **names         # by our name in them; NULL = free
    uint32_t names_mask
    uint32_t next_layer
    Outgoing *out
    int out_count
    uint32_t batch             # counts flushes, from 1
    Drained drained
    Event *events
    int event_head, event_count
    bint event_signalled
    bint facts                 # somewhere Python knows less than is so (`facts.pxi`)
    int udp_fd, tcp_fd, event_fd, wake_fd
    int others_fd              # an epoll of everything but the UDP socket
    int any_fd                 # an epoll of both
    int64_t waits_until        # when the thread wakes up at the latest
    int64_t peer_bps, peer_pps # what one peer may send
    int64_t gather_us          # how long packets may be held back; 0 = not at all
    bint gathering, flowing    # how the thread waits now; neither: for everything
    int64_t came[PACE_PACKETS]  # when the last packets did, a ring
    uint32_t came_next
    bint udp_is_v6
    Connection **connections
    int max_connections
    uint32_t connection_generation
    bint stop
    Counters counters
    # scratch of the receiving and the sending shell
    uint8_t *inbox
    mmsghdr *in_messages
    iovec *in_vectors
    sockaddr_storage *in_names
    Address *in_addresses      # the same, as ours
    Ahead *ahead
    mmsghdr *out_messages
    iovec *out_vectors
    sockaddr_storage *out_names
    uint8_t *out_controls      # SEGMENT_CONTROL bytes for each message


cdef inline uint64_t draw(Core *core) noexcept nogil:
    # xorshift64*: for first sequence numbers and timestamps, where guessing gains nothing (SRTP seals them)
    cdef uint64_t x = core.random_state
    x ^= x >> 12
    x ^= x << 25
    x ^= x >> 27
    core.random_state = x
    return x * <uint64_t>2685821657736338717
