/* What a flood consists of, and its way over TCP. Part of flooder.c. */
#ifndef BENCH_FLOODER_H
#define BENCH_FLOODER_H

#include "common.h"
#include <netinet/tcp.h>

#define SOCKETS 64
#define TEMPLATES 64
#define TURN 4         /* datagrams of one turn: some 20 us, which nobody else is late by */
#define LARGEST 65507  /* of a UDP datagram */
#define SOURCES 1024
#define LINES 1024     /* TCP connections open at the same time */
#define CHECKS 8
#define CHECK_EVERY_NS 2500000000u
#define HEADERS 28     /* of IP and UDP: bytes that a datagram costs the network besides its own */

enum { CLEAR, RTP, RTCP };

typedef int (*srtp_remove_function)(void *session, uint32_t ssrc_network_order);

/* See `Ammunition` in attacks.py. */
struct flood_plan {
    double packets_per_s, bits_per_s; /* whichever is less */
    uint64_t total;
    int seal;                    /* CLEAR, RTP, RTCP */
    int fresh_from, fresh_until; /* bytes that are random in each: -1 = none; 0 = to the end */
    int strangers;               /* each under an SSRC of its own */
    int copies;                  /* the first one is made, then sent again and again; with several sockets from others */
    int asks;                    /* a NACK whose entries are filled in */
    int frames;                  /* 0 = UDP; else over TCP, so many to a connection */
    int transport_at;            /* where a transport-wide sequence number stands; 0 = nowhere */
    int first_seq;
    uint32_t slot_ssrc;          /* of what it receives */
};

struct flood_counts {
    uint64_t sent, bytes_sent, back, bytes_back, failed, unsealed, connections, next_seq;
};

struct line {
    int fd, frames;
};

struct flood {
    struct flood_plan plan;
    struct flood_counts counts;
    struct library library;
    srtp_remove_function remove;
    void *tx;
    int fd[SOCKETS], fds;
    uint8_t *data[TEMPLATES];
    int length[TEMPLATES], templates, next_template;
    uint8_t check[CHECKS][SLOT];
    int check_length[CHECKS], checks, next_check, check_fd;
    uint64_t began, turns, random, check_at;
    uint16_t seq, transport_seq, newest;
    uint32_t timestamp;
    struct sockaddr_in server;
    struct in_addr source[SOURCES]; /* where TCP connections come from, in turn */
    int sources;
    struct line line[LINES];
    int next_line, copied;
    uint8_t copy[LARGEST + 64];
    uint8_t in[TURN][SLOT];
    uint8_t out[TURN][LARGEST + 64];
};

static inline uint64_t next_random(struct flood *f) {
    f->random ^= f->random >> 12;
    f->random ^= f->random << 25;
    f->random ^= f->random >> 27;
    return f->random * 2685821657736338717u;
}

static int compose(struct flood *f, uint8_t *out);

static void hang_up(struct line *line) {
    close(line->fd); /* with a reset (SO_LINGER): it leaves nothing behind on our side */
    line->fd = -1;
}

static int call(struct flood *f, struct line *line) {
    struct linger at_once = {1, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    if (f->sources) {
        struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = f->source[f->counts.connections % (uint64_t)f->sources]};
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof(yes));
        if (bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0) {
            close(fd);
            return -1;
        }
    }
    if (connect(fd, (struct sockaddr *)&f->server, sizeof(f->server)) != 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    line->fd = fd;
    line->frames = 0;
    f->counts.connections++;
    return 0;
}

/* RFC 4571 frames, each on the next connection; connections begin and end all the time. */
static int send_frames(struct flood *f, int count) {
    int sent = 0;
    for (int i = 0; i < count; i++) {
        struct line *line = &f->line[f->next_line++ % LINES];
        uint8_t *frame = f->out[0];
        if (line->fd < 0 && call(f, line) != 0)
            return sent;
        int length = compose(f, frame + 2);
        put16(frame, line->frames + 1 == f->plan.frames ? 0xFFFF : (uint32_t)length); /* the last one lies */
        if (send(line->fd, frame, (size_t)length + 2, MSG_DONTWAIT | MSG_NOSIGNAL) == length + 2) {
            f->counts.bytes_sent += (uint64_t)length + 2 + HEADERS;
            sent++;
        } else if (errno != EAGAIN && errno != ENOTCONN) {
            line->frames = f->plan.frames; /* the server hung up */
        }
        ssize_t back = recv(line->fd, f->in[0], sizeof(f->in[0]), MSG_DONTWAIT);
        if (back > 0) {
            f->counts.back++;
            f->counts.bytes_back += (uint64_t)back + HEADERS;
        }
        if (++line->frames >= f->plan.frames)
            hang_up(line);
    }
    return sent;
}

#endif
