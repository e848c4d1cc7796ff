/* Films: what real cameras and microphones have sent, played to a server by many people at once, in real time, and what
 * comes back compared with it.
 *
 * Each person is a peer with a socket and SRTP contexts of its own, which Python made and hands over. It sends streams,
 * each of them a film that is shown again and again; numbers and RTP times go on. A key frame that is asked for is got by
 * showing the film from its beginning. Every packet that comes back is looked for among those that its sender has sent.
 *
 * One thread runs it until it is told to stop; others may look at the counts meanwhile: they only grow.
 * Not here: packets that are stamped and sent at any rate (traffic.c), what films are (recording_films.py). */
#include "telling.h"
#include <sys/epoll.h>
#include <sys/prctl.h>

#define BATCH 32
#define CHECKS 8
#define NAMED_PACKETS 500   /* carry the MID, as in browsers: until the other side must have seen it */
#define DESCRIPTOR 4
#define LOG 8192            /* packets of a stream that are remembered: half a minute of a camera */
#define UPKEEP_NS 10000000u /* between two looks at what is due besides packets */
#define CHECK_NS 2500000000u
#define REPORT_NS 1000000000u
#define KEY_NS 500000000u   /* between two beginnings that were asked for */
#define LATE_NS 5000000u
#define OCTAVES 40
#define STEPS 64            /* histogram buckets in each doubling, as in traffic.h */

struct counts {
    uint64_t sent, received, lost, repeats, duplicates, wrong, padding, bad_auth, bad_ssrc, sent_late, send_failed;
    uint64_t key_asked, nack_asked, feedback, showings, checks_answered, own_cpu_ns;
};

struct piece {
    uint32_t at_us, timestamp, offset, length, first, last;
};

struct film {
    const struct piece *piece;
    const uint8_t *data;
    uint32_t pieces, length_us, ticks, rate;
    int picture;
};

struct peer {
    int fd;
    void *tx, *rx;
    uint8_t *check[CHECKS];
    int check_length[CHECKS], checks, next_check;
    uint64_t check_at, report_at;
    uint16_t transport_seq;
    int sender, receiver; /* the last that was added, or -1 */
    struct arrivals *arrivals; /* NULL: it gives no feedback */
};

struct sent {
    uint32_t piece;
    uint64_t at;
};

struct sender {
    int peer, next, film; /* next: of the same peer, or -1 */
    uint32_t ssrc, base, picture, octets;
    uint8_t pt, mid_id, transport_id, mid_length;
    char mid[16];
    uint16_t seq;
    uint32_t piece; /* of this showing, which began at `began` with RTP time `base` */
    uint64_t began, after_ns, count, key_at;
    int key_wanted;
    struct sent *log;
};

struct receiver {
    int peer, sender, next, started;
    uint32_t ssrc, rtx_ssrc;
    uint64_t first, cursor, received, lost, wrong, last_at, longest_gap_ns;
    uint8_t *got; /* of the packets in the sender's log, whether they came */
};

struct call {
    uint64_t sent, received, lost, wrong, longest_gap_ns;
};

struct films {
    struct library library;
    int epoll;
    struct film *film;
    struct peer *peer;
    struct sender *sender;
    struct receiver *receiver;
    int films, peers, senders, receivers;
    volatile int stop, quiet;
    struct counts counts;
    uint64_t histogram[OCTAVES * STEPS];
    uint8_t in[BATCH][SLOT];
};

/* ---- set-up ---------------------------------------------------------------------------------------------------- */

struct films *films_new(void *protect, void *unprotect, void *protect_rtcp, void *unprotect_rtcp) {
    struct films *f = calloc(1, sizeof(struct films));
    if (!f)
        return NULL;
    f->library = (struct library){(srtp_function)protect, (srtp_function)unprotect, (srtp_function)protect_rtcp,
                                  (srtp_function)unprotect_rtcp};
    f->epoll = epoll_create1(EPOLL_CLOEXEC);
    return f;
}

static void *grown(void *old, int count, size_t size) {
    if (count & (count - 1))
        return old; /* room doubles at each power of two */
    return realloc(old, (count ? 2 * (size_t)count : 1) * size);
}

/* `piece` and `data` stay the caller's. */
int films_film(struct films *f, const struct piece *piece, uint32_t pieces, const uint8_t *data, uint32_t length_us,
               uint32_t ticks, uint32_t rate, int picture) {
    f->film = grown(f->film, f->films, sizeof(struct film));
    f->film[f->films] = (struct film){piece, data, pieces, length_us, ticks, rate, picture};
    return f->films++;
}

