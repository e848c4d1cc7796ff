# What a STUN message is sealed with: SHA-1 (RFC 3174) as HMAC (RFC 2104), and CRC-32 as in ISO HDLC (RFC 8489,
# section 14.7). SHA-1 is no longer collision-proof, which HMAC does not need; the protocol knows nothing else.

cdef enum:
    SHA1_BYTES = 20
    SHA1_BLOCK = 64


cdef struct Sha1:
    uint32_t state[5]
    uint64_t length            # bytes taken so far
    uint8_t block[SHA1_BLOCK]


cdef struct HmacKey:
    # the states after the key's block, so that a digest costs no more than its message
    Sha1 inner, outer


cdef inline uint32_t rotated(uint32_t value, int bits) noexcept nogil:
    return (value << bits) | (value >> (32 - bits))


cdef void sha1_start(Sha1 *hash) noexcept nogil:
    hash.state[0] = 0x67452301
    hash.state[1] = 0xEFCDAB89
    hash.state[2] = 0x98BADCFE
    hash.state[3] = 0x10325476
    hash.state[4] = 0xC3D2E1F0
    hash.length = 0


cdef void sha1_block(uint32_t *state, const uint8_t *block) noexcept nogil:
    cdef uint32_t words[80]
    cdef uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], mixed
    cdef int i
    for i in range(16):
        words[i] = get32(block + 4 * i)
    for i in range(16, 80):
        words[i] = rotated(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1)
    for i in range(80):
        if i < 20:
            mixed = ((b & c) | (~b & d)) + 0x5A827999
        elif i < 40:
            mixed = (b ^ c ^ d) + 0x6ED9EBA1
        elif i < 60:
            mixed = ((b & c) | (b & d) | (c & d)) + <uint32_t>0x8F1BBCDC
        else:
            mixed = (b ^ c ^ d) + <uint32_t>0xCA62C1D6
        mixed += rotated(a, 5) + e + words[i]
        e = d
        d = c
        c = rotated(b, 30)
        b = a
        a = mixed
    state[0] += a
    state[1] += b
    state[2] += c
    state[3] += d
    state[4] += e


cdef void sha1_add(Sha1 *hash, const uint8_t *data, int length) noexcept nogil:
    cdef int held = hash.length & (SHA1_BLOCK - 1)
    cdef int taken
    hash.length += length
    while length > 0:
        taken = min(length, SHA1_BLOCK - held)
        memcpy(hash.block + held, data, taken)
        held += taken
        data += taken
        length -= taken
        if held == SHA1_BLOCK:
            sha1_block(hash.state, hash.block)
            held = 0


cdef void sha1_end(Sha1 *hash, uint8_t *digest) noexcept nogil:
    cdef uint64_t bits = hash.length * 8
    cdef uint8_t tail[SHA1_BLOCK + 8]
    cdef int i, padding = 1 + <int>((119 - hash.length % SHA1_BLOCK) % SHA1_BLOCK)
    memset(tail, 0, sizeof(tail))
    tail[0] = 0x80
    put32(tail + padding, <uint32_t>(bits >> 32))
    put32(tail + padding + 4, <uint32_t>bits)
    sha1_add(hash, tail, padding + 8)
    for i in range(5):
        put32(digest + 4 * i, hash.state[i])


cdef void hmac_key(HmacKey *key, const uint8_t *secret, int length) noexcept nogil:
    cdef uint8_t block[SHA1_BLOCK]
    cdef int i
    memset(block, 0, SHA1_BLOCK)
    if length > SHA1_BLOCK:
        sha1_start(&key.inner)
        sha1_add(&key.inner, secret, length)
        sha1_end(&key.inner, block)
    else:
        memcpy(block, secret, length)
    for i in range(SHA1_BLOCK):
        block[i] ^= 0x36
    sha1_start(&key.inner)
    sha1_add(&key.inner, block, SHA1_BLOCK)
    for i in range(SHA1_BLOCK):
        block[i] ^= 0x36 ^ 0x5C
    sha1_start(&key.outer)
    sha1_add(&key.outer, block, SHA1_BLOCK)


cdef void hmac_end(const HmacKey *key, Sha1 *message, uint8_t *digest) noexcept nogil:
    """`message` began as a copy of `key.inner`."""
    cdef Sha1 outer = key.outer
    sha1_end(message, digest)
    sha1_add(&outer, digest, SHA1_BYTES)
    sha1_end(&outer, digest)


cdef uint32_t crc32_table[256]


cdef void fill_crc32_table() noexcept nogil:
    cdef uint32_t i, value
    cdef int bit
    for i in range(256):
        value = i
        for bit in range(8):
            value = (value >> 1) ^ (<uint32_t>0xEDB88320 if value & 1 else 0)
        crc32_table[i] = value


fill_crc32_table()


cdef uint32_t crc32(const uint8_t *data, int length) noexcept nogil:
    cdef uint32_t value = 0xFFFFFFFF
    cdef int i
    for i in range(length):
        value = (value >> 8) ^ crc32_table[(value ^ data[i]) & 0xFF]
    return ~value


cdef bint same_secret(const uint8_t *a, const uint8_t *b, int length) noexcept nogil:
    """Takes as long for what differs at once as for what differs at the end."""
    cdef int i
    cdef uint8_t difference = 0
    for i in range(length):
        difference |= a[i] ^ b[i]
    return difference == 0
