/* Transport-wide feedback, as a browser gives it on what it receives
 * (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1). */
#ifndef BENCH_TELLING_H
#define BENCH_TELLING_H

#include "common.h"

#define ARRIVALS 1024       /* packets of one connection that wait to be told of */
#define TELL_NS 100000000u
#define TELL_MOST 300 /* packets of one message; so many waiting are told at once */

/* What came to a peer that gives it: when, by number, 0 = not. */
struct arrivals {
    uint64_t at[ARRIVALS], next, highest, tell_at;
    int id, started;
    uint8_t message;
};

/* The one-byte element `id` of a header's extensions (RFC 8285); -1 if it has none. */
static int transport_seq(const uint8_t *data, int length, int id) {
    int at = 12 + 4 * (data[0] & 0x0F);
    if (!(data[0] & 0x10) || at + 4 > length || get16(data + at) != 0xBEDE)
        return -1;
    int end = at + 4 + 4 * get16(data + at + 2);
    for (at += 4; at + 3 <= end && end <= length; at += data[at] ? 2 + (data[at] & 0x0F) : 1)
        if (data[at] >> 4 == id)
            return get16(data + at + 1);
    return -1;
}

/* The message about all that waits, at most TELL_MOST packets. Returns its length; 0 if nothing waits. */
static int tell(struct arrivals *a, uint8_t *out) {
    uint64_t first = 0;
    int count = (int)(a->highest - a->next) + 1, at = 20;
    if (count <= 0)
        return 0;
    if (count > TELL_MOST)
        count = TELL_MOST;
    for (int i = 0; i < count && !first; i++)
        first = a->at[(a->next + (uint64_t)i) % ARRIVALS];
    uint64_t reference = first / 64000000u, last = reference * 256;
    put32(out + 4, 0x42000000u);
    put32(out + 8, 0);
    put16(out + 12, (uint32_t)(a->next & 0xFFFF));
    put16(out + 14, (uint32_t)count);
    put32(out + 16, (uint32_t)(reference & 0xFFFFFF) << 8 | a->message++);
    for (int i = 0; i < count; i += 7, at += 2) { /* vectors of seven symbols of two bits */
        uint32_t chunk = 0xC000;
        for (int j = 0; j < 7 && i + j < count; j++)
            chunk |= (a->at[(a->next + (uint64_t)(i + j)) % ARRIVALS] ? 2u : 0u) << (12 - 2 * j);
        put16(out + at, chunk);
    }
    for (int i = 0; i < count; i++) {
        uint64_t *came = &a->at[(a->next + (uint64_t)i) % ARRIVALS];
        if (*came) {
            put16(out + at, (uint32_t)((int64_t)(*came / 250000u) - (int64_t)last));
            last = *came / 250000u;
            at += 2;
        }
        *came = 0;
    }
    a->next += (uint64_t)count;
    int padding = (4 - at % 4) % 4;
    memset(out + at, 0, 4);
    at += padding;
    if (padding)
        out[at - 1] = (uint8_t)padding;
    put32(out, (padding ? 0xAFCD0000u : 0x8FCD0000u) | (uint32_t)(at / 4 - 1));
    return at;
}

/* A packet that came, opened. Returns whether so many wait that they are to be told of now. `a` NULL: nobody tells. */
static int note_arrival(struct arrivals *a, const uint8_t *data, int length, uint64_t now) {
    int seq = a ? transport_seq(data, length, a->id) : -1;
    if (seq < 0)
        return 0;
    if (!a->started) {
        a->started = 1;
        a->next = 65536 + (uint64_t)seq;
        a->highest = a->next - 1;
        a->tell_at = now + TELL_NS;
    }
    uint64_t ext = a->highest + (uint64_t)(int64_t)(int16_t)(seq - (int)(a->highest & 0xFFFF));
    if (ext < a->next)
        return 0;
    if (ext - a->next >= ARRIVALS) { /* more than waits here at one time is lost: begin again */
        memset(a->at, 0, sizeof(a->at));
        a->next = ext;
        a->highest = ext;
    }
    if (ext > a->highest)
        a->highest = ext;
    a->at[ext % ARRIVALS] = now;
    return a->highest - a->next + 1 >= TELL_MOST;
}

/* Whether it is time to tell; the next time is TELL_NS later. */
static int tell_due(struct arrivals *a, uint64_t now) {
    if (!a || !a->started || now < a->tell_at)
        return 0;
    a->tell_at = now + TELL_NS;
    return 1;
}

#endif