int films_peer(struct films *f, int fd, void *tx, void *rx) {
    f->peer = grown(f->peer, f->peers, sizeof(struct peer));
    f->peer[f->peers] = (struct peer){.fd = fd, .tx = tx, .rx = rx, .sender = -1, .receiver = -1};
    struct epoll_event interest = {.events = EPOLLIN, .data.u32 = (uint32_t)f->peers};
    epoll_ctl(f->epoll, EPOLL_CTL_ADD, fd, &interest);
    return f->peers++;
}

/* A STUN check, ready to be sent as it is; several are used in turn. */
void films_check(struct films *f, int peer, const uint8_t *data, int length) {
    struct peer *p = &f->peer[peer];
    if (p->checks == CHECKS)
        return;
    p->check[p->checks] = malloc((size_t)length);
    memcpy(p->check[p->checks], data, (size_t)length);
    p->check_length[p->checks++] = length;
}

/* Ids 0: the extension was not negotiated. It begins `after_us` after all others that begin at once. */
int films_sender(struct films *f, int peer, int film, uint32_t ssrc, int pt, int mid_id, const char *mid,
                 int transport_id, uint32_t after_us) {
    f->sender = grown(f->sender, f->senders, sizeof(struct sender));
    struct sender *s = &f->sender[f->senders];
    memset(s, 0, sizeof(*s));
    s->peer = peer;
    s->next = f->peer[peer].sender;
    s->film = film;
    s->ssrc = ssrc;
    s->pt = (uint8_t)pt;
    s->mid_id = (uint8_t)mid_id;
    s->transport_id = (uint8_t)transport_id;
    s->mid_length = (uint8_t)strnlen(mid, sizeof(s->mid));
    memcpy(s->mid, mid, s->mid_length);
    s->seq = (uint16_t)(ssrc & 0x7FFF);
    s->base = ssrc * 2654435761u;
    s->after_ns = 1000u * (uint64_t)after_us;
    s->log = calloc(LOG, sizeof(struct sent));
    f->peer[peer].sender = f->senders;
    return f->senders++;
}

/* `ssrc`: under which what `sender` sends comes to this peer. `transport_id`: of the header extension on which the peer
 * gives feedback; 0 = without. */
void films_receiver(struct films *f, int peer, int sender, uint32_t ssrc, uint32_t rtx_ssrc, int transport_id) {
    if (transport_id && !f->peer[peer].arrivals)
        f->peer[peer].arrivals = calloc(1, sizeof(struct arrivals));
    if (f->peer[peer].arrivals)
        f->peer[peer].arrivals->id = transport_id;
    f->receiver = grown(f->receiver, f->receivers, sizeof(struct receiver));
    f->receiver[f->receivers] = (struct receiver){.peer = peer,
                                                  .sender = sender,
                                                  .next = f->peer[peer].receiver,
                                                  .ssrc = ssrc,
                                                  .rtx_ssrc = rtx_ssrc,
                                                  .got = calloc(LOG, 1)};
    f->peer[peer].receiver = f->receivers++;
}

void films_stop(struct films *f) { f->stop = 1; }

/* Nothing is sent any more; what is under way is still received. */
void films_hush(struct films *f) { f->quiet = 1; }

void films_look(struct films *f, struct counts *counts, uint64_t *histogram) {
    *counts = f->counts;
    memcpy(histogram, f->histogram, sizeof(f->histogram));
}

/* One for each receiver. Returns how many; `out` has room for `most`. */
int films_calls(struct films *f, struct call *out, int most) {
    int found = 0;
    for (; found < f->receivers && found < most; found++) {
        struct receiver *r = &f->receiver[found];
        uint64_t sent = r->started ? f->sender[r->sender].count - r->first : f->sender[r->sender].count;
        out[found] = (struct call){sent, r->received, r->lost, r->wrong, r->longest_gap_ns};
    }
    return found;
}

void films_free(struct films *f) {
    for (int i = 0; i < f->peers; i++) {
        for (int j = 0; j < f->peer[i].checks; j++)
            free(f->peer[i].check[j]);
        free(f->peer[i].arrivals);
    }
    for (int i = 0; i < f->senders; i++)
        free(f->sender[i].log);
    for (int i = 0; i < f->receivers; i++)
        free(f->receiver[i].got);
    free(f->film);
    free(f->peer);
    free(f->sender);
    free(f->receiver);
    close(f->epoll);
    free(f);
}

