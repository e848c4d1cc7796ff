# The RTP header (RFC 3550, section 5.1) and its extensions (RFC 8285): read with every bound checked.


cdef bint read_rtp(Packet *packet, uint8_t *data, int length, Peer *peer) noexcept nogil:
    """False if it is not RTP as it should be. Padding is taken off."""
    cdef int at = 12, end, id, size, padding, extension_end
    cdef uint16_t profile
    memset(packet, 0, sizeof(Packet))
    packet.transport_seq = -1
    packet.audio_level = -1
    packet.picture_at = -1
    packet.tl0_at = -1
    if length < 12 or (data[0] >> 6) != 2:
        return False
    packet.data = data
    packet.length = length
    packet.marker = data[1] >> 7
    packet.pt = data[1] & 0x7F
    packet.seq = get16(data + 2)
    packet.timestamp = get32(data + 4)
    packet.ssrc = get32(data + 8)
    at += 4 * (data[0] & 0x0F)
    if at > length:
        return False
    if data[0] & 0x10:
        if at + 4 > length:
            return False
        profile = get16(data + at)
        extension_end = at + 4 + 4 * get16(data + at + 2)
        at += 4
        if extension_end > length:
            return False
        if profile == 0xBEDE:
            while at < extension_end:
                if data[at] == 0:
                    at += 1
                    continue
                id = data[at] >> 4
                size = (data[at] & 0x0F) + 1
                at += 1
                if id == 15:
                    break
                if at + size > extension_end:
                    return False
                read_extension(packet, peer, id, data + at, size)
                at += size
        elif (profile & 0xFFF0) == 0x1000:
            while at < extension_end:
                if data[at] == 0:
                    at += 1
                    continue
                if at + 2 > extension_end:
                    return False
                id = data[at]
                size = data[at + 1]
                at += 2
                if at + size > extension_end:
                    return False
                read_extension(packet, peer, id, data + at, size)
                at += size
        at = extension_end
    end = length
    if data[0] & 0x20:
        padding = data[length - 1]
        if padding == 0 or padding > length - at:
            return False
        end -= padding
    packet.payload = data + at
    packet.payload_length = end - at
    return True


cdef inline void read_extension(Packet *packet, Peer *peer, int id, const uint8_t *value, int size) noexcept nogil:
    if id == 0 or size == 0:
        return
    if id == peer.ext_transport_cc:
        if size >= 2:
            packet.transport_seq = get16(value)
    elif id == peer.ext_audio_level:
        packet.audio_level = value[0] & 0x7F
    elif id == peer.ext_mid:
        packet.mid = value
        packet.mid_length = size
    elif id == peer.ext_rid:
        packet.rid = value
        packet.rid_length = size
    elif id == peer.ext_repaired_rid:
        packet.repaired_rid = value
        packet.repaired_rid_length = size


cdef inline int write_transport_seq(uint8_t *out, int id, uint32_t seq) noexcept nogil:
    """The header extension that stands alone behind a header that `write_rtp_header` wrote. Returns where the payload
    begins."""
    out[0] |= 0x10
    put16(out + 12, 0xBEDE)
    put16(out + 14, 1)
    out[16] = <uint8_t>(id << 4 | 1)
    put16(out + 17, seq & 0xFFFF)
    out[19] = 0
    return 20


cdef inline void write_rtp_header(
    uint8_t *out, uint8_t pt, bint marker, uint32_t seq, uint32_t timestamp, uint32_t ssrc
) noexcept nogil:
    out[0] = 0x80
    out[1] = pt | (0x80 if marker else 0)
    put16(out + 2, seq)
    put32(out + 4, timestamp)
    put32(out + 8, ssrc)
