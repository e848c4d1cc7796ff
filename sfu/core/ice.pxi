# The lite side of ICE (RFC 8445, section 2.5): which names are known, which addresses speak for which peer, and to
# which of them is sent. Clients control and check, we answer: there are no checks of our own and no roles to dispute.
#
# No answer of any kind goes to a check that was not authenticated, so names can't be guessed. What hostile checks cost:
# with a name that is not known, a look into a table, so they need no limit; with a known name, a digest of 1.3 us, and
# that has a limit for each peer. So nothing that an attacker sends uses up what others need. Checks from a peer's own
# addresses are verified without a limit, as its SRTP is: what is not authenticated, and may have a forged source, must
# not count towards ending a call.

cdef enum:
    PEER_STUN_RATE = 50        # verified checks of one peer that are answered a second: browsers send one or two
    # checks a second in a peer's name from addresses that are not its own, verified or not. Higher: more work for a
    # flood by somebody who read the name on the way; this is 1.3 % of a core. Lower: such a flood could more easily
    # keep this peer (and no other) from coming or from moving to another network
    FOREIGN_STUN_RATE = 10000
    # without a check from the selected address, after which a check from another one moves the peer there. Firefox
    # checks each 4 to 6 s: lower would make two live paths compete
    DESERTED_US = 7000000


# Names --------------------------------------------------------------------------------------------------------------


cdef inline uint32_t name_hash(const uint8_t *name, int length) noexcept nogil:
    # FNV-1a: the names in the table are random and ours, so nobody can choose some that collide
    cdef uint32_t h = 0x811C9DC5
    cdef int i
    for i in range(length):
        h = (h ^ name[i]) * 0x01000193
    return h


cdef inline uint32_t name_home(const Core *core, const Generation *generation) noexcept nogil:
    return name_hash(generation.username, generation.ufrag_length) & core.names_mask


cdef Generation *find_name(Core *core, const uint8_t *ufrag, int length) noexcept nogil:
    cdef uint32_t at
    cdef Generation *found
    if length < MIN_UFRAG or length > MAX_UFRAG:
        return NULL
    at = name_hash(ufrag, length) & core.names_mask
    while core.names[at] != NULL:
        found = core.names[at]
        if found.ufrag_length == length and memcmp(found.username, ufrag, length) == 0:
            return found
        at = (at + 1) & core.names_mask
    return NULL


cdef void put_name(Core *core, Generation *generation) noexcept nogil:
    # the table has four places for each possible peer, which may have two names: it never fills
    cdef uint32_t at = name_home(core, generation)
    while core.names[at] != NULL:
        at = (at + 1) & core.names_mask
    core.names[at] = generation


cdef void delete_name(Core *core, const Generation *generation) noexcept nogil:
    cdef uint32_t at = name_home(core, generation)
    cdef uint32_t hole, home
    while core.names[at] != generation:
        at = (at + 1) & core.names_mask
    # as in `table_delete`
    hole = at
    while True:
        at = (at + 1) & core.names_mask
        if core.names[at] == NULL:
            break
        home = name_home(core, core.names[at])
        if ((at - home) & core.names_mask) >= ((at - hole) & core.names_mask):
            core.names[hole] = core.names[at]
            hole = at
    core.names[hole] = NULL


# Generations --------------------------------------------------------------------------------------------------------


cdef void end_generation(Core *core, Generation *generation) noexcept nogil:
    """Its name and password are void from now on."""
    if generation.peer != NULL:
        delete_name(core, generation)
        memset(generation, 0, sizeof(Generation))


cdef bint begin_generation(
    Core *core, Peer *peer, const uint8_t *ufrag, int ufrag_length, const uint8_t *remote_ufrag,
    int remote_ufrag_length, const uint8_t *password, int password_length
) noexcept nogil:
    """The one in use answers on until the new one is used: media must not pause meanwhile. One that was begun and never
    used is void. False if the name is known already."""
    cdef Generation *generation
    if find_name(core, ufrag, ufrag_length) != NULL:
        return False
    if peer.generations[1 - peer.current].peer == NULL:
        peer.current = 1 - peer.current
    generation = &peer.generations[peer.current]
    end_generation(core, generation)
    generation.peer = peer
    generation.ufrag_length = ufrag_length
    generation.username_length = ufrag_length + 1 + remote_ufrag_length
    memcpy(generation.username, ufrag, ufrag_length)
    generation.username[ufrag_length] = c":"
    memcpy(generation.username + ufrag_length + 1, remote_ufrag, remote_ufrag_length)
    hmac_key(&generation.key, password, password_length)
    put_name(core, generation)
    return True