/* ---- sending --------------------------------------------------------------------------------------------------- */

static uint64_t due_at(const struct films *f, const struct sender *s) {
    return s->began + 1000u * (uint64_t)f->film[s->film].piece[s->piece].at_us;
}

static int write_header(struct films *f, struct sender *s, const struct piece *piece, uint8_t *out) {
    int at = 16, named = s->mid_id && s->mid_length && s->count < NAMED_PACKETS;
    out[0] = 0x80;
    out[1] = (uint8_t)(s->pt | (piece->last && f->film[s->film].picture ? 0x80 : 0));
    put16(out + 2, s->seq++);
    put32(out + 4, s->base + piece->timestamp);
    put32(out + 8, s->ssrc);
    if (!s->transport_id && !named)
        return 12;
    if (s->transport_id) {
        out[at] = (uint8_t)(s->transport_id << 4 | 1);
        put16(out + at + 1, f->peer[s->peer].transport_seq++);
        at += 3;
    }
    if (named) {
        out[at++] = (uint8_t)(s->mid_id << 4 | (s->mid_length - 1));
        memcpy(out + at, s->mid, s->mid_length);
        at += s->mid_length;
    }
    while (at % 4)
        out[at++] = 0;
    out[0] |= 0x10;
    put16(out + 12, 0xBEDE);
    put16(out + 14, (uint32_t)(at - 16) / 4);
    return at;
}

/* From its beginning, at the moment at which it would have gone on; or after its end. */
static void show_again(struct films *f, struct sender *s) {
    const struct film *film = &f->film[s->film];
    int over = s->piece == film->pieces;
    s->base += over ? film->ticks : film->piece[s->piece].timestamp;
    s->began += 1000u * (uint64_t)(over ? film->length_us : film->piece[s->piece].at_us);
    s->piece = 0;
    f->counts.showings++;
}

static void send_piece(struct films *f, struct sender *s, uint64_t now) {
    const struct film *film = &f->film[s->film];
    struct peer *peer = &f->peer[s->peer];
    uint8_t out[SLOT];
    if (s->key_wanted && film->piece[s->piece].first && now - s->key_at > KEY_NS) {
        s->key_wanted = 0;
        s->key_at = now;
        if (s->piece)
            show_again(f, s);
    }
    const struct piece *piece = &film->piece[s->piece];
    int at = write_header(f, s, piece, out);
    if (film->picture) { /* VP8 payload descriptor (RFC 7741, section 4.2), with a 15-bit picture id */
        s->picture += piece->first;
        out[at] = piece->first ? 0x90 : 0x80;
        out[at + 1] = 0x80;
        put16(out + at + 2, 0x8000u | (s->picture & 0x7FFF));
        at += DESCRIPTOR;
    }
    memcpy(out + at, film->data + piece->offset, piece->length);
    int length = at + (int)piece->length;
    s->octets += (uint32_t)piece->length;
    s->log[s->count % LOG] = (struct sent){s->piece, now};
    s->count++;
    f->counts.sent_late += now - due_at(f, s) > LATE_NS;
    if (++s->piece == film->pieces)
        show_again(f, s);
    if (f->library.protect(peer->tx, out, &length) != 0 || send(peer->fd, out, (size_t)length, MSG_DONTWAIT) < 0)
        f->counts.send_failed++;
    f->counts.sent++;
}

static void send_rtcp(struct films *f, struct peer *peer, uint8_t *data, int length) {
    if (f->library.protect_rtcp(peer->tx, data, &length) == 0)
        (void)!send(peer->fd, data, (size_t)length, MSG_DONTWAIT);
}

static void send_reports(struct films *f, struct peer *peer, uint64_t now) {
    uint8_t out[SLOT];
    for (int i = peer->sender; i >= 0; i = f->sender[i].next) { /* sender reports, RFC 3550, section 6.4.1 */
        struct sender *s = &f->sender[i];
        uint64_t wall = clock_ns(CLOCK_REALTIME);
        if (!s->count)
            continue;
        put32(out, 0x80C80006u);
        put32(out + 4, s->ssrc);
        put32(out + 8, (uint32_t)(wall / 1000000000u + 2208988800u));
        put32(out + 12, (uint32_t)(((wall % 1000000000u) << 32) / 1000000000u));
        put32(out + 16, s->base + (uint32_t)((int64_t)(now - s->began) * f->film[s->film].rate / 1000000000));
        put32(out + 20, (uint32_t)s->count);
        put32(out + 24, s->octets);
        send_rtcp(f, peer, out, 28);
    }
    for (int i = peer->receiver; i >= 0; i = f->receiver[i].next) { /* receiver reports */
        if (!f->receiver[i].started)
            continue;
        memset(out, 0, 32);
        put32(out, 0x81C90007u);
        put32(out + 4, 0x42000000u | (uint32_t)i);
        put32(out + 8, f->receiver[i].ssrc);
        send_rtcp(f, peer, out, 32);
    }
}

