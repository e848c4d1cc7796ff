"""Makes one proper age file of a track that a crash has left in two or three.

Needs the identity: where the server has only the clinic's public key, they stay until somebody brings the other.
Not here: finding such tracks.

The whole track is written anew, with a key of its own. To go on in the old file would be shorter and wrong: if the
crash fell into `close`, its last chunk was sealed already, perhaps with more in it than has survived, and must not be
sealed again with less.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from recording.age import CHUNK, Encryptor, Entropy, Identity
from recording.sealed.disk import Disk
from recording.sealed.layout import TrackFiles, files_of
from recording.sealed.reader import SealedReader

STEP = 16 * CHUNK
"""Bytes copied at once: 1 MiB."""


@dataclass(frozen=True)
class Finished:
    size: int
    """Bytes of the track."""
    recovered: bool
    """False if it had its end already."""
    ignored: int
    """Bytes behind the last whole chunk of the old main file that were of no use."""


def finish(
    folder: Path,
    name: str,
    identity: Identity,
    entropy: Entropy,
    *,
    without_tail: bool = False,
    disk: Disk | None = None,
) -> Finished:
    """When it returns, the track is one finished file. May be killed at any moment and called again; once done it does
    nothing. Needs as much free space as the track has.

    Raises AgeError and OSError; the track is then as it was. `without_tail` as for `SealedReader`.
    """
    disk = disk or Disk()
    files = files_of(folder, name)
    with SealedReader(folder, name, identity, without_tail=without_tail) as track:
        if not track.finished:
            _rewrite(track, files, identity, entropy, disk)
            disk.sync_folder(folder)
        done = Finished(track.size, not track.finished, track.ignored)
    # Not before the new main file is known to be there: until then the tails are part of the track.
    for each in (files.fresh, files.tail, files.draft, files.spare):
        disk.remove(each)
    disk.sync_folder(folder)
    return done


def _rewrite(track: SealedReader, files: TrackFiles, identity: Identity, entropy: Entropy, disk: Disk) -> None:
    file = disk.create(files.draft, fresh=False)
    try:
        try:
            encryptor = Encryptor([identity.recipient], entropy)
            written = _append(disk, file, encryptor.start, 0)
            for offset in range(0, track.size, STEP):
                written = _append(disk, file, encryptor.push(track.read_at(offset, STEP)), written)
            _append(disk, file, encryptor.finish(), written)
            disk.sync(file)
        finally:
            disk.close(file)
        disk.rename(files.draft, files.main)
    except BaseException:
        with contextlib.suppress(OSError):
            disk.remove(files.draft)  # its space is needed by others
        raise


def _append(disk: Disk, file: int, data: bytes, written: int) -> int:
    disk.write(file, data, written)
    return written + len(data)
