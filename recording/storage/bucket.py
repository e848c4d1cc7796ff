"""A bucket of an S3-compatible store, by keys: what can be asked of it, each within a time, with errors of our own.

Anything that waits is a coroutine, so that it ends when it is cancelled; what readers in threads need blocks instead.
Not here: what the keys mean (`layout.py`), and trying again later (`signaling/offload.py`).
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store
from pydantic import SecretStr

from recording.storage.errors import BadBucket, Refused, StorageError, Unreachable

if TYPE_CHECKING:
    from obstore.store import S3Config

PART = 8 * 1024 * 1024
"""Bytes sent at once, and kept in memory meanwhile. S3 takes 10,000 parts of a file: this is enough for 80 GB."""

CONNECT = 5.0
"""Seconds until a store that answers nothing at all counts as away."""

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"(?:[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*)?")

_NO_KEY = "There is no access key for the bucket."
_NO_BUCKET = "There is no such bucket."
_NOT_ALLOWED = "The bucket refuses the access key, or what it may do is not enough."
_AWAY = "The bucket cannot be reached."

_REFUSALS = (
    ("NoSuchBucket", _NO_BUCKET),
    ("InvalidBucketName", _NO_BUCKET),
    ("RequestTimeTooSkewed", "The bucket says that this machine's clock is wrong."),
    ("AuthorizationHeaderMalformed", "The bucket is in another region."),
    ("PermanentRedirect", "The bucket is in another region."),
    ("InvalidAccessKeyId", _NOT_ALLOWED),
    ("SignatureDoesNotMatch", _NOT_ALLOWED),
    ("AccessDenied", _NOT_ALLOWED),
    ("169.254.169.254", _NO_KEY),  # where a machine in a cloud asks for its own
)
"""S3's word in an error -> our sentence. Everything else may pass."""


@dataclass(frozen=True)
class Address:
    """Where a bucket is, and what opens it."""

    bucket: str
    prefix: str = ""
    """What all keys begin with, without a slash at its end."""
    endpoint: str | None = None
    """https://host of a store other than Amazon's."""
    region: str = "us-east-1"
    key_id: SecretStr | None = None
    """Without it and its secret: the machine's own, as Amazon's tools find them."""
    secret: SecretStr | None = None

    @classmethod
    def parse(
        cls,
        url: str,
        *,
        endpoint: str | None = None,
        region: str = "us-east-1",
        key_id: SecretStr | None = None,
        secret: SecretStr | None = None,
    ) -> Address:
        """`url`: s3://BUCKET or s3://BUCKET/PREFIX. Raises BadBucket."""
        parts = urlsplit(url)
        prefix = parts.path.strip("/")
        plain = parts.scheme == "s3" and not parts.query and not parts.fragment
        if not plain or not _NAME.fullmatch(parts.netloc) or not _PREFIX.fullmatch(prefix):
            raise BadBucket("a bucket is given as s3://BUCKET or s3://BUCKET/PREFIX")
        if endpoint is not None and not re.fullmatch(r"https?://[A-Za-z0-9.:\[\]_-]+(?:/[A-Za-z0-9._/-]*)?", endpoint):
            raise BadBucket("a bucket's endpoint is like https://s3.example.org, without a user or a query")
        if (key_id is None) != (secret is None):
            raise BadBucket("a bucket's access key has an id and a secret")
        return cls(parts.netloc, prefix, endpoint, region, key_id, secret)


@dataclass(frozen=True)
class Patience:
    """How long one thing is tried, by the client itself."""

    request: float
    """Seconds for one request, with what is sent or received."""
    retries: int
    together: float
    """Seconds after which no further one is begun."""


SENDING = Patience(request=300.0, retries=10, together=180.0)
"""A part takes more than a minute where a clinic's line has 1 Mbit/s. A store that is gone for half a minute does not
make a large file begin anew."""

ASKING = Patience(request=15.0, retries=2, together=20.0)
"""Somebody waits for the answer."""


