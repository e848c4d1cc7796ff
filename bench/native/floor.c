/* The floor: the least that a forwarder of SRTP can do. Receive, open once, seal for each subscriber, send.
 *
 * No sessions, no ICE, no DTLS, no rewriting, no reports, no history, one address family, one thread: keys and
 * addresses are given at the start. What a real server costs is told as a multiple of this.
 *
 *   blocking    sleeps in recvmmsg, works on whatever is there, sends it with one sendmmsg
 *   gathering   as long as packets come faster than a tick is worth: sleeps for a tick, takes everything that has
 *               come, and sends each destination's packets as one (UDP_SEGMENT); else as blocking */
#include "common.h"
#include <netinet/udp.h>
#include <poll.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

#define RECEIVE 64      /* datagrams of one recvmmsg */
#define OUT 512         /* packets kept back for one sendmmsg */
#define SEGMENTS 48     /* of one send: the kernel's limit is 64, and 64 KiB */
#define WORTH_A_TICK 4  /* packets: fewer in a tick cost more timer than they save wake-ups */

struct room {
    void *rx;
    int first, count; /* of its subscribers */
};

struct subscriber {
    void *tx;
    struct sockaddr_in address;
    int head, tail; /* its packets in `out`, -1 = none */
};

struct floor {
    struct library library;
    int fd, rooms, subscribers;
    int32_t room_of_port[65536]; /* source port -> room, -1 = nobody. All clients are on one machine */
    struct room *room;
    struct subscriber *subscriber;
    uint64_t received, forwarded, refused, wakeups, sends;
    int fault, every; /* for selftest.py: the mistake made with each so-many-th packet */
    uint32_t shift;   /* by how many packets too many its numbers are ahead */
    int out_count;
    int length[OUT], next[OUT], owner[OUT];
    uint8_t out[OUT][SLOT];
    uint8_t in[RECEIVE][SLOT];
};

struct floor *floor_new(int fd, void *protect, void *unprotect, int rooms, int subscribers) {
    struct floor *floor = calloc(1, sizeof(struct floor));
    if (!floor)
        return NULL;
    floor->fd = fd;
    floor->library.protect = (srtp_function)protect;
    floor->library.unprotect = (srtp_function)unprotect;
    floor->room = calloc((size_t)rooms, sizeof(struct room));
    floor->subscriber = calloc((size_t)subscribers, sizeof(struct subscriber));
    for (int i = 0; i < 65536; i++)
        floor->room_of_port[i] = -1;
    return floor;
}

/* Rooms one after another, each followed by its subscribers. */
void floor_room(struct floor *floor, int port, void *rx) {
    floor->room_of_port[port & 0xFFFF] = floor->rooms;
    floor->room[floor->rooms] = (struct room){rx, floor->subscribers, 0};
    floor->rooms++;
}

void floor_subscriber(struct floor *floor, const char *ip, int port, void *tx) {
    struct subscriber *one = &floor->subscriber[floor->subscribers++];
    one->tx = tx;
    one->address.sin_family = AF_INET;
    one->address.sin_port = htons((uint16_t)port);
    one->head = one->tail = -1;
    inet_pton(AF_INET, ip, &one->address.sin_addr);
    floor->room[floor->rooms - 1].count++;
}

/* Mistakes, so that it can be shown that the traffic's checks find them. */
enum { NO_FAULT, LOSE, TWICE, CHANGE_PAYLOAD, CHANGE_SEALED, CHANGE_SSRC, SKIP_PICTURE, LATE };

void floor_fault(struct floor *floor, int fault, int every) {
    floor->fault = fault;
    floor->every = every;
}

static int faulty(struct floor *floor, int fault) {
    return floor->fault == fault && floor->forwarded % (uint64_t)floor->every == (uint64_t)floor->every - 1;
}

static void send_all(struct floor *floor, struct mmsghdr *messages, int count) {
    int at = 0;
    while (at < count) {
        int sent = sendmmsg(floor->fd, messages + at, (unsigned)(count - at), 0);
        floor->sends++;
        if (sent > 0)
            at += sent;
        else if (errno != EINTR)
            at++;
    }
    floor->out_count = 0;
}

/* One message for each packet, in the order in which they were sealed. */
static void flush_one_by_one(struct floor *floor) {
    static struct mmsghdr messages[OUT];
    static struct iovec vectors[OUT];
    for (int i = 0; i < floor->out_count; i++) {
        vectors[i] = (struct iovec){floor->out[i], (size_t)floor->length[i]};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &floor->subscriber[floor->owner[i]].address,
                                              .msg_namelen = sizeof(struct sockaddr_in),
                                              .msg_iov = &vectors[i],
                                              .msg_iovlen = 1};
    }
    send_all(floor, messages, floor->out_count);
}

