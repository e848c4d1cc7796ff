# Where datagrams come from: a table from address to peer. Only addresses that passed an authenticated STUN check
# are in it, so an attacker can fill it only as far as MAX_ADDRESSES for each peer that was let in. When each was last
# heard stands with its peer: packets of media don't need it.


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


cdef HeardAddress *heard_from(Peer *peer, const Address *address) noexcept nogil:
    """One of the peer's own addresses; NULL if it isn't."""
    cdef int i
    for i in range(peer.address_count):
        if same_address(&peer.addresses[i].address, address):
            return &peer.addresses[i]
    return NULL


cdef void forget_address(Core *core, Peer *peer, const Address *address) noexcept nogil:
    cdef int i
    cdef Address gone = address[0]
    cdef HeardAddress *own = heard_from(peer, &gone)
    if own == NULL:
        return
    peer.address_count -= 1
    own[0] = peer.addresses[peer.address_count]
    table_delete(core, &gone)
    release_connection(core, &gone)
    if peer.has_selected and same_address(&peer.selected, &gone):
        # where it was heard last, until it checks again
        peer.has_selected = peer.address_count > 0
        own = &peer.addresses[0]
        for i in range(1, peer.address_count):
            if peer.addresses[i].heard_at > own.heard_at:
                own = &peer.addresses[i]
        peer.selected = own.address


cdef void forget_oldest_address(Core *core, Peer *peer) noexcept nogil:
    """That from which nothing was heard for longest; never the selected one."""
    cdef int i
    cdef HeardAddress *oldest = NULL
    for i in range(peer.address_count):
        if peer.has_selected and same_address(&peer.addresses[i].address, &peer.selected):
            continue
        if oldest == NULL or peer.addresses[i].heard_at < oldest.heard_at:
            oldest = &peer.addresses[i]
    forget_address(core, peer, &oldest.address)


cdef bint accept_address(Core *core, Peer *peer, const Address *address, int64_t now) noexcept nogil:
    """A verified check of `peer` came from it: its DTLS and SRTP are taken from now on. False if another peer was heard
    there within `address_hold`: a client could send its own check with another's address as a forged source, and so
    take over what arrives from there."""
    cdef Peer *holder = find_peer(core, address)
    if holder == peer:
        heard_from(peer, address).heard_at = now
        return True
    if holder != NULL:
        if now - heard_from(holder, address).heard_at < core.address_hold:
            return False
        # the same address now answers for another peer: a page was reloaded behind the same port
        forget_address(core, holder, address)
    if peer.address_count == MAX_ADDRESSES:
        forget_oldest_address(core, peer)
    peer.addresses[peer.address_count].address = address[0]
    peer.addresses[peer.address_count].heard_at = now
    peer.address_count += 1
    table_put(core, address, peer)
    return True


cdef inline bint is_v4(const Address *address) noexcept nogil:
    return memcmp(address.ip, b"\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0


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
    memset(name, 0, sizeof(sockaddr_in6))
    if as_v6:
        v6 = <sockaddr_in6 *>name
        v6.sin6_family = AF_INET6
        v6.sin6_port = htons(address.port)
        memcpy(&v6.sin6_addr, address.ip, 16)
        return sizeof(sockaddr_in6)
    if not is_v4(address):
        return 0
    v4 = <sockaddr_in *>name
    v4.sin_family = AF_INET
    v4.sin_port = htons(address.port)
    memcpy(&v4.sin_addr, &address.ip[12], 4)
    return sizeof(sockaddr_in)
