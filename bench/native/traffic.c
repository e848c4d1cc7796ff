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

/* A connection. Returns its number. */
int traffic_peer(struct traffic *t, int fd, void *tx, void *rx) {
    t->peer = grown(t->peer, t->peers, sizeof(struct peer));
    t->peer[t->peers] = (struct peer){.fd = fd, .tx = tx, .rx = rx, .publisher = -1, .subscriber = -1};
    struct epoll_event interest = {.events = EPOLLIN, .data.u32 = (uint32_t)t->peers};
    epoll_ctl(t->epoll, EPOLL_CTL_ADD, fd, &interest);
    return t->peers++;
}

/* One stream of a connection. Ids 0: the extension was not negotiated. */
void traffic_publisher(struct traffic *t, int at, uint32_t ssrc, int pt, int mid_id, const char *mid,
                       int transport_id) {
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
}

/* What a connection receives of another one's stream. `publisher_peer` -1: of one that is not ours, or means harm.
 * `ssrc` 0: the first one that comes. A connection may have several, if their `ssrc` are known. `transport_id`: of
 * the header extension on which it gives feedback; 0 = without. */
void traffic_subscriber(struct traffic *t, int at, int publisher_peer, uint32_t ssrc, uint32_t rtx_ssrc, int group,
                        int transport_id) {
    t->subscriber = grown(t->subscriber, t->subscribers, sizeof(struct subscriber));
    t->subscriber[t->subscribers] =
        (struct subscriber){.peer = at,
                            .publisher = publisher_peer < 0 ? -1 : t->peer[publisher_peer].publisher,
                            .next = t->peer[at].subscriber,
                            .group = group,
                            .ssrc = ssrc,
                            .rtx_ssrc = rtx_ssrc};
    t->peer[at].subscriber = t->subscribers++;
    if (transport_id && !t->peer[at].arrivals)
        t->peer[at].arrivals = calloc(1, sizeof(struct arrivals));
    if (t->peer[at].arrivals)
        t->peer[at].arrivals->id = transport_id;
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

/* From the next run on: something else gets a turn of the loop, e.g. flooder.c. NULL: nothing. */
void traffic_besides(struct traffic *t, besides_function besides, void *state) {
    t->besides = besides;
    t->besides_state = state;
}

void traffic_stop(struct traffic *t) { t->stop = 1; }

void traffic_free(struct traffic *t) {
    for (int i = 0; i < t->peers; i++) {
        for (int j = 0; j < t->peer[i].checks; j++)
            free(t->peer[i].check[j]);
        free(t->peer[i].arrivals);
    }
    for (int i = 0; i < t->subscribers; i++)
        free(t->subscriber[i].seen);
    free(t->peer);
    free(t->publisher);
    free(t->subscriber);
    close(t->epoll);
    free(t);
}

/* ---- a run ----------------------------------------------------------------------------------------------------- */

static int begin_window(struct traffic *t, uint64_t now) {
    uint64_t most = (uint64_t)(t->set.packets_per_s * t->set.seconds / (t->publishers ? t->publishers : 1)) + 4096;
    memset(&t->counts, 0, sizeof(t->counts));
    memset(t->histogram, 0, sizeof(t->histogram));
    for (int i = 0; i < t->publishers; i++)
        t->publisher[i].from = t->publisher[i].counter;
    for (int i = 0; i < t->subscribers; i++) {
        struct subscriber *s = &t->subscriber[i];
        free(s->seen);
        s->received = s->expected = s->wrong = s->longest_gap_ns = s->worst_ns = 0;
        s->last_at = now;
        s->seen_bits = most;
        s->seen = t->set.measured ? calloc(most / 64 + 1, 8) : NULL;
        if (t->set.measured && !s->seen)
            return -1;
    }
    return 0;
}

static void end_window(struct traffic *t) {
    if (!t->set.measured)
        return;
    for (int i = 0; i < t->subscribers; i++) {
        struct subscriber *s = &t->subscriber[i];
        if (s->publisher < 0)
            continue;
        s->expected = t->publisher[s->publisher].counter - t->publisher[s->publisher].from;
        t->counts.expected += s->expected;
        t->counts.lost += s->expected - s->received;
    }
}

/* Of the last run: one for each subscriber that is compared. Returns how many; `out` has room for `most`. */
int traffic_calls(struct traffic *t, struct call *out, int most) {
    int found = 0;
    for (int i = 0; i < t->subscribers && found < most; i++) {
        struct subscriber *s = &t->subscriber[i];
        if (s->publisher >= 0)
            out[found++] = (struct call){s->expected,       s->received, s->wrong,
                                         s->longest_gap_ns, s->worst_ns, (uint64_t)s->group};
    }
    return found;
}

/* A run's own clock and figures. */
struct run {
    uint64_t began, until, quiet, upkeep_at, turns, cursor, own, cpu, received;
    double interval;
    clockid_t server; /* the measured process's CPU clock, all threads */
};

static void begin_run(struct traffic *t, struct run *run) {
    const struct setting *set = &t->set;
    double per_publisher = set->packets_per_s / (t->publishers ? t->publishers : 1);
    t->frame_packets = per_publisher < FRAMES_A_SECOND ? 1 : (uint64_t)(per_publisher / FRAMES_A_SECOND + 0.5);
    memset(run, 0, sizeof(*run));
    run->server = (clockid_t)((~(unsigned)set->pid) << 3 | 2);
    run->interval = 1e9 * (set->burst > 0 ? set->burst : 1) / set->packets_per_s;
    run->began = run->upkeep_at = now_ns();
    run->until = run->began + (uint64_t)(set->seconds * 1e9);
    run->quiet = run->until + (set->measured ? STRAGGLERS_NS : 0);
    run->own = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    run->cpu = set->pid ? clock_ns(run->server) : 0;
    t->sending = 1;
}

static void stop_sending(struct traffic *t, struct run *run, uint64_t now) {
    t->sending = 0;
    t->counts.server_cpu_ns = t->set.pid ? clock_ns(run->server) - run->cpu : 0;
    t->counts.own_cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - run->own;
    t->counts.window_ns = now - run->began;
    run->received = t->counts.received;
    for (int i = 0; i < t->subscribers; i++)
        note_gap(&t->subscriber[i], now);
}

static uint64_t due_at(const struct run *run) { return run->began + (uint64_t)((double)run->turns * run->interval); }

/* Returns whether anything was due. */
static int send_due(struct traffic *t, struct run *run, uint64_t now) {
    int worked = 0;
    for (uint64_t due = due_at(run); t->sending && t->publishers && due <= now && worked < 64; worked++) {
        if (now - due > t->counts.worst_send_ns)
            t->counts.worst_send_ns = now - due;
        t->counts.sent_late += now - due > LATE_SEND_NS;
        for (int j = 0; j < (t->set.burst > 0 ? t->set.burst : 1); j++)
            send_packet(t, &t->publisher[run->cursor]);
        run->cursor = (run->cursor + 1) % (uint64_t)t->publishers;
        run->turns++;
        due = due_at(run);
    }
    return worked;
}

static void note_turn(struct traffic *t, uint64_t now, uint64_t took) {
    if (took > STALL_NS) {
        t->counts.stalls++;
        t->stalled_until = now;
    }
    if (took > t->counts.worst_turn_ns)
        t->counts.worst_turn_ns = took;
}

/* Sends for `seconds`, then listens a little for what is still under way. 0, or -1 for want of memory. */
int traffic_run(struct traffic *t, const struct setting *setting, struct counts *counts, uint64_t *histogram) {
    struct epoll_event events[64];
    struct run run;
    uint64_t slept = 0, besides_at = 0;
    t->set = *setting;
    if (begin_window(t, now_ns()) != 0)
        return -1;
    begin_run(t, &run);
    t->turn_at = run.began;
    t->stalled_until = 0;
    while (!t->stop) {
        uint64_t now = now_ns();
        if (t->sending && now > t->turn_at + slept)
            note_turn(t, now, now - t->turn_at - slept);
        t->turn_at = now;
        if (t->sending && now >= run.until)
            stop_sending(t, &run, now);
        if (now >= run.quiet)
            break;
        int worked = send_due(t, &run, now);
        if (t->besides && now >= besides_at) {
            besides_at = t->besides(t->besides_state, now);
            worked = 1;
        }
        if (now >= run.upkeep_at) {
            run.upkeep_at = now + UPKEEP_NS;
            upkeep(t, now);
            for (int i = 0; i < t->peers; i++)
                if (tell_due(t->peer[i].arrivals, now))
                    tell_server(t, &t->peer[i]);
        }
        struct timespec wait = {0, 0};
        if (!setting->spin && !worked) {
            uint64_t next = run.upkeep_at, due = due_at(&run);
            if (t->sending && due < next)
                next = due;
            if (t->besides && besides_at < next)
                next = besides_at;
            wait.tv_nsec = next > now ? (long)(next - now) : 0;
        }
        slept = (uint64_t)wait.tv_nsec;
        int ready = epoll_pwait2(t->epoll, events, 64, &wait, NULL);
        for (int i = 0; i < ready; i++)
            receive(t, &t->peer[events[i].data.u32]);
        if (t->sending && (worked || ready > 0))
            t->counts.busy_ns += now_ns() - now;
    }
    end_window(t);
    *counts = t->counts;
    if (run.received)
        counts->received = run.received;
    memcpy(histogram, t->histogram, sizeof(t->histogram));
    t->stop = 0;
    return 0;
}
