"""A bucket, asked by us and looked at by Amazon's own client, and what is said when it will not."""

from __future__ import annotations

import asyncio
import os
import time
import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr

from recording.storage import Address, BadBucket, Bucket, Patience, Refused, StorageError, Unreachable
from recording.storage.bucket import PART
from tests.recording.age.made_up import text
from tests.recording.storage.store import KEY_ID, QUICK, SECRET, Store, a_silent_port


async def test_what_is_put_is_there_for_everybody_whole_and_in_ranges(store: Store) -> None:
    name = store.new_bucket()
    bucket = store.bucket(name, "clinic/video")
    await bucket.put("rec/track.age", b"0123456789")
    assert store.objects(name) == {"clinic/video/rec/track.age": b"0123456789"}
    assert await bucket.fetch("rec/track.age", 2, 3) == b"234"
    assert bucket.read("rec/track.age", 8, 10) == b"89"
    assert await bucket.sizes("rec") == bucket.sizes_now("rec") == {"rec/track.age": 10}


async def test_a_large_file_becomes_one_object_in_parts(store: Store, tmp_path: Path) -> None:
    name = store.new_bucket()
    content = text(2 * PART + 12_345)
    path = tmp_path / "track.age"
    path.write_bytes(content)
    file = os.open(path, os.O_RDONLY)
    path.unlink()  # what counts is the open file, not its name
    await store.bucket(name).put_file("rec/track.age", file)
    os.close(file)
    assert store.objects(name) == {"rec/track.age": content}
    etag = store.client().head_object(Bucket=name, Key="rec/track.age")["ETag"]
    assert etag.strip('"').endswith("-3"), "three parts"


async def test_a_folder_shows_its_own_files_only(store: Store) -> None:
    bucket = store.bucket(store.new_bucket())
    for key in ("rec/a.age", "rec/a.age.parts/0/1", "rec2/a.age", "re/a.age"):
        await bucket.put(key, b"1")
    assert set(await bucket.sizes("rec")) == {"rec/a.age", "rec/a.age.parts/0/1"}
    await bucket.remove(["rec/a.age", "rec/never-there.age"])
    await bucket.remove([])
    assert set(await bucket.sizes("rec")) == {"rec/a.age.parts/0/1"}


async def test_a_folder_with_thousands_of_parts_is_shown_whole_and_removed(store: Store) -> None:
    name = store.new_bucket()
    bucket = store.bucket(name)
    store.fill(name, (f"rec/{number:05}" for number in range(1_100)))
    keys = await bucket.sizes("rec")
    assert len(keys) == 1_100
    await bucket.remove(list(keys))
    assert await bucket.sizes("rec") == {}


async def test_what_is_not_there_is_told_from_a_bucket_that_is_not_there(store: Store) -> None:
    with pytest.raises(FileNotFoundError):
        await store.bucket(store.new_bucket()).fetch("rec/never.age", 0, 1)
    bucket = store.bucket("nobody-made-this")
    with pytest.raises(Refused, match="no such bucket"):
        await bucket.put("rec/track.age", b"1")
    with pytest.raises(Refused, match="no such bucket"):
        await bucket.fetch("rec/track.age", 0, 1)
    with pytest.raises(Refused, match="no such bucket"):
        await bucket.sizes("rec")


@pytest.mark.parametrize(("key_id", "secret"), [("AKIANOBODY", SECRET), (None, "not-the-secret-of-this-user")])
async def test_a_wrong_key_is_refused_in_a_sentence_without_keys(store: Store, key_id: str | None, secret: str) -> None:
    name = store.new_bucket()
    with store.with_users() as (good_id, good_secret):
        await store.bucket(name, key_id=good_id, secret=good_secret).put("rec/track.age", b"1")
        bucket = store.bucket(name, key_id=key_id or good_id, secret=secret)
        with pytest.raises(Refused, match="refuses the access key") as refused:
            await bucket.put("rec/track.age", b"2")
        with pytest.raises(Refused):
            bucket.read("rec/track.age", 0, 1)
        with pytest.raises(Refused):
            await bucket.sizes("rec")
    said = "".join(traceback.format_exception(refused.value))
    assert (key_id or good_id) not in said
    assert secret not in said
    assert store.objects(name) == {"rec/track.age": b"1"}


