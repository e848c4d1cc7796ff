# What a forwarder must know of a payload: where a key frame starts, how large its picture is, the picture ids that
# must go on counting when a slot changes its source, and temporal layers. Nothing else of a payload is read.
#
# `sync` says where more temporal layers can be begun with: of VP8, this picture needs none but those of layer 0; of
# VP9, what follows needs nothing before this picture that is in a higher layer than it. H264 says nothing in the clear.


cdef void read_payload(Packet *packet) noexcept nogil:
    if packet.payload_length == 0:
        return
    if packet.codec == VP8:
        read_vp8(packet)
    elif packet.codec == VP9:
        read_vp9(packet)
    elif packet.codec == H264:
        read_h264(packet)


cdef void read_vp8(Packet *packet) noexcept nogil:
    """The VP8 payload descriptor, RFC 7741, section 4.2; the key-frame bit, section 4.3, and the size, RFC 6386,
    section 9.1."""
    cdef const uint8_t *data = packet.payload
    cdef int length = packet.payload_length
    cdef int at = 1
    cdef uint8_t flags = 0
    if data[0] & 0x80:
        if length < 2:
            return
        flags = data[1]
        at = 2
        if flags & 0x80:
            if at >= length:
                return
            packet.picture_at = at
            if data[at] & 0x80:
                if at + 2 > length:
                    packet.picture_at = -1
                    return
                packet.picture = get16(data + at) & 0x7FFF
                packet.picture_bytes = 2
                at += 2
            else:
                packet.picture = data[at]
                packet.picture_bytes = 1
                at += 1
        if flags & 0x40:
            if at >= length:
                return
            packet.tl0_at = at
            packet.tl0 = data[at]
            at += 1
        if flags & 0x30:
            if at >= length:
                return
            if flags & 0x20:
                packet.temporal = data[at] >> 6
                packet.sync = data[at] >> 5 & 1
            at += 1
    if at >= length:
        return
    packet.key_start = (data[0] & 0x17) == 0x10 and (data[at] & 0x01) == 0
    if packet.key_start and at + 10 <= length and get24(data + at + 3) == 0x9D012A:
        packet.height = (data[at + 8] | data[at + 9] << 8) & 0x3FFF


cdef void read_vp9(Packet *packet) noexcept nogil:
    """The VP9 payload descriptor, RFC 9628, section 4.2."""
    cdef const uint8_t *data = packet.payload
    cdef int length = packet.payload_length
    cdef int at = 1
    cdef uint8_t first = data[0]
    cdef bint base_layer = True
    if first & 0x80:
        if at >= length:
            return
        packet.picture_at = at
        if data[at] & 0x80:
            if at + 2 > length:
                packet.picture_at = -1
                return
            packet.picture = get16(data + at) & 0x7FFF
            packet.picture_bytes = 2
            at += 2
        else:
            packet.picture = data[at]
            packet.picture_bytes = 1
            at += 1
    if first & 0x20:
        if at >= length:
            return
        base_layer = (data[at] & 0x0E) == 0
        packet.temporal = data[at] >> 5
        packet.sync = data[at] >> 4 & 1
        at += 1
        if not first & 0x10:
            if at >= length:
                return
            packet.tl0_at = at
            packet.tl0 = data[at]
            at += 1
    packet.key_start = (first & 0x40) == 0 and (first & 0x08) != 0 and base_layer


cdef void read_h264(Packet *packet) noexcept nogil:
    """NAL unit types, RFC 6184, section 5.2: a key frame starts with a parameter set or an IDR slice."""
    cdef const uint8_t *data = packet.payload
    cdef int length = packet.payload_length
    cdef int kind = data[0] & 0x1F
    cdef int at = 1, size
    if kind == 28 or kind == 29:
        if length < 2:
            return
        packet.key_start = (data[1] & 0x80) != 0 and ((data[1] & 0x1F) == 5 or (data[1] & 0x1F) == 7)
    elif kind == 24:
        while at + 3 <= length:
            size = get16(data + at)
            kind = data[at + 2] & 0x1F
            if kind == 5 or kind == 7:
                packet.key_start = True
                return
            at += 2 + size
    else:
        packet.key_start = kind == 5 or kind == 7


cdef inline void shift_picture(
    uint8_t *payload, const Packet *packet, uint16_t picture_offset, uint8_t tl0_offset
) noexcept nogil:
    """Adds the offsets to the picture ids in a copy of the payload, keeping the width of the field."""
    if packet.picture_at >= 0:
        if packet.picture_bytes == 2:
            put16(payload + packet.picture_at, ((packet.picture + picture_offset) & 0x7FFF) | 0x8000)
        else:
            payload[packet.picture_at] = (packet.picture + picture_offset) & 0x7F
    if packet.tl0_at >= 0:
        payload[packet.tl0_at] = (packet.tl0 + tl0_offset) & 0xFF
