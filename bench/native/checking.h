/* What comes back, opened and compared with what was sent. Part of traffic.c. */
#ifndef BENCH_CHECKING_H
#define BENCH_CHECKING_H

#include "sending.h"

/* `ns` is how late a packet came at `now`. It may be our own doing, where our loop stood still meanwhile. */
static void note_latency(struct traffic *t, struct subscriber *s, uint64_t ns, uint64_t now) {
    int octave = ns < STEPS ? 0 : 64 - __builtin_clzll(ns / STEPS);
    uint64_t step = octave == 0 ? ns : ns >> (octave - 1);
    /* octave 0 holds 0..63 one by one; octave k holds 64<<(k-1) and on, in 64 steps */
    int at = octave * STEPS + (int)(octave == 0 ? step : step - STEPS);
    if (at >= OCTAVES * STEPS)
        at = OCTAVES * STEPS - 1;
    t->histogram[s->group][at]++;
    if (ns > t->counts.worst_ns)
        t->counts.worst_ns = ns;
    if (ns > s->worst_ns)
        s->worst_ns = ns;
    int excused = now - t->turn_at > STALL_NS || now - ns < t->stalled_until;
    if (ns > 20000000u) {
        t->counts.above_20_ms++;
        t->counts.excused_20_ms += (uint64_t)excused;
    }
    if (!excused && ns > t->counts.worst_own_ns)
        t->counts.worst_own_ns = ns;
}

/* Between two packets of a call, or between one and an edge of the window. */
static void note_gap(struct subscriber *s, uint64_t now) {
    if (now > s->last_at && now - s->last_at > s->longest_gap_ns)
        s->longest_gap_ns = now - s->last_at;
    s->last_at = now;
}

static uint64_t faults(const struct counts *counts) {
    return counts->bad_auth + counts->bad_rtp + counts->bad_ssrc + counts->bad_payload + counts->bad_picture +
           counts->duplicates;
}

static void check_payload(struct traffic *t, struct subscriber *s, const uint8_t *at, int length, int repeated,
                          uint64_t now) {
    int descriptor = 1, picture = -1;
    if (length > 4 && (at[0] & 0x80)) {
        descriptor = 2;
        if (at[1] & 0x80) {
            picture = at[2] & 0x80 ? (get16(at + 2) & 0x7FFF) : at[2];
            descriptor += at[2] & 0x80 ? 2 : 1;
        }
        descriptor += (at[1] & 0x40) != 0;
        descriptor += (at[1] & 0x30) != 0;
    }
    const uint8_t *ours = at + descriptor + FRAME_HEADER;
    int size = length - descriptor - FRAME_HEADER - 8;
    if (size < OURS || load32(ours) != MAGIC || (int)load32(ours + 4) != s->publisher ||
        hash(ours, size) != load64(ours + size)) {
        t->counts.bad_payload++;
        return;
    }
    uint16_t offset = (uint16_t)((picture - (int)load32(ours + 16)) & 0x7FFF);
    if (picture < 0 || (s->has_picture && offset != s->picture_offset))
        t->counts.bad_picture++;
    s->picture_offset = offset;
    s->has_picture = 1;
    if (repeated) {
        t->counts.repeats_got++;
        return;
    }
    struct publisher *p = &t->publisher[s->publisher];
    uint64_t counter = load64(ours + 8), sent_at = load64(ours + 20);
    t->counts.received++;
    if (!s->seen || counter < p->from) {
        t->counts.stale++;
        return;
    }
    uint64_t bit = counter - p->from;
    if (bit >= s->seen_bits) {
        t->counts.bad_payload++;
        return;
    }
    if (s->seen[bit / 64] >> (bit % 64) & 1) {
        t->counts.duplicates++;
        return;
    }
    s->seen[bit / 64] |= (uint64_t)1 << (bit % 64);
    s->received++;
    if (t->sending)
        note_gap(s, now);
    note_latency(t, s, now > sent_at ? now - sent_at : 0, now);
}

static struct subscriber *find_subscriber(struct traffic *t, struct peer *peer, uint32_t ssrc) {
    struct subscriber *any = NULL;
    for (int i = peer->subscriber; i >= 0; i = t->subscriber[i].next) {
        struct subscriber *s = &t->subscriber[i];
        if (s->ssrc == ssrc || (s->rtx_ssrc && s->rtx_ssrc == ssrc))
            return s;
        if (s->ssrc == 0)
            any = s;
    }
    if (any)
        any->ssrc = ssrc;
    return any;
}

