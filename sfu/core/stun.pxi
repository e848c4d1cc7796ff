# STUN (RFC 8489), as far as connectivity checks need it (RFC 8445, section 7): binding requests read and verified,
# success responses written. Nothing is kept here; who may check, and what a check changes, is `ice.pxi`'s.

cdef enum:
    STUN_HEADER = 20
    STUN_COOKIE = 0x2112A442
    BINDING_REQUEST = 0x0001
    BINDING_SUCCESS = 0x0101
    USERNAME = 0x0006
    MESSAGE_INTEGRITY = 0x0008
    XOR_MAPPED_ADDRESS = 0x0020
    USE_CANDIDATE = 0x0025
    FINGERPRINT = 0x8028
    FINGERPRINT_XOR = 0x5354554E
    INTEGRITY_BYTES = 4 + SHA1_BYTES
    FINGERPRINT_BYTES = 8
    MAX_CHECK = 1280           # browsers send about 120; the longest lawful names stay far below
    MAX_SUCCESS = STUN_HEADER + 24 + INTEGRITY_BYTES + FINGERPRINT_BYTES


cdef struct Check:
    # what a binding request says; pointers into it
    const uint8_t *transaction
    const uint8_t *username
    int username_length
    int ufrag_length           # of our name, before the colon
    const uint8_t *digest      # NULL = none
    int covered                # bytes before the attribute with the digest
    const uint8_t *fingerprint  # NULL = none at the end
    bint nominated


cdef inline bint is_binding_request(const uint8_t *data, int length) noexcept nogil:
    """As far as the header tells (RFC 8489, section 5)."""
    return (
        length >= STUN_HEADER and get16(data) == BINDING_REQUEST and get32(data + 4) == STUN_COOKIE
        and get16(data + 2) + STUN_HEADER == length
    )


cdef bint read_check(Check *check, const uint8_t *data, int length) noexcept nogil:
    """The attributes of a binding request that count. False if they are not as they should be, or name nobody. Nothing
    is computed yet."""
    cdef int at = STUN_HEADER, end, kind, size
    cdef const uint8_t *colon
    memset(check, 0, sizeof(Check))
    check.transaction = data + 8
    if length > MAX_CHECK or length % 4:
        return False
    while at < length:
        # four bytes are left at least: all lengths are multiples of four
        kind = get16(data + at)
        size = get16(data + at + 2)
        end = at + 4 + ((size + 3) & ~3)
        if end > length:
            return False
        if kind == FINGERPRINT:
            # section 14.7: the last attribute, or it isn't one
            if size == 4 and end == length:
                check.fingerprint = data + at + 4
        elif check.digest != NULL:
            pass  # section 14.5: what follows the digest is not covered by it, and ignored
        elif kind == MESSAGE_INTEGRITY:
            if size != SHA1_BYTES:
                return False
            check.digest = data + at + 4
            check.covered = at
        elif kind == USERNAME and check.username == NULL:
            # section 14: of several, the first
            check.username = data + at + 4
            check.username_length = size
        elif kind == USE_CANDIDATE:
            check.nominated = True
        at = end
    if check.username == NULL:
        return False
    colon = <const uint8_t *>memchr(check.username, c":", check.username_length)
    if colon == NULL:
        return False
    check.ufrag_length = <int>(colon - check.username)
    return True


cdef bint verify_check(const Check *check, const uint8_t *data, int length, const HmacKey *key) noexcept nogil:
    """Whether the sender knows the password. RFC 8445, section 7.1: a check has digest and fingerprint, always."""
    cdef Sha1 hash = key.inner
    cdef uint8_t start[4]
    cdef uint8_t digest[SHA1_BYTES]
    if check.digest == NULL or check.fingerprint == NULL:
        return False
    if get32(check.fingerprint) != crc32(data, length - FINGERPRINT_BYTES) ^ FINGERPRINT_XOR:
        return False
    # the digest was made when it was the last attribute, and the header's length said so (section 14.5)
    memcpy(start, data, 4)
    put16(start + 2, check.covered + INTEGRITY_BYTES - STUN_HEADER)
    sha1_add(&hash, start, 4)
    sha1_add(&hash, data + 4, check.covered - 4)
    hmac_end(key, &hash, digest)
    return same_secret(digest, check.digest, SHA1_BYTES)


cdef int write_success(
    uint8_t *out, const uint8_t *transaction, const Address *address, const HmacKey *key
) noexcept nogil:
    """Tells the sender of a check under which address it is seen here. Returns the length, at most MAX_SUCCESS."""
    cdef Sha1 hash = key.inner
    cdef bint v4 = is_v4(address)
    cdef const uint8_t *ip = &address.ip[12 if v4 else 0]
    cdef int i, at = STUN_HEADER, ip_bytes = 4 if v4 else 16
    put16(out, BINDING_SUCCESS)
    put32(out + 4, STUN_COOKIE)
    memcpy(out + 8, transaction, TRANSACTION_BYTES)
    # section 14.2: port and address, disguised from well-meaning NATs by the cookie and the transaction id
    put16(out + at, XOR_MAPPED_ADDRESS)
    put16(out + at + 2, 4 + ip_bytes)
    put16(out + at + 4, 1 if v4 else 2)
    put16(out + at + 6, address.port ^ (STUN_COOKIE >> 16))
    for i in range(ip_bytes):
        out[at + 8 + i] = ip[i] ^ out[4 + i]
    at += 8 + ip_bytes
    put16(out + 2, at + INTEGRITY_BYTES - STUN_HEADER)
    put16(out + at, MESSAGE_INTEGRITY)
    put16(out + at + 2, SHA1_BYTES)
    sha1_add(&hash, out, at)
    hmac_end(key, &hash, out + at + 4)
    at += INTEGRITY_BYTES
    put16(out + 2, at + FINGERPRINT_BYTES - STUN_HEADER)
    put16(out + at, FINGERPRINT)
    put16(out + at + 2, 4)
    put32(out + at + 4, crc32(out, at) ^ FINGERPRINT_XOR)
    return at + FINGERPRINT_BYTES
