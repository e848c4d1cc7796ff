"""A track in a bucket, read as if it were on the disk: the whole file, or as far as it came there in parts.

Not here: which of the two places is looked at first (`storage.py`).
"""

from __future__ import annotations

import errno
from bisect import bisect_right

from recording.sealed.layout import MAX_TAIL
from recording.storage.ahead import Ahead
from recording.storage.bucket import Bucket
from recording.storage.layout import Part, fresh_key, kept_of, tail_key, whole_key


class RemoteSource:
    """A `recording.sealed.Source`. Nothing stays open."""

    def __init__(self, bucket: Bucket, recording: str, name: str) -> None:
        """Asks what there is. Raises StorageError, FileNotFoundError, ValueError for what is not an id."""
        kept = kept_of(recording, name, bucket.sizes_now(recording))
        self.tail = _tail(bucket, tail_key(recording, name), kept.tail)
        self.fresh = _tail(bucket, fresh_key(recording, name), kept.fresh)
        if kept.whole is None and (kept.tail is not None or kept.fresh is not None):
            # it grows, perhaps: what is seen of the main file must not be older than its tails
            kept = kept_of(recording, name, bucket.sizes_now(recording))
        parts = kept.longest
        if kept.whole is not None:
            parts = (Part(whole_key(recording, name), 0, kept.whole),)
        if not parts:
            raise FileNotFoundError(errno.ENOENT, "There is no such track, on the disk or in the bucket.")
        self._bucket = bucket
        self._parts = parts
        self._ends = [part.end for part in parts]
        self.length = self._ends[-1]
        self._ahead = Ahead(self._fetch, self.length)

    def read_at(self, offset: int, size: int, /) -> bytes:
        return self._ahead.read_at(offset, size)

    def close(self) -> None:
        """Nothing is open."""

    def _fetch(self, offset: int, size: int, /) -> bytes:
        found = []
        while size > 0:
            part = self._parts[bisect_right(self._ends, offset)]
            take = min(size, part.end - offset)
            found.append(self._bucket.read(part.key, offset - part.offset, take))
            if len(found[-1]) != take:
                break  # `Ahead` says so
            offset += take
            size -= take
        return b"".join(found)


def _tail(bucket: Bucket, key: str, size: int | None) -> bytes | None:
    if not size:
        return None if size is None else b""
    try:
        return bucket.read(key, 0, min(size, MAX_TAIL + 1))
    except FileNotFoundError:
        return None  # the track was finished meanwhile
