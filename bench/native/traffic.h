/* What traffic consists of: peers, of which some publish and some subscribe, what is set and what is counted. */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include "telling.h"

#define BATCH 32
#define CHECKS 8
#define FRAMES_A_SECOND 30
#define NAMED_PACKETS 500   /* carry the MID, as in browsers: until the other side must have seen it */
#define DESCRIPTOR 4
#define FRAME_HEADER 10
#define OURS 28             /* magic to send time */
#define MAGIC 0x54424d31u
#define UPKEEP_NS 10000000u /* between two looks at what is due besides packets */
#define CHECK_NS 2500000000u
#define REPORT_NS 1000000000u
#define STRAGGLERS_NS 300000000u
#define LATE_SEND_NS 1000000u
#define OCTAVES 40
#define STEPS 64            /* histogram buckets in each doubling: 1.6% */
#define GROUPS 2            /* of calls, whose latencies are told apart */
#define STALL_NS 5000000u   /* a turn of the loop that took longer: then it is late itself */

struct counts {
    uint64_t sent, expected, received, lost, duplicates, stale;
    uint64_t bad_auth, bad_rtp, bad_ssrc, bad_payload, bad_picture, gaps, reordered, padding;
    uint64_t repeats_asked, repeats_got, key_asked, nack_asked, feedback, feedback_packets, reports, checks_sent,
        checks_answered, send_failed, sent_late, worst_send_ns, above_20_ms, worst_ns;
    uint64_t server_cpu_ns, own_cpu_ns, busy_ns, window_ns, bytes_received;
    uint64_t others, stalls, worst_turn_ns, excused_20_ms, worst_own_ns, feedback_sent;
};

/* What one subscriber got of what it should have got. */
struct call {
    uint64_t expected, received, wrong, longest_gap_ns, worst_ns, group;
};

/* Something that wants a turn of the same loop. Told the time, says when it wants the next one (ns). */
typedef uint64_t (*besides_function)(void *state, uint64_t now);

struct peer {
    int fd;
    void *tx, *rx;
    uint8_t *check[CHECKS];
    int check_length[CHECKS], checks, next_check;
    uint64_t check_at, report_at;
    int publisher, subscriber; /* index or -1; of several subscribers the first */
    struct arrivals *arrivals; /* NULL: it gives no feedback */
};

struct publisher {
    int peer;
    uint32_t ssrc, timestamp, octets;
    uint8_t pt, mid_id, transport_id, mid_length;
    char mid[16];
    uint16_t seq, transport_seq;
    uint64_t counter, from; /* from `from` on it is measured */
    uint32_t frame;
    int key_wanted, key_now, sent_of_frame;
    uint8_t filling[SLOT];
};

struct subscriber {
    int peer, publisher; /* publisher -1: what comes is opened and counted, not compared */
    int next;            /* of the same peer, or -1 */
    int group;
    uint32_t ssrc, rtx_ssrc;
    int started, has_picture;
    uint16_t seq, picture_offset;
    uint64_t received, expected, wrong, last_at, longest_gap_ns, worst_ns;
    uint64_t *seen, seen_bits; /* a bit for each packet measured */
    uint64_t ask_at;
};

struct setting {
    double packets_per_s; /* of all publishers together */
    double seconds;
    int bytes;            /* of an RTP packet in clear */
    int burst;            /* packets sent back to back by one publisher; 1 = evenly spread */
    int spin;             /* 0: sleep when there is nothing to do; else look again at once */
    int repeats_per_s;    /* NACKs that each subscriber sends, for packets that it has */
    int pid;              /* whose CPU time is taken at the window's edges, 0 = nobody's */
    int measured;         /* 0: nothing is counted as lost, for warming up */
};

struct traffic {
    struct library library;
    int epoll;
    struct peer *peer;
    struct publisher *publisher;
    struct subscriber *subscriber;
    int peers, publishers, subscribers;
    volatile int stop;
    int sending;
    uint64_t turn_at, stalled_until; /* of the loop: when this turn began, when it last stood still */
    struct setting set;
    struct counts counts;
    uint64_t histogram[GROUPS][OCTAVES * STEPS];
    besides_function besides;
    void *besides_state;
    uint64_t frame_packets;
    uint8_t in[BATCH][SLOT];
};

#endif
