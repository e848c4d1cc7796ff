# A packet as it is read, and as it is kept; which codecs there are, and under which payload types.

cdef enum:
    AUDIO = 0
    VIDEO = 1

cdef enum:
    NO_CODEC = 0
    OPUS = 1
    VP8 = 2
    H264 = 3
    VP9 = 4
    CODECS = 5
    NO_PT = 255

cdef enum:
    SYNC_BIT = 0x80            # in `Kept.temporal`


cdef struct CodecTable:
    # what was negotiated for one m-line
    uint8_t codec_of[128]      # payload type -> codec
    uint8_t original_of[128]   # payload type of RTX -> payload type of what it repeats; NO_PT
    uint8_t pt_of[CODECS]      # codec -> payload type; NO_PT
    uint8_t rtx_pt_of[CODECS]  # of sound: that of redundant packets (RFC 2198)


cdef struct Packet:
    # an RTP packet in clear. `ssrc`, `pt` and `seq` are those of the original where it came as RTX
    uint8_t *data
    int length
    uint32_t ssrc, timestamp
    uint16_t seq
    uint8_t pt
    bint marker
    int64_t ext_seq
    uint8_t *payload
    int payload_length
    # header extensions; lengths 0 and -1 where absent
    const uint8_t *mid
    const uint8_t *rid
    const uint8_t *repaired_rid
    int mid_length, rid_length, repaired_rid_length
    int transport_seq
    int audio_level
    # the payload descriptor: offsets into the payload, -1 where absent
    uint8_t codec
    bint key_start
    int picture_at, picture_bytes, tl0_at
    uint16_t picture
    uint8_t tl0
    uint8_t temporal           # temporal layer; 0 where there are none
    bint sync                  # higher temporal layers can be begun with here (`payload.pxi`)
    int height                 # of a key frame that says it; else 0


cdef struct Kept:
    int64_t ext_seq            # -1 = empty
    int64_t position           # of its payload, in bytes ever written to the store
    uint32_t timestamp
    uint16_t length
    uint16_t picture
    int16_t picture_at, tl0_at
    uint8_t codec, picture_bytes, tl0
    uint8_t temporal           # with SYNC_BIT
    bint marker, key_start


cdef struct History:
    uint8_t *store
    int64_t capacity
    int64_t written            # bytes ever written
    int64_t wrapped_at         # when the store last started over
    Kept *kept                 # by ext_seq modulo KEPT