cdef void forget_names(Core *core, Peer *peer) noexcept nogil:
    end_generation(core, &peer.generations[0])
    end_generation(core, &peer.generations[1])


# Checks -------------------------------------------------------------------------------------------------------------


cdef Transaction *find_transaction(Peer *peer, const uint8_t *id) noexcept nogil:
    cdef int i
    for i in range(peer.transaction_count):
        if memcmp(peer.transactions[i].id, id, TRANSACTION_BYTES) == 0:
            return &peer.transactions[i]
    return NULL


cdef void remember_transaction(Peer *peer, const uint8_t *id, const Address *address) noexcept nogil:
    cdef Transaction *transaction = &peer.transactions[peer.transaction_next]
    memcpy(transaction.id, id, TRANSACTION_BYTES)
    transaction.address = address[0]
    peer.transaction_next = (peer.transaction_next + 1) % TRANSACTIONS
    peer.transaction_count = min(peer.transaction_count + 1, <int>TRANSACTIONS)


cdef void receive_stun(
    Core *core, Peer *holder, const uint8_t *data, int length, const Address *address, int64_t now
) noexcept nogil:
    """`holder`: the peer whose address it came from, NULL if it is nobody's."""
    cdef Check check
    cdef Generation *generation
    cdef Peer *peer
    cdef Transaction *seen
    if not is_binding_request(data, length):
        core.counters.dropped_kind += 1
        return
    core.counters.stun_in += 1
    if not read_check(&check, data, length):
        core.counters.dropped_stun_malformed += 1
        return
    generation = find_name(core, check.username, check.ufrag_length)
    if generation == NULL:
        core.counters.dropped_stun_unknown += 1
        return
    peer = generation.peer
    if not same_name(generation.username, generation.username_length, check.username, check.username_length):
        core.counters.dropped_stun_unverified += 1
        return
    if holder != peer and not spend(&peer.foreign_budget, &peer.foreign_budget_at, FOREIGN_STUN_RATE, now):
        core.counters.dropped_stun_rate += 1
        return
    if not verify_check(&check, data, length, &generation.key):
        core.counters.dropped_stun_unverified += 1
        return
    # A check that came before from elsewhere is a copy that somebody took on the way and now sends from an address of
    # their own, to draw this peer's media there. Its digest is right all the same
    seen = find_transaction(peer, check.transaction)
    if seen != NULL and not same_address(&seen.address, address):
        core.counters.dropped_stun_unverified += 1
        return
    if not spend(&peer.stun_budget, &peer.stun_budget_at, PEER_STUN_RATE, now):
        core.counters.dropped_stun_rate += 1
        return
    if not accept_address(core, peer, address, now):
        core.counters.dropped_stun_claimed += 1
        return
    if seen == NULL:
        remember_transaction(peer, check.transaction, address)
    take_check(core, generation, &check, address, now)


cdef void take_check(
    Core *core, Generation *generation, const Check *check, const Address *address, int64_t now
) noexcept nogil:
    """What an authenticated check changes, and its answer."""
    cdef Peer *peer = generation.peer
    cdef uint8_t answer[MAX_SUCCESS]
    core.counters.stun_checks += 1
    store(&peer.heard_at, now, RELAXED)
    authenticate_connection(core, address)
    if check.nominated or not peer.has_selected or now - heard_from(peer, &peer.selected).heard_at > DESERTED_US:
        # until the client has made up its mind, answers to its handshake go where it was first heard; and a NAT that
        # gives it another address doesn't tell it, so nothing is nominated anew
        if peer.has_selected and not same_address(&peer.selected, address):
            picture_anew(core, peer, now)
        peer.selected = address[0]
        peer.has_selected = True
    if generation == &peer.generations[peer.current]:
        # it is in use now: the one before is not needed any more
        end_generation(core, &peer.generations[1 - peer.current])
    send_clear(core, address, answer, write_success(answer, check.transaction, address, &generation.key))