async def test_a_store_that_is_gone_is_unreachable_and_works_again_when_it_is_back(store: Store) -> None:
    bucket = store.bucket(store.new_bucket())
    await bucket.put("rec/track.age", b"1")
    store.goes()
    try:
        with pytest.raises(Unreachable):
            await bucket.put("rec/track.age", b"2")
        with pytest.raises(Unreachable):
            bucket.read("rec/track.age", 0, 1)
        with pytest.raises(Unreachable):
            await bucket.remove(["rec/track.age"])
    finally:
        store.starts()
    assert bucket.read("rec/track.age", 0, 1) == b"1"


async def test_a_store_that_says_nothing_is_given_up_in_time() -> None:
    with a_silent_port() as endpoint:
        address = Address("bucket", "", endpoint, "us-east-1", SecretStr(KEY_ID), SecretStr(SECRET))
        patience = Patience(request=0.3, retries=1, together=0.5)
        bucket = Bucket(address, sending=patience, asking=patience)
        began = time.monotonic()
        with pytest.raises(Unreachable):
            await bucket.sizes("rec")
        with pytest.raises(Unreachable):
            bucket.read("rec/track.age", 0, 1)
        assert time.monotonic() - began < 5


async def test_an_endpoint_that_is_something_else_is_an_error_of_ours() -> None:
    address = Address("bucket", "", "http://127.0.0.1:9", "us-east-1", SecretStr(KEY_ID), SecretStr(SECRET))
    with pytest.raises(StorageError):
        await Bucket(address, sending=QUICK, asking=QUICK).sizes("rec")


def test_addresses_are_read_and_hide_their_secrets() -> None:
    address = Address.parse(
        "s3://clinic-recordings/video/a",
        endpoint="https://s3.example.org",
        key_id=SecretStr(KEY_ID),
        secret=SecretStr(SECRET),
    )
    assert (address.bucket, address.prefix) == ("clinic-recordings", "video/a")
    assert Address.parse("s3://clinic-recordings").prefix == ""
    for shown in (repr(address), str(address), repr(Bucket(address)), repr(vars(Bucket(address)))):
        assert SECRET not in shown
        assert KEY_ID not in shown


@pytest.mark.parametrize(
    "url",
    [
        "",
        "clinic-recordings",
        "https://clinic-recordings",
        "s3://",
        "s3://A_B",
        "s3://user:password@bucket",
        "s3://bucket:80",
        "s3://bucket/../other",
        "s3://bucket/a//b",
        "s3://bucket/a?b=c",
        "s3://bucket/a b",
    ],
)
def test_what_is_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(BadBucket, match="s3://BUCKET"):
        Address.parse(url)


@pytest.mark.parametrize("endpoint", ["s3.example.org", "ftp://s3.example.org", "https://a:b@c", "https://a/?b", ""])
def test_what_is_no_endpoint_is_refused(endpoint: str) -> None:
    with pytest.raises(BadBucket, match="endpoint"):
        Address.parse("s3://bucket", endpoint=endpoint)


def test_half_a_key_is_refused() -> None:
    with pytest.raises(BadBucket, match="id and a secret"):
        Address.parse("s3://bucket", key_id=SecretStr(KEY_ID))


async def test_waiting_for_a_store_that_says_nothing_ends_when_it_is_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "track.age"
    path.write_bytes(text(PART + 1))
    with a_silent_port() as endpoint:
        bucket = Bucket(Address("bucket", "", endpoint, "us-east-1", SecretStr(KEY_ID), SecretStr(SECRET)))
        file = os.open(path, os.O_RDONLY)
        waiting = [
            asyncio.create_task(bucket.put("rec/track.tail.age", b"1")),
            asyncio.create_task(bucket.put_file("rec/track.age", file)),
            asyncio.create_task(bucket.sizes("rec")),
        ]
        await asyncio.sleep(0.1)
        began = time.monotonic()
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        assert all(task.cancelled() for task in waiting)
        assert time.monotonic() - began < 2, "a service that stops does not wait for a bucket"
        os.close(file)
