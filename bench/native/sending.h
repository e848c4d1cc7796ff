/* Packets as a publisher sends them, and what all peers have to say from time to time. Part of traffic.c. */
#ifndef BENCH_SENDING_H
#define BENCH_SENDING_H

#include "traffic.h"

static uint64_t hash(const uint8_t *at, int length) {
    /* two lanes, so that the multiplier is kept busy; it finds mistakes, not attackers */
    uint64_t a = 0x9E3779B97F4A7C15u, b = 0xC2B2AE3D27D4EB4Fu;
    for (; length >= 16; length -= 16, at += 16) {
        a = (a ^ load64(at)) * 0x9FB21C651E98DF25u;
        b = (b ^ load64(at + 8)) * 0xD6E8FEB86659FD93u;
        a ^= a >> 32;
        b ^= b >> 29;
    }
    for (; length > 0; length--, at++)
        a = (a ^ *at) * 0x9FB21C651E98DF25u;
    return a ^ (b >> 7) ^ (b << 57);
}

static int write_header(struct publisher *p, uint8_t *out, int marker) {
    int at = 16, named = p->mid_id && p->mid_length && (p->counter < NAMED_PACKETS || p->key_now);
    out[0] = 0x80;
    out[1] = (uint8_t)(p->pt | (marker ? 0x80 : 0));
    put16(out + 2, p->seq++);
    put32(out + 4, p->timestamp);
    put32(out + 8, p->ssrc);
    if (!p->transport_id && !named)
        return 12;
    if (p->transport_id) {
        out[at] = (uint8_t)(p->transport_id << 4 | 1);
        put16(out + at + 1, p->transport_seq++);
        at += 3;
    }
    if (named) {
        out[at++] = (uint8_t)(p->mid_id << 4 | (p->mid_length - 1));
        memcpy(out + at, p->mid, p->mid_length);
        at += p->mid_length;
    }
    while (at % 4)
        out[at++] = 0;
    out[0] |= 0x10;
    put16(out + 12, 0xBEDE);
    put16(out + 14, (uint32_t)(at - 16) / 4);
    return at;
}

static void send_packet(struct traffic *t, struct publisher *p) {
    static const uint8_t key_header[FRAME_HEADER] = {0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x00, 0x05, 0xd0, 0x02};
    struct peer *peer = &t->peer[p->peer];
    uint8_t out[SLOT];
    int first = p->sent_of_frame == 0, last = p->sent_of_frame + 1 >= (int)t->frame_packets, length = t->set.bytes;
    if (first) {
        p->key_now = p->key_wanted;
        p->key_wanted = 0;
    }
    int at = write_header(p, out, last);
    /* VP8 payload descriptor (RFC 7741, section 4.2): extended, start of partition 0 in a frame's first packet */
    out[at] = first ? 0x90 : 0x80;
    out[at + 1] = 0x80;
    put16(out + at + 2, 0x8000u | (p->frame & 0x7FFF));
    at += DESCRIPTOR;
    memcpy(out + at, key_header, FRAME_HEADER);
    if (!first || !p->key_now)
        out[at] |= 0x01;
    at += FRAME_HEADER;
    int began = at;
    uint64_t now = now_ns();
    store32(out + at, MAGIC);
    store32(out + at + 4, (uint32_t)peer->publisher);
    store64(out + at + 8, p->counter);
    store32(out + at + 16, p->frame);
    store64(out + at + 20, now);
    at += OURS;
    memcpy(out + at, p->filling, (size_t)(length - 8 - at));
    store64(out + length - 8, hash(out + began, length - 8 - began));
    p->octets += (uint32_t)length;
    p->counter++;
    p->sent_of_frame++;
    if (last) {
        p->sent_of_frame = 0;
        p->frame++;
        p->timestamp += 90000 / FRAMES_A_SECOND;
    }
    if (t->library.protect(peer->tx, out, &length) != 0 || send(peer->fd, out, (size_t)length, MSG_DONTWAIT) < 0)
        t->counts.send_failed++;
    t->counts.sent++;
}

static void send_rtcp(struct traffic *t, struct peer *peer, uint8_t *data, int length) {
    if (peer->tx && t->library.protect_rtcp(peer->tx, data, &length) == 0)
        (void)!send(peer->fd, data, (size_t)length, MSG_DONTWAIT);
}

static void send_report(struct traffic *t, struct peer *peer) {
    uint8_t out[SLOT] = {0};
    if (peer->publisher >= 0) { /* sender report, RFC 3550, section 6.4.1 */
        struct publisher *p = &t->publisher[peer->publisher];
        uint64_t wall = clock_ns(CLOCK_REALTIME);
        put32(out, 0x80C80006u);
        put32(out + 4, p->ssrc);
        put32(out + 8, (uint32_t)(wall / 1000000000u + 2208988800u));
        put32(out + 12, (uint32_t)(((wall % 1000000000u) << 32) / 1000000000u));
        put32(out + 16, p->timestamp);
        put32(out + 20, (uint32_t)p->counter);
        put32(out + 24, p->octets);
        send_rtcp(t, peer, out, 28);
    }
    for (int i = peer->subscriber; i >= 0; i = t->subscriber[i].next) { /* receiver reports */
        struct subscriber *s = &t->subscriber[i];
        if (!s->started)
            continue;
        memset(out, 0, 32);
        put32(out, 0x81C90007u);
        put32(out + 4, 0x42000000u | (uint32_t)i);
        put32(out + 8, s->ssrc);
        put32(out + 16, s->seq);
        send_rtcp(t, peer, out, 32);
    }
}

/* Asks for a packet that came, to see it come again (RFC 4585, section 6.2.1). */
static void ask_again(struct traffic *t, struct peer *peer, struct subscriber *s) {
    uint8_t out[SLOT];
    put32(out, 0x81CD0003u);
    put32(out + 4, 0x42000000u | (uint32_t)(s - t->subscriber));
    put32(out + 8, s->ssrc);
    put16(out + 12, (uint16_t)(s->seq - 3));
    put16(out + 14, 0);
    send_rtcp(t, peer, out, 16);
    t->counts.repeats_asked++;
}

static void upkeep(struct traffic *t, uint64_t now) {
    for (int i = 0; i < t->peers; i++) {
        struct peer *peer = &t->peer[i];
        if (peer->checks && now >= peer->check_at) {
            peer->check_at = now + CHECK_NS + (uint64_t)i * 1000000u;
            int next = peer->next_check++ % peer->checks;
            (void)!send(peer->fd, peer->check[next], (size_t)peer->check_length[next], MSG_DONTWAIT);
            t->counts.checks_sent++;
        }
        if (now >= peer->report_at) {
            peer->report_at = now + REPORT_NS + (uint64_t)i * 1000000u;
            send_report(t, peer);
        }
        for (int j = peer->subscriber; t->set.repeats_per_s && j >= 0; j = t->subscriber[j].next) {
            struct subscriber *s = &t->subscriber[j];
            if (s->started && s->publisher >= 0 && now >= s->ask_at) {
                s->ask_at = now + 1000000000u / (uint64_t)t->set.repeats_per_s;
                ask_again(t, peer, s);
            }
        }
    }
}

#endif