/* One message for each run of equal sizes (the last may be shorter) towards one subscriber. */
static void flush_by_destination(struct floor *floor) {
    static struct mmsghdr messages[OUT];
    static struct iovec vectors[OUT];
    static union {
        char space[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr aligned;
    } control[OUT];
    int message = 0, vector = 0;
    for (int i = 0; i < floor->out_count; i++) {
        struct subscriber *one = &floor->subscriber[floor->owner[i]];
        if (one->head != i)
            continue;
        for (int at = i; at >= 0;) {
            int size = floor->length[at], segments = 0, first = vector;
            while (at >= 0 && segments < SEGMENTS && floor->length[at] <= size) {
                int shorter = floor->length[at] < size;
                vectors[vector++] = (struct iovec){floor->out[at], (size_t)floor->length[at]};
                segments++;
                at = floor->next[at];
                if (shorter)
                    break;
            }
            struct msghdr *header = &messages[message].msg_hdr;
            *header = (struct msghdr){.msg_name = &one->address,
                                      .msg_namelen = sizeof(struct sockaddr_in),
                                      .msg_iov = &vectors[first],
                                      .msg_iovlen = (size_t)segments};
            if (segments > 1) {
                header->msg_control = &control[message];
                header->msg_controllen = sizeof(control[message].space);
                struct cmsghdr *segment = CMSG_FIRSTHDR(header);
                segment->cmsg_level = IPPROTO_UDP;
                segment->cmsg_type = UDP_SEGMENT;
                segment->cmsg_len = CMSG_LEN(sizeof(uint16_t));
                uint16_t wanted = (uint16_t)size;
                memcpy(CMSG_DATA(segment), &wanted, sizeof(wanted));
            }
            message++;
        }
    }
    for (int i = 0; i < floor->out_count; i++)
        floor->subscriber[floor->owner[i]].head = floor->subscriber[floor->owner[i]].tail = -1;
    send_all(floor, messages, message);
}

static void flush(struct floor *floor, int gathering) {
    if (floor->out_count == 0)
        return;
    if (gathering)
        flush_by_destination(floor);
    else
        flush_one_by_one(floor);
}

static void make_mistake(struct floor *floor, uint8_t *packet, int length) {
    if (faulty(floor, CHANGE_PAYLOAD))
        packet[length - 100] ^= 1;
    else if (faulty(floor, CHANGE_SSRC))
        packet[8] ^= 1;
    else if (faulty(floor, SKIP_PICTURE))
        packet[16 + 4 * get16(packet + 14) + 3] ^= 1;
    else if (faulty(floor, LATE))
        nanosleep(&(struct timespec){0, 25000000}, NULL);
}

static void seal(struct floor *floor, int owner, const uint8_t *data, int length, uint32_t shift, int gathering) {
    struct subscriber *one = &floor->subscriber[owner];
    if (floor->out_count == OUT)
        flush(floor, gathering);
    int slot = floor->out_count;
    uint8_t *out = floor->out[slot];
    memcpy(out, data, (size_t)length);
    floor->length[slot] = length;
    if (floor->fault) {
        put16(out + 2, get16(out + 2) + shift);
        make_mistake(floor, out, length);
    }
    if (floor->library.protect(one->tx, out, &floor->length[slot]) != 0) {
        floor->refused++;
        return;
    }
    if (faulty(floor, CHANGE_SEALED))
        out[length / 2] ^= 1;
    floor->owner[slot] = owner;
    floor->next[slot] = -1;
    if (one->tail >= 0)
        floor->next[one->tail] = slot;
    else
        one->head = slot;
    one->tail = slot;
    floor->out_count++;
}

static void forward(struct floor *floor, uint8_t *data, int length, int port, int gathering) {
    int at = floor->room_of_port[port];
    if (at < 0 || length < 12 || (data[0] >> 6) != 2 || (data[1] >= 192 && data[1] <= 223))
        return; /* reports and checks are a server's work, not the floor's */
    struct room *room = &floor->room[at];
    if (floor->library.unprotect(room->rx, data, &length) != 0) {
        floor->refused++;
        return;
    }
    floor->received++;
    for (int i = room->first; i < room->first + room->count; i++) {
        if (!faulty(floor, LOSE))
            seal(floor, i, data, length, floor->shift, gathering);
        if (faulty(floor, TWICE))
            seal(floor, i, data, length, ++floor->shift, gathering);
        floor->forwarded++;
    }
}

/* Runs until the process is ended. `tick_us` 0: blocking; else gathering. */
void floor_run(struct floor *floor, int tick_us) {
    static struct mmsghdr messages[RECEIVE];
    static struct iovec vectors[RECEIVE];
    static struct sockaddr_in names[RECEIVE];
    uint64_t came[WORTH_A_TICK] = {0}; /* when the last few packets did */
    unsigned newest = 0;
    int sleeping = 1;
    uint64_t tick_ns = (uint64_t)tick_us * 1000u;
    struct timespec tick = {0, tick_us * 1000L};
    for (int i = 0; i < RECEIVE; i++)
        vectors[i] = (struct iovec){floor->in[i], SLOT};
    for (;;) {
        for (int i = 0; i < RECEIVE; i++)
            messages[i].msg_hdr = (struct msghdr){
                .msg_name = &names[i], .msg_namelen = sizeof(names[i]), .msg_iov = &vectors[i], .msg_iovlen = 1};
        int got = recvmmsg(floor->fd, messages, RECEIVE, sleeping ? MSG_WAITFORONE : MSG_DONTWAIT, NULL);
        for (int i = 0; i < got; i++)
            forward(floor, floor->in[i], (int)messages[i].msg_len, ntohs(names[i].sin_port), tick_us > 0);
        if (tick_us == 0) {
            flush(floor, 0);
            floor->wakeups++;
            continue;
        }
        if (got == RECEIVE)
            continue; /* more may wait: they go out together */
        flush(floor, 1);
        floor->wakeups++;
        uint64_t now = now_ns();
        for (int i = 0; i < got && i < WORTH_A_TICK; i++)
            came[newest++ % WORTH_A_TICK] = now;
        sleeping = now - came[newest % WORTH_A_TICK] > tick_ns;
        if (!sleeping)
            nanosleep(&tick, NULL);
    }
}
