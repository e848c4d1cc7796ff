/* Where the engine has been while it worked through one input. gcc's -fsanitize-coverage=trace-pc,trace-cmp puts
 * calls to the functions named __sanitizer_cov_* into every basic block and before every comparison; the driver
 * (coverage.py) asks the fuzz_* ones. Built into the fuzzing build of the engine only.
 *
 * The hooks are hidden, so that the engine calls these and not the empty ones that libasan brings. */

#include <stdint.h>
#include <string.h>

#define UNWATCHED __attribute__((no_sanitize_coverage, no_sanitize_address, no_sanitize_undefined))
#define HOOK __attribute__((visibility("hidden"))) UNWATCHED
#define DOOR __attribute__((visibility("default"))) UNWATCHED

enum { PLACES = 65536, COMPARISONS = 4096 };

struct comparison {
    uint64_t seen, wanted;
};

static uint8_t now[PLACES];    /* how often each step from block to block was taken */
static uint8_t ever[PLACES];   /* which orders of magnitude of that were ever seen, one bit each */
static __thread uintptr_t before __attribute__((tls_model("initial-exec")));
static int watching;
static unsigned compared;
static struct comparison comparisons[COMPARISONS];

HOOK void __sanitizer_cov_trace_pc(void)
{
    /* relative to this function, so that where the module was loaded makes no difference */
    uintptr_t here = (uintptr_t)__builtin_return_address(0) - (uintptr_t)&__sanitizer_cov_trace_pc;
    uint32_t mixed = (uint32_t)(here ^ before) * 2654435761u;
    uint8_t *place = &now[mixed >> 16];
    if (*place != 255)
        ++*place;
    before = here << 1;
}

UNWATCHED static inline void note(uint64_t seen, uint64_t wanted)
{
    if (!watching || seen == wanted)
        return;
    comparisons[compared % COMPARISONS].seen = seen;
    comparisons[compared % COMPARISONS].wanted = wanted;
    compared++;
}

/* of two variables either may come from the input; a constant is always the first argument */
#define HOOKS(size, type)                                                \
    HOOK void __sanitizer_cov_trace_cmp##size(type one, type other)      \
    {                                                                    \
        note(one, other);                                                \
        note(other, one);                                                \
    }                                                                    \
    HOOK void __sanitizer_cov_trace_const_cmp##size(type wanted, type seen) \
    {                                                                    \
        note(seen, wanted);                                              \
    }

HOOKS(1, uint8_t)
HOOKS(2, uint16_t)
HOOKS(4, uint32_t)
HOOKS(8, uint64_t)

HOOK void __sanitizer_cov_trace_cmpf(float one, float other)
{
    (void)one, (void)other;
}

HOOK void __sanitizer_cov_trace_cmpd(double one, double other)
{
    (void)one, (void)other;
}

HOOK void __sanitizer_cov_trace_switch(uint64_t seen, void *table)
{
    /* how many there are, their width, and then each of them */
    const uint64_t *cases = table;
    for (uint64_t i = 0; i < cases[0]; i++)
        note(seen, cases[2 + i]);
}

UNWATCHED static uint8_t magnitude(uint8_t count)
{
    if (count < 4)
        return (uint8_t)(1 << (count - 1));
    if (count < 8)
        return 8;
    if (count < 16)
        return 16;
    if (count < 32)
        return 32;
    return count < 128 ? 64 : 128;
}

/* Ends an input. Returns how much of what it did was never seen before. */
DOOR int fuzz_news(void)
{
    int news = 0;
    for (int word = 0; word < PLACES; word += 8) {
        uint64_t any;
        memcpy(&any, now + word, 8);
        if (!any)
            continue;
        for (int i = word; i < word + 8; i++) {
            if (now[i] && !(ever[i] & magnitude(now[i]))) {
                ever[i] |= magnitude(now[i]);
                news++;
            }
            now[i] = 0;
        }
    }
    before = 0;
    return news;
}

/* Ends an input like `fuzz_news`, without remembering it: writes its PLACES magnitudes. */
DOOR void fuzz_take(uint8_t *magnitudes)
{
    for (int i = 0; i < PLACES; i++)
        magnitudes[i] = now[i] ? magnitude(now[i]) : 0;
    memset(now, 0, sizeof(now));
    before = 0;
}

/* How many steps from block to block were ever taken. */
DOOR int fuzz_places(void)
{
    int places = 0;
    for (int i = 0; i < PLACES; i++)
        places += ever[i] != 0;
    return places;
}

DOOR void fuzz_watch(int on)
{
    watching = on;
    compared = 0;
}

/* Writes what was compared since `fuzz_watch(1)` as (seen, wanted), COMPARISONS pairs at most; returns how many. */
DOOR int fuzz_comparisons(uint64_t *pairs)
{
    unsigned count = compared < COMPARISONS ? compared : COMPARISONS;
    memcpy(pairs, comparisons, count * sizeof(struct comparison));
    return (int)count;
}
