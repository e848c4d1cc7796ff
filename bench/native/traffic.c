/* Traffic: what publishers send and what subscribers check, for a whole benchmark in one thread.
 *
 * Each publisher and each subscriber is a peer with a socket and SRTP contexts of its own; Python made them, by ICE
 * and DTLS, and hands them over. From there on everything happens here, without Python: packets are stamped, sealed
 * and sent when they are due; what comes back is opened, and every packet is compared with what was sent.
 *
 * A packet in clear: RTP header, transport-wide sequence number, MID while it may be needed, VP8 descriptor with a
 * 15-bit picture id, VP8 frame header, and then ours (native byte order, it never leaves this process):
 *   magic 4 | publisher 4 | counter 8 | frame 4 | send time 8 (CLOCK_MONOTONIC, ns) | filling | hash of all that 8
 *
 * Not here: setting up (client.py), what the figures mean (forward.py). */
#include "checking.h"
#include <sys/epoll.h>
#include <sys/prctl.h>

/* ---- set-up ---------------------------------------------------------------------------------------------------- */

struct traffic *traffic_new(void *protect, void *unprotect, void *protect_rtcp, void *unprotect_rtcp) {
    struct traffic *t = calloc(1, sizeof(struct traffic));
    if (!t)
        return NULL;
    t->library = (struct library){(srtp_function)protect, (srtp_function)unprotect, (srtp_function)protect_rtcp,
                                  (srtp_function)unprotect_rtcp};
    t->epoll = epoll_create1(EPOLL_CLOEXEC);
    prctl(PR_SET_TIMERSLACK, 1);
    return t;
}

static void *grown(void *old, int count, size_t size) {
    if (count & (count - 1))
        return old; /* room doubles at each power of two */
    return realloc(old, (count ? 2 * (size_t)count : 1) * size);
}

static int add_peer(struct traffic *t, int fd, void *tx, void *rx) {
    t->peer = grown(t->peer, t->peers, sizeof(struct peer));
    t->peer[t->peers] = (struct peer){.fd = fd, .tx = tx, .rx = rx, .publisher = -1, .subscriber = -1};
    struct epoll_event interest = {.events = EPOLLIN, .data.u32 = (uint32_t)t->peers};
    epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &interest);
    return t->peers++;
}

/* Returns the peer's number. Ids 0: the extension was not negotiated. */
int traffic_publisher(struct traffic *t, int fd, void *tx, void *rx, uint32_t ssrc, int pt, int mid_id, const char *mid,
                      int transport_id) {
    int at = add_peer(t, fd, tx, rx);
    t->publisher = grown(t->publisher, t->publishers, sizeof(struct publisher));
    struct publisher *p = &t->publisher[t->publishers];
    memset(p, 0, sizeof(*p));
    p->peer = at;
    p->ssrc = ssrc;
    p->pt = (uint8_t)pt;
    p->mid_id = (uint8_t)mid_id;
    p->transport_id = (uint8_t)transport_id;
    p->mid_length = (uint8_t)strnlen(mid, sizeof(p->mid));
    memcpy(p->mid, mid, p->mid_length);
    p->seq = (uint16_t)(ssrc & 0x7FFF);
    p->timestamp = ssrc * 2654435761u;
    p->key_wanted = 1;
    uint64_t x = ssrc | 1;
    for (int i = 0; i < SLOT; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        p->filling[i] = (uint8_t)(x >> 56);
    }
    t->peer[at].publisher = t->publishers++;
    return at;
}

/* `ssrc` 0: the first one that comes. Returns the peer's number. */
int traffic_subscriber(struct traffic *t, int fd, void *tx, void *rx, int publisher_peer, uint32_t ssrc,
                       uint32_t rtx_ssrc) {
    int at = add_peer(t, fd, tx, rx);
    t->subscriber = grown(t->subscriber, t->subscribers, sizeof(struct subscriber));
    t->subscriber[t->subscribers] = (struct subscriber){
        .peer = at, .publisher = t->peer[publisher_peer].publisher, .ssrc = ssrc, .rtx_ssrc = rtx_ssrc};
    t->peer[at].subscriber = t->subscribers++;
    return at;
}

/* A STUN check, ready to be sent as it is; several are used in turn. */
void traffic_check(struct traffic *t, int peer, const uint8_t *data, int length) {
    struct peer *p = &t->peer[peer];
    if (p->checks == CHECKS)
        return;
    p->check[p->checks] = malloc((size_t)length);
    memcpy(p->check[p->checks], data, (size_t)length);
    p->check_length[p->checks++] = length;
}

void traffic_stop(struct traffic *t) { t->stop = 1; }

