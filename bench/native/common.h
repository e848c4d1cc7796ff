/* What the floor and the traffic share: libsrtp as pylibsrtp's binary has it, clocks, byte order.
 *
 * The four functions are handed over by Python as plain pointers, so that both sides of every comparison run the
 * very same cipher code, and nothing has to be installed or linked. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SLOT 2048 /* bytes of one datagram; packets are 1,100 and the tag is 16 */

/* libsrtp 2.x: in place, the length is read and written; 0 is success */
typedef int (*srtp_function)(void *session, void *packet, int *length);

struct library {
    srtp_function protect, unprotect, protect_rtcp, unprotect_rtcp;
};

static inline uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now) != 0)
        return 0;
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline uint64_t now_ns(void) { return clock_ns(CLOCK_MONOTONIC); }

static inline uint16_t get16(const uint8_t *at) { return (uint16_t)(at[0] << 8 | at[1]); }

static inline uint32_t get32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void put16(uint8_t *at, uint32_t value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void put32(uint8_t *at, uint32_t value) {
    put16(at, value >> 16);
    put16(at + 2, value & 0xFFFF);
}

static inline uint64_t load64(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, 8);
    return value;
}

static inline void store64(uint8_t *at, uint64_t value) { memcpy(at, &value, 8); }

static inline uint32_t load32(const uint8_t *at) {
    uint32_t value;
    memcpy(&value, at, 4);
    return value;
}

static inline void store32(uint8_t *at, uint32_t value) { memcpy(at, &value, 4); }

#endif