static void tell_server(struct films *f, struct peer *peer) {
    uint8_t out[SLOT];
    int length = tell(peer->arrivals, out);
    if (length)
        send_rtcp(f, peer, out, length);
}

static void upkeep(struct films *f, uint64_t now) {
    f->counts.own_cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < f->peers; i++) {
        struct peer *peer = &f->peer[i];
        if (peer->checks && now >= peer->check_at) {
            peer->check_at = now + CHECK_NS + (uint64_t)i * 1000000u;
            int next = peer->next_check++ % peer->checks;
            (void)!send(peer->fd, peer->check[next], (size_t)peer->check_length[next], MSG_DONTWAIT);
        }
        if (tell_due(peer->arrivals, now))
            tell_server(f, peer);
        if (!f->quiet && now >= peer->report_at) {
            peer->report_at = now + REPORT_NS + (uint64_t)i * 1000000u;
            send_reports(f, peer, now);
        }
    }
}

/* ---- receiving ------------------------------------------------------------------------------------------------- */

static void note_latency(struct films *f, uint64_t ns) {
    int octave = ns < STEPS ? 0 : 64 - __builtin_clzll(ns / STEPS);
    uint64_t step = octave == 0 ? ns : ns >> (octave - 1);
    int at = octave * STEPS + (int)(octave == 0 ? step : step - STEPS);
    f->histogram[at < OCTAVES * STEPS ? at : OCTAVES * STEPS - 1]++;
}

static int is_piece(const struct films *f, const struct sender *s, uint64_t number, const uint8_t *data, int length) {
    const struct film *film = &f->film[s->film];
    const struct piece *piece = &film->piece[s->log[number % LOG].piece];
    return (int)piece->length == length && memcmp(film->data + piece->offset, data, (size_t)length) == 0;
}

static void take_piece(struct films *f, struct receiver *r, uint64_t number, uint64_t now) {
    const struct sent *sent = &f->sender[r->sender].log[number % LOG];
    r->got[number % LOG] = 1;
    r->received++;
    f->counts.received++;
    if (r->last_at && now - r->last_at > r->longest_gap_ns)
        r->longest_gap_ns = now - r->last_at;
    r->last_at = now;
    note_latency(f, now > sent->at ? now - sent->at : 0);
}

/* Looks for it among what was sent: first where it should be, then after that, then among what was missing. */
static void take_payload(struct films *f, struct receiver *r, const uint8_t *data, int length, uint64_t now) {
    struct sender *s = &f->sender[r->sender];
    uint64_t oldest = s->count > LOG ? s->count - LOG : 0, number;
    if (!r->started) {
        for (number = s->count; number-- > oldest && !is_piece(f, s, number, data, length);)
            ;
        if (number + 1 > oldest && number < s->count) {
            r->started = 1;
            r->first = r->cursor = number;
        }
    }
    if (r->started) {
        for (number = r->cursor > oldest ? r->cursor : oldest; number < s->count; number++)
            if (is_piece(f, s, number, data, length)) {
                r->lost += number - r->cursor;
                f->counts.lost += number - r->cursor;
                for (uint64_t each = r->cursor > oldest ? r->cursor : oldest; each < number; each++)
                    r->got[each % LOG] = 0;
                r->cursor = number + 1;
                take_piece(f, r, number, now);
                return;
            }
        for (number = r->cursor; number-- > oldest && number >= r->first;)
            if (is_piece(f, s, number, data, length)) {
                if (r->got[number % LOG]) {
                    f->counts.duplicates++;
                    return;
                }
                r->lost--;
                f->counts.lost--;
                take_piece(f, r, number, now);
                return;
            }
    }
    r->wrong++;
    f->counts.wrong++;
}

