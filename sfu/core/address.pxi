# Where datagrams come from: a table from address to peer. Only addresses that passed an authenticated STUN check
# are in it, so an attacker can fill it only as far as MAX_ADDRESSES for each peer that was let in.


cdef inline bint same_address(const Address *a, const Address *b) noexcept nogil:
    return memcmp(a, b, sizeof(Address)) == 0


cdef inline uint32_t address_hash(const Address *address) noexcept nogil:
    # copied: an Address may not be read as another type, and need not stand where a number of eight bytes may
    cdef uint64_t words[3]
    memcpy(words, address, sizeof(words))
    cdef uint64_t h = words[0] * <uint64_t>0x9E3779B97F4A7C15
    h = (h ^ (h >> 29) ^ words[1]) * <uint64_t>0xBF58476D1CE4E5B9
    h = (h ^ (h >> 32) ^ words[2]) * <uint64_t>0x94D049BB133111EB
    return <uint32_t>(h ^ (h >> 31))


cdef Peer *find_peer(Core *core, const Address *address) noexcept nogil:
    cdef uint32_t at = address_hash(address) & core.table_mask
    while core.table[at].peer != NULL:
        if same_address(&core.table[at].address, address):
            return core.table[at].peer
        at = (at + 1) & core.table_mask
    return NULL


cdef void table_put(Core *core, const Address *address, Peer *peer) noexcept nogil:
    # the table has sixteen places for each possible peer, which may hold eight: it never fills
    cdef uint32_t at = address_hash(address) & core.table_mask
    while core.table[at].peer != NULL and not same_address(&core.table[at].address, address):
        at = (at + 1) & core.table_mask
    core.table[at].address = address[0]
    core.table[at].peer = peer


cdef void table_delete(Core *core, const Address *address) noexcept nogil:
    cdef uint32_t at = address_hash(address) & core.table_mask
    cdef uint32_t hole, home
    while core.table[at].peer != NULL and not same_address(&core.table[at].address, address):
        at = (at + 1) & core.table_mask
    if core.table[at].peer == NULL:
        return
    # linear probing: pull later entries of the run into the hole where they may stand there
    hole = at
    while True:
        at = (at + 1) & core.table_mask
        if core.table[at].peer == NULL:
            break
        home = address_hash(&core.table[at].address) & core.table_mask
        if ((at - home) & core.table_mask) >= ((at - hole) & core.table_mask):
            core.table[hole] = core.table[at]
            hole = at
    core.table[hole].peer = NULL


cdef void forget_address(Core *core, Peer *peer, const Address *address) noexcept nogil:
    cdef int i
    cdef Address gone = address[0]
    for i in range(peer.address_count):
        if same_address(&peer.addresses[i], &gone):
            memmove(&peer.addresses[i], &peer.addresses[i + 1], (peer.address_count - i - 1) * sizeof(Address))
            peer.address_count -= 1
            break
    if find_peer(core, &gone) == peer:
        table_delete(core, &gone)
    if peer.has_selected and same_address(&peer.selected, &gone):
        peer.has_selected = peer.address_count > 0
        if peer.has_selected:
            peer.selected = peer.addresses[peer.address_count - 1]


cdef void accept_address(Core *core, Peer *peer, const Address *address) noexcept nogil:
    cdef Peer *holder = find_peer(core, address)
    cdef int i
    if holder == peer:
        return
    if holder != NULL:
        # the same address now answers for another peer: a page was reloaded behind the same port
        forget_address(core, holder, address)
    if peer.address_count == MAX_ADDRESSES:
        i = 0
        if peer.has_selected and same_address(&peer.addresses[0], &peer.selected):
            i = 1
        forget_address(core, peer, &peer.addresses[i])
    peer.addresses[peer.address_count] = address[0]
    peer.address_count += 1
    table_put(core, address, peer)


cdef void address_from_sockaddr(const sockaddr_storage *name, Address *address) noexcept nogil:
    cdef const sockaddr_in *v4
    cdef const sockaddr_in6 *v6
    memset(address, 0, sizeof(Address))
    if name.ss_family == AF_INET:
        v4 = <const sockaddr_in *>name
        address.ip[10] = 0xFF
        address.ip[11] = 0xFF
        memcpy(&address.ip[12], &v4.sin_addr, 4)
        address.port = ntohs(v4.sin_port)
    else:
        v6 = <const sockaddr_in6 *>name
        memcpy(address.ip, &v6.sin6_addr, 16)
        address.port = ntohs(v6.sin6_port)


cdef unsigned int address_to_sockaddr(const Address *address, bint as_v6, sockaddr_storage *name) noexcept nogil:
    # 0 = this socket can't reach it
    cdef sockaddr_in *v4
    cdef sockaddr_in6 *v6
    cdef bint mapped = address.ip[10] == 0xFF and address.ip[11] == 0xFF and memcmp(
        address.ip, b"\0\0\0\0\0\0\0\0\0\0", 10
    ) == 0
    memset(name, 0, sizeof(sockaddr_in6))
    if as_v6:
        v6 = <sockaddr_in6 *>name
        v6.sin6_family = AF_INET6
        v6.sin6_port = htons(address.port)
        memcpy(&v6.sin6_addr, address.ip, 16)
        return sizeof(sockaddr_in6)
    if not mapped:
        return 0
    v4 = <sockaddr_in *>name
    v4.sin_family = AF_INET
    v4.sin_port = htons(address.port)
    memcpy(&v4.sin_addr, &address.ip[12], 4)
    return sizeof(sockaddr_in)
