"""SDP that was packed by a page (`web/js/packed.js`): a fifth of its size, for ways that carry little.

Not the whole socket is compressed: there, secrets would be packed together with what others have written.
"""

from __future__ import annotations

import base64
import binascii
import zlib

from signaling.refusals import Refused

LONGEST = 200_000
"""Bytes of an SDP."""


def unpack(packed: str) -> str:
    """`packed`: base64url without padding of a text's UTF-8, compressed with DEFLATE (RFC 1951). Raises Refused
    (bad_offer) for everything else, and for more than LONGEST bytes, of which no more are made."""
    inflate = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        data = base64.b64decode(packed + "=" * (-len(packed) % 4), altchars=b"-_", validate=True)
        text = inflate.decompress(data, LONGEST + 1)
        if not text or len(text) > LONGEST or not inflate.eof or inflate.unused_data:
            raise Refused("bad_offer")
        return text.decode()
    except (binascii.Error, zlib.error, ValueError):  # bytes that are no text are a ValueError
        raise Refused("bad_offer") from None
