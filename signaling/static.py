"""The web client's files, held in memory and served under a hash of the whole tree.

A changed file changes every address, so browsers may keep what they have for ever and never mix two versions. The whole
hash is the digest that people compare with the source (`therabook web-digest`).
Only what was found when the tree was read is served: a path is a key to look up, never a way through folders.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PLACEHOLDER = b"__STATIC__"
"""Where `index.html` wants the hash: `/static/__STATIC__/js/main.js`."""

MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
    ".wav": "audio/wav",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Other files are not served. Not from the system's table, which differs between machines."""

KEPT = 8
"""Trees kept while reloading: a page must get all its files from the tree that it was made of."""

TEXTS = ("text/", "application/json", "application/manifest+json", "image/svg+xml")


@dataclass(frozen=True)
class Asset:
    media_type: str
    body: bytes
    gzipped: bytes | None
    """Only where it is smaller."""

    @property
    def content_type(self) -> str:
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith(TEXTS) else self.media_type


@dataclass(frozen=True)
class Tree:
    hash: str
    """The first 16 digits of the digest: enough for an address."""
    assets: dict[str, Asset]
    index: bytes
    manifest: str
    """A line for each file, as sha256sum writes it: its hash, two spaces, its name; by name. Of pages, as they are
    before `PLACEHOLDER` is filled in."""

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest, in 64 hexadecimal digits."""
        return hashlib.sha256(self.manifest.encode()).hexdigest()


class Shelf:
    """The tree that pages are made of, and those that pages still open were made of."""

    def __init__(self, read: Callable[[], Tree], *, reload: bool) -> None:
        """`reload`: read again for each page, for those who work on the client."""
        self._read = read
        self._reload = reload
        self._current = read()
        self._trees = {self._current.hash: self._current}

    def current(self) -> Tree:
        if self._reload:
            self._current = self._read()
            self._trees.pop(self._current.hash, None)
            self._trees[self._current.hash] = self._current
            while len(self._trees) > KEPT:
                del self._trees[next(iter(self._trees))]
        return self._current

    def asset(self, tree_hash: str, name: str) -> Asset | None:
        tree = self._trees.get(tree_hash)
        return tree.assets.get(name) if tree is not None else None


def read_tree(folder: Path) -> Tree:
    """Reads all files below `folder` but hidden ones and symbolic links. Raises OSError if there is no index.html."""
    files: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        hidden = any(part.startswith(".") for part in name.parts)
        if path.suffix in MEDIA_TYPES and path.is_file() and not path.is_symlink() and not hidden:
            files[name.as_posix()] = path.read_bytes()
    if "index.html" not in files:
        raise FileNotFoundError(f"{folder} does not hold the web client: there is no index.html")
    manifest = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    tree_hash = hashlib.sha256(manifest.encode()).hexdigest()[:16]
    assets = {name: _asset(Path(name).suffix, body) for name, body in files.items() if name != "index.html"}
    return Tree(tree_hash, assets, files["index.html"].replace(PLACEHOLDER, tree_hash.encode()), manifest)


def _asset(suffix: str, body: bytes) -> Asset:
    media_type = MEDIA_TYPES[suffix]
    gzipped = gzip.compress(body, mtime=0) if media_type.startswith(TEXTS) else None
    return Asset(media_type, body, gzipped if gzipped is not None and len(gzipped) < len(body) else None)