static void tell_server(struct traffic *t, struct peer *peer) {
    uint8_t out[SLOT];
    int length = tell(peer->arrivals, out);
    if (length) {
        send_rtcp(t, peer, out, length);
        t->counts.feedback_sent++;
    }
}

static void take_opened(struct traffic *t, struct peer *peer, uint8_t *data, int length, uint64_t now) {
    t->counts.bytes_received += (uint64_t)length;
    if (note_arrival(peer->arrivals, data, length, now))
        tell_server(t, peer);
    uint32_t ssrc = get32(data + 8);
    uint16_t seq = get16(data + 2);
    int at = 12 + 4 * (data[0] & 0x0F);
    if ((data[0] & 0x10) && at + 4 <= length)
        at += 4 + 4 * get16(data + at + 2);
    int end = length - ((data[0] & 0x20) ? data[length - 1] : 0);
    if (at > end) {
        t->counts.bad_rtp++;
        return;
    }
    struct subscriber *s = find_subscriber(t, peer, ssrc);
    if (!s) {
        t->counts.bad_ssrc++;
        return;
    }
    if (s->publisher < 0) {
        t->counts.others++;
        return;
    }
    if (ssrc != s->ssrc) {
        if (end - at > 2)
            check_payload(t, s, data + at + 2, end - at - 2, 1, now);
        return;
    }
    int16_t step = (int16_t)(seq - s->seq);
    if (s->started && step <= 0)
        t->counts.reordered++;
    else if (s->started)
        t->counts.gaps += (uint64_t)(step - 1);
    if (!s->started || step > 0)
        s->seq = seq;
    s->started = 1;
    if (at == end)
        t->counts.padding++; /* a forwarder's probe */
    else
        check_payload(t, s, data + at, end - at, 0, now);
}

static void take_rtp(struct traffic *t, struct peer *peer, uint8_t *data, int length, uint64_t now) {
    struct subscriber *first = &t->subscriber[peer->subscriber];
    uint64_t wrong = faults(&t->counts);
    if (length < 12 || t->library.unprotect(peer->rx, data, &length) != 0)
        t->counts.bad_auth++;
    else
        take_opened(t, peer, data, length, now);
    first->wrong += faults(&t->counts) - wrong;
}

static void take_rtcp(struct traffic *t, struct peer *peer, uint8_t *data, int length) {
    if (t->library.unprotect_rtcp(peer->rx, data, &length) != 0) {
        t->counts.bad_auth++;
        return;
    }
    for (int at = 0; at + 8 <= length;) {
        int size = 4 * (get16(data + at + 2) + 1), format = data[at] & 0x1F, kind = data[at + 1];
        if (kind == 200 || kind == 201)
            t->counts.reports++;
        if (peer->publisher >= 0 && kind == 206 && (format == 1 || format == 4)) {
            t->publisher[peer->publisher].key_wanted = 1;
            t->counts.key_asked++;
        } else if (kind == 205 && format == 1) {
            t->counts.nack_asked++;
        } else if (kind == 205 && format == 15 && at + 16 <= length) {
            t->counts.feedback++;
            t->counts.feedback_packets += get16(data + at + 14);
        }
        at += size;
    }
}

static void receive(struct traffic *t, struct peer *peer) {
    struct mmsghdr messages[BATCH];
    struct iovec vectors[BATCH];
    int got;
    do {
        for (int i = 0; i < BATCH; i++) {
            vectors[i] = (struct iovec){t->in[i], SLOT};
            messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
        }
        got = recvmmsg(peer->fd, messages, BATCH, MSG_DONTWAIT, NULL);
        uint64_t now = now_ns();
        for (int i = 0; i < got; i++) {
            uint8_t *data = t->in[i];
            int length = (int)messages[i].msg_len;
            if (length > 0 && data[0] < 4)
                t->counts.checks_answered++;
            else if (length < 8 || (data[0] >> 6) != 2)
                continue; /* a late DTLS flight */
            else if (data[1] >= 192 && data[1] <= 223)
                take_rtcp(t, peer, data, length);
            else if (peer->subscriber >= 0)
                take_rtp(t, peer, data, length, now);
        }
    } while (got == BATCH);
}

#endif