class Bucket:
    """Keys are paths within the address' prefix. All raise StorageError."""

    def __init__(self, address: Address, *, sending: Patience = SENDING, asking: Patience = ASKING) -> None:
        """Asks nothing yet. Raises BadBucket."""
        self._prefix = f"{address.prefix}/" if address.prefix else ""
        try:
            self._sending = _store(address, sending)
            self._asking = _store(address, asking)
        except (BaseError, ValueError):
            raise BadBucket("the bucket's address, region or key cannot be used") from None

    async def put(self, key: str, data: bytes) -> None:
        """At once: others see all of it, or what was there before."""
        with _translated():
            await obstore.put_async(self._sending, self._prefix + key, data, use_multipart=False)

    async def put_file(self, key: str, file: int) -> None:
        """Everything in that open file, as `put`; in parts if it is large."""
        with _translated():
            # by its descriptor, so that it is this file, whatever became of its name
            path = Path(f"/proc/self/fd/{file}")
            await obstore.put_async(self._sending, self._prefix + key, path, chunk_size=PART, max_concurrency=1)

    async def fetch(self, key: str, offset: int, size: int) -> bytes:
        """The bytes there; fewer only where it ends. Raises FileNotFoundError too."""
        with _translated(looking=True):
            return bytes(await obstore.get_range_async(self._sending, self._prefix + key, start=offset, length=size))

    async def sizes(self, folder: str) -> dict[str, int]:
        """Key -> size of everything below a folder."""
        with _translated():
            return self._as_sizes(await obstore.list(self._asking, self._prefix + folder).collect_async())

    async def remove(self, keys: Sequence[str]) -> None:
        """Those that are there."""
        if keys:
            with _translated():
                await obstore.delete_async(self._asking, [self._prefix + key for key in keys])

    def read(self, key: str, offset: int, size: int) -> bytes:
        """As `fetch`, for a thread."""
        with _translated(looking=True):
            return bytes(obstore.get_range(self._asking, self._prefix + key, start=offset, length=size))

    def sizes_now(self, folder: str) -> dict[str, int]:
        """As `sizes`, for a thread."""
        with _translated():
            return self._as_sizes(obstore.list(self._asking, self._prefix + folder).collect())

    def _as_sizes(self, found: Sequence[obstore.ObjectMeta]) -> dict[str, int]:
        return {each["path"].removeprefix(self._prefix): each["size"] for each in found}


def _store(address: Address, patience: Patience) -> S3Store:
    config: S3Config = {"region": address.region}
    if address.endpoint is not None:
        config["endpoint"] = address.endpoint.rstrip("/")
    if address.key_id is not None and address.secret is not None:
        config["access_key_id"] = address.key_id.get_secret_value()
        config["secret_access_key"] = address.secret.get_secret_value()
    return S3Store(
        address.bucket,
        config=config,
        client_options={
            # what is sent is encrypted already, and requests are signed
            "allow_http": address.endpoint is not None and address.endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=min(CONNECT, patience.request)),
            "timeout": timedelta(seconds=patience.request),
        },
        retry_config={"max_retries": patience.retries, "retry_timeout": timedelta(seconds=patience.together)},
    )


@contextmanager
def _translated(*, looking: bool = False) -> Iterator[None]:
    """`looking`: for one key, which may not be there."""
    try:
        yield
    except FileNotFoundError as error:
        if looking and "NoSuchBucket" not in str(error):
            raise FileNotFoundError(errno.ENOENT, "There is no such file in the bucket.") from None
        raise Refused(_NO_BUCKET) from None
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise _judged(str(error), Refused(_NOT_ALLOWED)) from None
    except BaseError as error:
        raise _judged(str(error), Unreachable(_AWAY)) from None


def _judged(said: str, otherwise: StorageError) -> StorageError:
    for word, sentence in _REFUSALS:
        if word in said:
            return Refused(sentence)
    return otherwise
