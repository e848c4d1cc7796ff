# One media thread's whole: everything that it holds, counts and works with.


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
