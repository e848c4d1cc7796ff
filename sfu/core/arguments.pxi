# What Python gives, as the engine's structures, and the other way round. Raises ValueError or KeyError for what can't
# be.

_CODECS = {"opus": OPUS, "VP8": VP8, "H264": H264, "VP9": VP9}
_KINDS = {"audio": AUDIO, "video": VIDEO}

assert sizeof(Address) == 24


cdef Address _address(bytes raw) except *:
    cdef Address a
    if len(raw) != sizeof(Address):
        raise ValueError("not an address of the engine's")
    memcpy(&a, <const uint8_t *>raw, sizeof(Address))
    return a


cdef CodecTable _codec_table(list codecs) except *:
    """From (payload type, codec, payload type of its RTX, of sound of its redundant packets, or -1)."""
    cdef CodecTable table
    memset(&table.codec_of, NO_CODEC, sizeof(table.codec_of))
    memset(&table.original_of, NO_PT, sizeof(table.original_of))
    memset(&table.pt_of, NO_PT, sizeof(table.pt_of))
    memset(&table.rtx_pt_of, NO_PT, sizeof(table.rtx_pt_of))
    if not codecs:
        raise ValueError("at least one codec is needed")
    for pt, codec, rtx_pt in codecs:
        if not 0 <= pt <= 127 or not -1 <= rtx_pt <= 127:
            raise ValueError("a payload type is between 0 and 127")
        table.codec_of[<int>pt] = _CODECS[codec]
        table.pt_of[<int>_CODECS[codec]] = pt
        if rtx_pt >= 0:
            table.original_of[<int>rtx_pt] = pt
            table.rtx_pt_of[<int>_CODECS[codec]] = rtx_pt
    return table


cdef bytes _ice_text(str text, int least, int most):
    """A name or a password of ICE (RFC 8839, section 5.4). The error doesn't repeat it."""
    # a colon would end the name too early in a check
    if not least <= len(text) <= most or not text.isascii() or ":" in text:
        raise ValueError(f"names and passwords of ICE: {least} to {most} ASCII characters, no colon")
    return text.encode("ascii")


cdef bytes _udp_address(str ip, int port):
    import ipaddress
    cdef Address a
    memset(&a, 0, sizeof(Address))
    parsed = ipaddress.ip_address(ip)
    packed = parsed.packed if parsed.version == 6 else b"\0" * 10 + b"\xff\xff" + parsed.packed
    memcpy(a.ip, <const uint8_t *><bytes>packed, 16)
    a.port = port
    return (<uint8_t *>&a)[:sizeof(Address)]


cdef dict _stats(const Peer *peer, int64_t now):
    cdef const Sending *sending = peer.sending
    return {
        "bytes_in": peer.bytes_in,
        "bytes_out": peer.bytes_out,
        "packets_in": peer.packets_in,
        "packets_out": peer.packets_out,
        "loss_in": loss_in(peer, now),
        "loss_out": loss_out(peer, now),
        "round_trip_us": peer.round_trip_us,
        "estimate_bps": peer.estimate_bps,
        "wanted_bps": peer.wanted_bps,
        "acknowledged_bps": 0 if sending == NULL else <int64_t>sending.acked_rate,
        "standing_us": 0 if sending == NULL else sending.delay.standing_us,
        "inherent_loss": 0.0 if sending == NULL else sending.losses.inherent,
        "feedback_in": 0 if sending == NULL else sending.feedback_in,
        "feedback_bad": 0 if sending == NULL else sending.feedback_bad,
        "probes_out": 0 if sending == NULL else sending.probe.count,
        "transport": "tcp" if peer.has_selected and peer.selected.transport else "udp",
    }


cdef dict _levels(Engine engine):
    cdef Track *track
    now = engine._enter()
    result = {}
    for handle, pointer in engine.tracks.items():
        track = <Track *><size_t>pointer
        if track.kind == AUDIO and not track.paused and track.level_at and now - track.level_at < 300000:
            result[handle] = track.level >> 4
    engine._leave()
    return result