static void take_opened(struct films *f, struct peer *peer, uint8_t *data, int length, uint64_t now) {
    uint32_t ssrc = get32(data + 8);
    int at = 12 + 4 * (data[0] & 0x0F), i = peer->receiver;
    if (note_arrival(peer->arrivals, data, length, now))
        tell_server(f, peer);
    if ((data[0] & 0x10) && at + 4 <= length)
        at += 4 + 4 * get16(data + at + 2);
    int end = length - ((data[0] & 0x20) ? data[length - 1] : 0);
    while (i >= 0 && f->receiver[i].ssrc != ssrc && !(f->receiver[i].rtx_ssrc && f->receiver[i].rtx_ssrc == ssrc))
        i = f->receiver[i].next;
    if (i < 0) {
        f->counts.bad_ssrc++;
        return;
    }
    struct receiver *r = &f->receiver[i];
    if (ssrc != r->ssrc) { /* a repeat (RFC 4588): its own sequence number stands first */
        f->counts.repeats++;
        at += 2;
    }
    if (at >= end) {
        f->counts.padding++; /* a forwarder's probe */
        return;
    }
    if (f->film[f->sender[r->sender].film].picture) {
        int extended = data[at] & 0x80, flags = extended ? data[at + 1] : 0;
        at += extended ? 2 : 1;
        if (flags & 0x80)
            at += data[at] & 0x80 ? 2 : 1;
        at += ((flags & 0x40) != 0) + ((flags & 0x30) != 0);
    }
    take_payload(f, r, data + at, end > at ? end - at : 0, now);
}

static void want_key(struct films *f, struct peer *peer, uint32_t ssrc) {
    f->counts.key_asked++;
    for (int i = peer->sender; i >= 0; i = f->sender[i].next)
        if (f->sender[i].ssrc == ssrc)
            f->sender[i].key_wanted = 1;
}

static void take_rtcp(struct films *f, struct peer *peer, uint8_t *data, int length) {
    if (f->library.unprotect_rtcp(peer->rx, data, &length) != 0) {
        f->counts.bad_auth++;
        return;
    }
    for (int at = 0; at + 8 <= length;) {
        int size = 4 * (get16(data + at + 2) + 1), format = data[at] & 0x1F, kind = data[at + 1];
        if (kind == 206 && format == 1 && at + 12 <= length)
            want_key(f, peer, get32(data + at + 8));
        else if (kind == 206 && format == 4 && at + 16 <= length)
            want_key(f, peer, get32(data + at + 12));
        else if (kind == 205)
            *(format == 1 ? &f->counts.nack_asked : &f->counts.feedback) += 1;
        at += size;
    }
}

static void receive(struct films *f, struct peer *peer) {
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    int got;
    do {
        for (int i = 0; i < BATCH; i++) {
            vectors[i] = (struct iovec){f->in[i], SLOT};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
        }
        got = recvmmsg(peer->fd, messages, BATCH, MSG_DONTWAIT, NULL);
        uint64_t now = now_ns();
        for (int i = 0; i < got; i++) {
            uint8_t *data = f->in[i];
            int length = (int)messages[i].msg_len;
            if (length > 0 && data[0] < 4)
                f->counts.checks_answered++;
            else if (length < 12 || (data[0] >> 6) != 2)
                continue; /* a late DTLS flight */
            else if (data[1] >= 192 && data[1] <= 223)
                take_rtcp(f, peer, data, length);
            else if (f->library.unprotect(peer->rx, data, &length) != 0 || length < 12)
                f->counts.bad_auth++;
            else
                take_opened(f, peer, data, length, now);
        }
    } while (got == BATCH);
}

/* Plays until it is told to stop. Sleeps between packets, as browsers do. */
void films_run(struct films *f) {
    struct epoll_event events[64];
    uint64_t upkeep_at = now_ns();
    prctl(PR_SET_TIMERSLACK, 1);
    for (int i = 0; i < f->senders; i++)
        f->sender[i].began = upkeep_at + f->sender[i].after_ns;
    while (!f->stop) {
        uint64_t now = now_ns(), next = upkeep_at;
        for (int i = 0; i < f->senders && !f->quiet; i++) {
            uint64_t due = due_at(f, &f->sender[i]);
            if (due <= now) {
                send_piece(f, &f->sender[i], now);
                due = due_at(f, &f->sender[i]);
            }
            next = due < next ? due : next;
        }
        if (now >= upkeep_at) {
            upkeep_at = now + UPKEEP_NS;
            upkeep(f, now);
        }
        now = now_ns();
        struct timespec wait = {0, next > now ? (long)(next - now) : 0};
        int ready = epoll_pwait2(f->epoll, events, 64, &wait, NULL);
        for (int i = 0; i < ready; i++)
            receive(f, &f->peer[events[i].data.u32]);
    }
}