void traffic_free(struct traffic *t) {
    for (int i = 0; i < t->peers; i++)
        for (int j = 0; j < t->peer[i].checks; j++)
            free(t->peer[i].check[j]);
    for (int i = 0; i < t->subscribers; i++)
        free(t->subscriber[i].seen);
    free(t->peer);
    free(t->publisher);
    free(t->subscriber);
    close(t->epoll);
    free(t);
}

/* ---- a run ----------------------------------------------------------------------------------------------------- */

static int begin_window(struct traffic *t) {
    uint64_t most = (uint64_t)(t->set.packets_per_s * t->set.seconds / (t->publishers ? t->publishers : 1)) + 4096;
    memset(&t->counts, 0, sizeof(t->counts));
    memset(t->histogram, 0, sizeof(t->histogram));
    for (int i = 0; i < t->publishers; i++)
        t->publisher[i].from = t->publisher[i].counter;
    for (int i = 0; i < t->subscribers; i++) {
        free(t->subscriber[i].seen);
        t->subscriber[i].received = 0;
        t->subscriber[i].seen_bits = most;
        t->subscriber[i].seen = t->set.measured ? calloc(most / 64 + 1, 8) : NULL;
        if (t->set.measured && !t->subscriber[i].seen)
            return -1;
    }
    return 0;
}

static void end_window(struct traffic *t) {
    if (!t->set.measured)
        return;
    for (int i = 0; i < t->subscribers; i++) {
        struct subscriber *s = &t->subscriber[i];
        uint64_t expected = t->publisher[s->publisher].counter - t->publisher[s->publisher].from;
        t->counts.expected += expected;
        t->counts.lost += expected - s->received;
    }
}

/* Sends for `seconds`, then listens a little for what is still under way. 0, or -1 for want of memory. */
int traffic_run(struct traffic *t, const struct setting *setting, struct counts *counts, uint64_t *histogram) {
    struct epoll_event events[64];
    clockid_t server = (clockid_t)((~(unsigned)setting->pid) << 3 | 2); /* the process's CPU clock, all threads */
    t->set = *setting;
    if (begin_window(t) != 0)
        return -1;
    int burst = setting->burst > 0 ? setting->burst : 1;
    double per_publisher = setting->packets_per_s / (t->publishers ? t->publishers : 1);
    t->frame_packets = per_publisher < FRAMES_A_SECOND ? 1 : (uint64_t)(per_publisher / FRAMES_A_SECOND + 0.5);
    double interval = 1e9 * burst / setting->packets_per_s;
    uint64_t began = now_ns(), upkeep_at = began, turns = 0, cursor = 0;
    uint64_t until = began + (uint64_t)(setting->seconds * 1e9), quiet = until + (setting->measured ? STRAGGLERS_NS : 0);
    uint64_t own = clock_ns(CLOCK_THREAD_CPUTIME_ID), cpu = setting->pid ? clock_ns(server) : 0, received_in_window = 0;
    int sending = 1;
    while (!t->stop) {
        uint64_t now = now_ns(), due = began + (uint64_t)((double)turns * interval);
        int worked = 0;
        if (sending && now >= until) {
            sending = 0;
            t->counts.server_cpu_ns = setting->pid ? clock_ns(server) - cpu : 0;
            t->counts.own_cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - own;
            t->counts.window_ns = now - began;
            received_in_window = t->counts.received;
        }
        if (now >= quiet)
            break;
        for (int i = 0; sending && due <= now && i < 64; i++) {
            if (now - due > t->counts.worst_send_ns)
                t->counts.worst_send_ns = now - due;
            t->counts.sent_late += now - due > LATE_SEND_NS;
            for (int j = 0; j < burst; j++)
                send_packet(t, &t->publisher[cursor]);
            cursor = (cursor + 1) % (uint64_t)t->publishers;
            due = began + (uint64_t)((double)++turns * interval);
            worked = 1;
        }
        if (now >= upkeep_at) {
            upkeep_at = now + UPKEEP_NS;
            upkeep(t, now);
        }
        struct timespec wait = {0, 0};
        if (!setting->spin && !worked) {
            uint64_t next = sending && due < upkeep_at ? due : upkeep_at;
            wait.tv_nsec = next > now ? (long)(next - now) : 0;
        }
        int ready = epoll_pwait2(t->epoll, events, 64, &wait, NULL);
        for (int i = 0; i < ready; i++)
            receive(t, &t->peer[events[i].data.u32]);
        if (sending && (worked || ready > 0))
            t->counts.busy_ns += now_ns() - now;
    }
    end_window(t);
    *counts = t->counts;
    if (received_in_window)
        counts->received = received_in_window;
    memcpy(histogram, t->histogram, sizeof(t->histogram));
    t->stop = 0;
    return 0;
}
